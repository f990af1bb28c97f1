package dev.gmem.aparapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.aparapi.Kernel;
import dev.gmem.NdRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a kernel calls by a name is what Java means by it, however often the name is there. */
class NamesIT {
  private static final int COUNT = 40;

  @TempDir Path folder;

  abstract static class Numbers extends Kernel {
    final int[] in = new int[COUNT];
    final int[] out = new int[COUNT];

    Numbers() {
      for (int i = 0; i < COUNT; i++) {
        in[i] = i * 7919 - 90_000;
      }
    }
  }

  static final class Here {
    static int value(int i) {
      return i + 1;
    }

    static int max(int i, int j) {
      return i & j;
    }
  }

  static final class There {
    static int value(int i) {
      return 100 * i;
    }
  }

  /** Methods of the same name and type in several classes. */
  static final class InSeveralClasses extends Numbers {
    int value(int i) {
      return -i;
    }

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = Here.value(in[i]) ^ There.value(in[i]) ^ value(in[i]);
    }
  }

  /** A method that is called like a function of OpenCL C, and one that overrides it. */
  static final class LikeFunctions extends Numbers {
    @Override
    protected int min(int a, int b) {
      return a | b;
    }

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = Here.max(in[i], 255) + min(in[i], 3) + Math.min(in[i], 7) + max(in[i], 9);
    }
  }

  static final class Overloads extends Numbers {
    int twice(int x) {
      return 2 * x;
    }

    long twice(long x) {
      return 2 * x + 1;
    }

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = twice(in[i]) + (int) twice((long) in[i]) + Math.floorMod(in[i], 7);
      out[i] += (int) Math.floorMod((long) in[i], 11L);
    }
  }

  static class Hidden extends Numbers {
    private final int secret = 3;
    private final int[] own = {5, 6};
    final int[] seen = new int[COUNT];

    private int value(int i) {
      return i + secret + own[i & 1];
    }

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = value(in[i]);
      seen[i] = i;
    }
  }

  /** Fields and methods that hide others. */
  static final class Hides extends Hidden {
    private final int secret = 4;
    final int[] seen = new int[COUNT];

    int value(int i) {
      return i - secret;
    }

    @Override
    public void run() {
      super.run();
      int i = getGlobalId();
      out[i] += value(in[i]);
      seen[i] = -super.seen[i];
    }
  }

  /** Words that mean something in OpenCL C, or that the translator uses itself. */
  static final class Reserved extends Numbers {
    final int kernel = 3;
    final int half = 5;
    final int ünïcode = 7;

    int restrict(int uint) {
      return uint + half;
    }

    @Override
    public void run() {
      int global = getGlobalId();
      int local = in[global] * kernel;
      int passid = ünïcode;
      out[global] = restrict(local) + passid;
    }
  }

  interface Scaled {
    int scale();

    default int scaled(int i) {
      return i * scale();
    }
  }

  static final class Defaults extends Numbers implements Scaled {
    @Override
    public int scale() {
      return 7;
    }

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = scaled(in[i]);
    }
  }

  /** A class in a method, with its variables. */
  static Kernel captures() {
    int[] source = new int[COUNT];
    int[] target = new int[COUNT];
    int factor = Integer.getInteger("there is no such property", 3);
    for (int i = 0; i < COUNT; i++) {
      source[i] = i;
    }
    return new Kernel() {
      @Override
      public void run() {
        int i = getGlobalId();
        target[i] = source[i] * factor;
      }
    };
  }

  static Stream<Kernel> kernels() {
    return Stream.of(
        new InSeveralClasses(),
        new LikeFunctions(),
        new Overloads(),
        new Hides(),
        new Reserved(),
        new Defaults(),
        captures());
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void theSimulatorMeansWhatJavaMeans(Kernel kernel) {
    try (Places places = Places.open(Places.SIM)) {
      places.check(kernel, NdRange.of(COUNT), 0);
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void openClMeansWhatJavaMeans(Kernel kernel) {
    try (Places places = Places.open(Places.OPENCL)) {
      places.check(kernel, NdRange.of(COUNT), 0);
    }
  }

  @Test
  void variablesThatAClassHasCapturedAreCalledAsInTheSource() {
    assertThat(Translation.of(captures().getClass()).arrays())
        .extracting(KernelParameter.Array::name)
        .containsExactlyInAnyOrder("source", "target");
  }

  private Kernel loaded(String place, String expression) throws IOException {
    Path classes = Files.createDirectory(folder.resolve(place));
    String helper = "public class Helper { static int f(int x) { return " + expression + "; } }";
    Sources.compile(classes, "Helper", helper, "-g");
    String text =
        """
        public class Same extends com.aparapi.Kernel {
          public int[] out = new int[9];
          public void run() { int i = getGlobalId(); out[i] = EXPRESSION - Helper.f(i); }
        }
        """;
    Sources.compile(
        classes,
        "Same",
        text.replace("EXPRESSION", expression.replace('x', 'i')),
        "-g",
        "-cp",
        System.getProperty("java.class.path") + java.io.File.pathSeparator + classes);
    return Sources.load(classes, "Same");
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void twoClassesOfOneNameAreTwoKernelsEachWithItsOwnHelpers(String device) throws IOException {
    Kernel first = loaded("first", "x * 3 + 1");
    Kernel second = loaded("second", "x * 1000");
    try (Places places = Places.open(device)) {
      places.check(first, NdRange.of(9), 0);
      places.check(second, NdRange.of(9), 0);
    }
    assertThat(Translation.of(first.getClass()).text())
        .isNotEqualTo(Translation.of(second.getClass()).text());
  }
}
