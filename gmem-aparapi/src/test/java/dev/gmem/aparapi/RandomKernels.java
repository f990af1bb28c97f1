package dev.gmem.aparapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.aparapi.Kernel;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/**
 * Kernels of {@link RandomKernel}, one for each seed, with values in their fields. One that fails a
 * check is shortened, and told with its seed.
 */
final class RandomKernels {
  /** Work items, and elements of each array. */
  static final int ITEMS = 24;

  /** The first kernel's seed; that of each further one is larger by one. */
  static final String SEED = "gmem.kernels.seed";

  /** How many kernels. */
  static final String COUNT = "gmem.kernels.count";

  private static final int STATEMENTS_MAX = 12;

  /** Kernels that are compiled together. */
  private static final int BATCH = 50;

  /** What is asked of each kernel. */
  @FunctionalInterface
  interface Check {
    void check(Kernel kernel) throws Exception;
  }

  private final Path folder;
  private int translated;

  /**
   * Makes one.
   *
   * @param folder for class files
   */
  RandomKernels(Path folder) {
    this.folder = folder;
  }

  /**
   * Checks kernels.
   *
   * @param seed of the first one
   * @param count how many
   * @param check what is asked of each
   * @return how many were; the rest is refused by the translator, as it may
   * @throws AssertionError if a check fails, with the seed of the kernel and its shortest form that
   *     fails
   */
  int check(long seed, int count, Check check) {
    translated = 0;
    for (int done = 0; done < count; done += BATCH) {
      Map<String, String> sources = new LinkedHashMap<>();
      for (long each = seed + done; each < seed + Math.min(count, done + BATCH); each++) {
        sources.put(name(each, statements(each)), source(each, statements(each)));
      }
      Sources.compile(folder, sources, "-g");
      for (int i = done; i < Math.min(count, done + BATCH); i++) {
        check(seed + i, check);
      }
    }
    return translated;
  }

  private void check(long seed, Check check) {
    Throwable failure = failure(seed, statements(seed), check);
    if (failure == null) {
      return;
    }
    int shortest = 1;
    Throwable last = null;
    while (last == null && shortest < statements(seed)) {
      Sources.compile(folder, name(seed, shortest), source(seed, shortest), "-g");
      last = failure(seed, shortest, check);
      shortest += last == null ? 1 : 0;
    }
    Throwable told = last == null ? failure : last;
    throw new AssertionError(
        SEED
            + "="
            + seed
            + ": a random kernel failed: "
            + told.getMessage()
            + "\n"
            + source(seed, shortest),
        told);
  }

  private Throwable failure(long seed, int statements, Check check) {
    try (URLClassLoader loader = Sources.loader(folder)) {
      Kernel kernel = Sources.load(loader, name(seed, statements));
      fill(kernel, new Random(seed));
      if (isTranslated(kernel)) {
        translated++;
        check.check(kernel);
      }
      return null;
    } catch (Exception | AssertionError e) {
      return e;
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

  private static int statements(long seed) {
    return 1 + (int) Math.floorMod(seed * 0x9E37_79B9_7F4A_7C15L >>> 32, (long) STATEMENTS_MAX);
  }

  private static String name(long seed, int statements) {
    return "Random" + Long.toUnsignedString(seed) + "_" + statements;
  }

  private static String source(long seed, int statements) {
    return RandomKernel.source(name(seed, statements), new Random(seed), statements);
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
