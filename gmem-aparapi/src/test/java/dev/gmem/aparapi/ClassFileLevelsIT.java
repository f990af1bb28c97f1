package dev.gmem.aparapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.aparapi.Kernel;
import dev.gmem.NdRange;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Kernels that were compiled for older and newer Java, loaded from folders and from jars, mean on
 * every device what they mean as plain Java.
 */
class ClassFileLevelsIT {
  private static final int COUNT = 48;
  private static final int GROUP = 8;
  private static final String OUTER = "kernels.Outer";
  private static final String KERNEL = OUTER + "$Level";
  private static final List<Integer> RELEASES = List.of(8, 11, 17, 21, 25);

  private static final String BASE =
      """
      package kernels.base;

      public abstract class Base extends com.aparapi.Kernel {
        private final int number = 5;
        protected final float[] floats = new float[48];

        protected int inherited(int x) { return twice(x) + number; }
        private int twice(int x) { return 2 * x; }
        protected int overridden(int x) { return -x; }
      }
      """;

  private static final String WEIGHTS =
      """
      package kernels;

      interface Weights {
        int STEP = 3;
        default int weight(int x) { return x * STEP; }
        static long wide(int x) { return (long) x << 20; }
      }
      """;

  private static final String TOOLS =
      """
      package kernels;

      final class Tools {
        private Tools() {}
        static int clamp(int x, int low, int high) {
          return x < low ? low : hidden(x, high);
        }
        private static int hidden(int x, int high) { return Math.min(x, high); }
      }
      """;

  private static final String SOURCE =
      """
      package kernels;

      public final class Outer {
        private static final int CONSTANT = 17;

        private static int secret(int x) { return x ^ CONSTANT; }

        public static final class Level extends kernels.base.Base implements Weights {
          private final int[] in = new int[48];
          private final int[] out = new int[48];
          private final long[] longs = new long[48];
          private final double[] doubles = new double[48];
          private final byte[] bytes = new byte[48];
          private final short[] shorts = new short[48];
          private final char[] chars = new char[48];
          private final boolean[] flags = new boolean[48];
          private final int[][] rows = new int[48][3];
          private final int[] table = {3, 1, 4, 1, 5};
          @Local private final int[] tile = new int[8];
          @PrivateMemorySpace(4) private final int[] mine = new int[4];
          private final float factor = 0.5f;

          public Level() {
            for (int i = 0; i < in.length; i++) {
              in[i] = i * 7919 - 90_000;
            }
          }

          @Override protected int overridden(int x) { return super.overridden(x) + mixed(x); }

          private int mixed(int x) { return half(x) + secret(x); }

          private int half(int x) { return twice(x) / 2; }

          // Not the one that the superclass calls, whichever instruction it calls it by.
          private int twice(int x) { return x + 1; }

          private static int sum(int[] of, int length) {
            int all = 0;
            for (int i = 0; i < length; i++) { all += of[i]; }
            return all;
          }

          @Override public void run() {
            int i = getGlobalId();
            tile[getLocalId()] = in[i];
            localBarrier();
            int beside = tile[getLocalSize() - 1 - getLocalId()];
            for (int k = 0; k < 4; k++) { mine[k] = beside >> k; }
            int all = 0;
            for (int k = 0; k < table.length; k++) { all += table[k]; }
            int[] work = new int[2];
            work[i & 1] = all + sum(table, table.length);
            out[i] = overridden(beside) + inherited(mine[i & 3]) + weight(i) + work[0]
                + Tools.clamp(in[i], -100, 100) + Integer.bitCount(in[i]);
            longs[i] += Weights.wide(in[i]) >>> 3;
            floats[i] = sqrt(i * factor) + (float) Math.sqrt(2.0);
            doubles[i] = i % 2 == 0 ? doubles[i] + 0.25 : -1.5;
            bytes[i] += in[i];
            shorts[i] = (short) (in[i] * 3);
            chars[i]++;
            flags[i] = in[i] > 0 && !flags[i];
            rows[i][i % 3] = rows.length + rows[0].length;
          }
        }
      }
      """;

  @TempDir static Path folder;

  private static Path classes(int release) {
    return folder.resolve("classes" + release);
  }

  private static Path jar(int release) {
    return folder.resolve("kernels" + release + ".jar");
  }

  @BeforeAll
  static void compile() throws IOException {
    Map<String, String> sources = new LinkedHashMap<>();
    sources.put("kernels.base.Base", BASE);
    sources.put("kernels.Weights", WEIGHTS);
    sources.put("kernels.Tools", TOOLS);
    sources.put(OUTER, SOURCE);
    for (int release : RELEASES) {
      Sources.compile(Files.createDirectory(classes(release)), sources, options(release));
      Sources.jar(classes(release), jar(release));
    }
  }

  private static String[] options(int release) {
    return new String[] {"-g", "--release", Integer.toString(release), "-Xlint:-options"};
  }

  static Stream<Arguments> places() {
    return RELEASES.stream()
        .flatMap(
            release ->
                Stream.of(Places.SIM, Places.OPENCL)
                    .flatMap(
                        device ->
                            Stream.of(classes(release), jar(release))
                                .map(from -> Arguments.of(release, device, from))));
  }

  @ParameterizedTest
  @MethodSource("places")
  void kernelsMeanWhatJavaMeans(int release, String device, Path from) {
    try (Places places = Places.open(device)) {
      places.check(Sources.load(from, KERNEL), NdRange.of(COUNT).local(GROUP), 1e-6);
    }
  }

  /**
   * The files differ as the levels do; before 11 nested classes reach private methods by others.
   */
  @Test
  void filesAreOfTheirLevels() throws IOException {
    for (int release : RELEASES) {
      ClassModel outer =
          ClassFile.of().parse(classes(release).resolve(OUTER.replace('.', '/') + ".class"));
      assertThat(outer.majorVersion()).isEqualTo(44 + release);
      assertThat(outer.methods().stream().anyMatch(m -> m.methodName().equalsString("access$000")))
          .isEqualTo(release < 11);
    }
  }

  private static String versioned(int number) {
    return """
    public class Versioned extends com.aparapi.Kernel {
      final int[] a = new int[8];
      public void run() { a[getGlobalId()] = %d; }
    }
    """
        .formatted(number);
  }

  /** Of several class files of one name, the one that the class was loaded from is translated. */
  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void jarsOfSeveralReleasesGiveTheClassThatRuns(String device, @TempDir Path own)
      throws IOException {
    Path classes = Files.createDirectories(own.resolve("classes/META-INF/versions/17"));
    Sources.compile(own.resolve("classes"), "Versioned", versioned(1), options(8));
    Sources.compile(classes, "Versioned", versioned(2), options(17));
    Path jar = Sources.jar(own.resolve("classes"), own.resolve("versions.jar"));
    Kernel kernel = Sources.load(jar, "Versioned");
    try (Places places = Places.open(device)) {
      places.check(kernel, NdRange.of(8), 0);
    }
    assertThat(Translation.of(kernel.getClass()).text()).contains("= 2;");
  }
}
