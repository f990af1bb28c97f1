package dev.gmem.aparapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.aparapi.Kernel;
import dev.gmem.NdRange;
import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Plain Java, the simulator and OpenCL agree on kernels that nobody has written by hand. */
class RandomKernelsIT {
  /** The same kernels in every build; others are a matter of another number. */
  private static final String SEED = "20261123";

  private static final int ITEMS = 24;
  private static final double TOLERANCE = 1e-4;

  private static Places sim;
  private static Path folder;
  private static int classes;

  @BeforeContainer
  static void open() throws IOException {
    folder = Files.createTempDirectory("gmem-kernels");
    sim = Places.open(Places.SIM);
  }

  @AfterContainer
  static void close() {
    sim.close();
  }

  @Property(tries = 60, shrinking = ShrinkingMode.BOUNDED, seed = SEED)
  void simulatorAgreesWithPlainJava(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 12) int statements) {
    check(sim, seed, statements);
  }

  @Property(tries = 12, shrinking = ShrinkingMode.OFF, seed = SEED)
  void openClAgreesWithPlainJava(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 12) int statements) {
    try (Places openCl = Places.open(Places.OPENCL)) {
      check(openCl, seed, statements);
    }
  }

  private static void check(Places places, long seed, int statements) {
    String name = "Random" + classes++;
    String source = RandomKernel.source(name, new Random(seed), statements);
    Sources.compile(folder, name, source, "-g");
    Kernel kernel = Sources.load(folder, name);
    fill(kernel, new Random(seed));
    Assume.that(isTranslated(kernel));
    try {
      places.check(kernel, NdRange.of(ITEMS), TOLERANCE);
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("a random kernel failed: " + e.getMessage() + "\n" + source, e);
    }
  }

  /** The translator gives up on some nested conditions; it must say so, and not write nonsense. */
  private static boolean isTranslated(Kernel kernel) {
    try {
      Translation.of(kernel.getClass());
      return true;
    } catch (KernelTranslationException e) {
      assertThat(e).hasMessageContaining("the translator does not understand");
      return false;
    }
  }

  private static void fill(Kernel kernel, Random random) {
    for (Field field : kernel.getClass().getFields()) {
      if (Modifier.isStatic(field.getModifiers())) {
        continue;
      }
      Object value =
          switch (field.getName()) {
            case "rows" -> rows(random);
            case "count" -> ITEMS;
            case "number" -> random.nextInt();
            case "large" -> random.nextLong();
            case "fraction" -> random.nextFloat();
            case "chosen" -> random.nextBoolean();
            default -> array(field.getType(), random);
          };
      HeapArrays.set(field, kernel, value);
    }
  }

  private static int[][] rows(Random random) {
    int[][] rows = new int[ITEMS][];
    for (int i = 0; i < ITEMS; i++) {
      rows[i] = random.ints(4).toArray();
    }
    return rows;
  }

  private static Object array(Class<?> type, Random random) {
    Object array = Array.newInstance(type.getComponentType(), ITEMS);
    for (int i = 0; i < ITEMS; i++) {
      Object element =
          switch (type.getComponentType().getName()) {
            case "int" -> random.nextInt();
            case "long" -> random.nextLong();
            case "float" -> random.nextFloat() * 2 - 1;
            case "double" -> random.nextDouble() * 2 - 1;
            case "byte" -> (byte) random.nextInt();
            case "short" -> (short) random.nextInt();
            case "char" -> (char) random.nextInt();
            default -> random.nextBoolean();
          };
      Array.set(array, i, element);
    }
    return array;
  }
}
