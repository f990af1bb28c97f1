package dev.gmem.aparapi;

import com.aparapi.Kernel;
import dev.gmem.NdRange;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Arrays that go through variables and arguments, in every kind of memory. */
class ArraysIT {
  private static final int COUNT = 40;
  private static final int GROUP = 10;

  abstract static class Numbers extends Kernel {
    final int[] in = new int[COUNT];
    final int[] out = new int[COUNT];

    Numbers() {
      for (int i = 0; i < COUNT; i++) {
        in[i] = i * 7919 - 90_000;
      }
    }

    static void put(int[] array, int at, int value) {
      array[at] = value;
    }

    static int get(int[] array, int at) {
      return array[at];
    }
  }

  static final class Aliases extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int[] to = out;
      int[] from = i > 3 ? in : out;
      to[i] = from[i] + (i > 5 ? in : out)[i];
    }
  }

  static final class PassedOn extends Numbers {
    static int twice(int[] array, int at) {
      return get(array, at) + get(array, at);
    }

    @Override
    public void run() {
      int i = getGlobalId();
      put(out, i, twice(in, i));
    }
  }

  static final class LocalMemory extends Numbers {
    @Local final int[] tile = new int[GROUP];

    @Override
    public void run() {
      put(tile, getLocalId(), in[getGlobalId()]);
      localBarrier();
      out[getGlobalId()] = get(tile, GROUP - 1 - getLocalId());
    }
  }

  static final class PrivateMemory extends Numbers {
    @PrivateMemorySpace(4)
    final int[] field = new int[4];

    @Override
    public void run() {
      int i = getGlobalId();
      int[] made = new int[4];
      for (int k = 0; k < 4; k++) {
        put(made, k, in[i] + k);
        field[k] = made[3 - k];
      }
      out[i] = get(made, 1) - field[1];
    }
  }

  /** Java's new arrays are all zeros, each time round. */
  static final class NewEachTime extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int sum = 0;
      for (int k = 0; k < 3; k++) {
        int[] work = new int[4];
        sum += work[in[i] & 3] + 1;
        work[k] = in[i];
        sum += work[0] - work[3];
      }
      long[] large = new long[2];
      out[i] = sum + (int) large[1];
    }
  }

  static final class Rows extends Numbers {
    final int[][] rows = new int[COUNT][3];
    final int[][][] boxes = new int[4][3][2];

    static int beside(int k) {
      return (k + 1) % 3;
    }

    @Override
    public void run() {
      int i = getGlobalId();
      for (int k = 0; k < 3; k++) {
        rows[(i + 1) % COUNT][k] = in[i] * k;
        rows[(i + 1) % COUNT][beside(k)] += k + boxes[i & 3][k][k & 1];
      }
      out[i] = rows.length + rows[0].length + boxes[1].length;
    }
  }

  /** Marks in the names of fields, as old programs have them. */
  static final class Marked extends Numbers {
    final int[] work_$private$4 = new int[4];
    final int[] tile_$local$ = new int[GROUP];
    final int[] table_$constant$ = {1, 10, 100, 1000};

    @Override
    public void run() {
      int i = getGlobalId();
      for (int k = 0; k < 4; k++) {
        work_$private$4[k] = in[i] * table_$constant$[k];
      }
      tile_$local$[getLocalId()] = work_$private$4[i & 3];
      localBarrier();
      out[i] = tile_$local$[GROUP - 1 - getLocalId()];
    }
  }

  static final class ConstantMemory extends Numbers {
    @Constant final int[] table = {3, 1, 4, 1};

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = in[i] * get(table, i & 3) + table[1];
    }
  }

  static final class LocalAtomics extends Numbers {
    @Local final int[] counts = new int[4];

    @Override
    public void run() {
      if (getLocalId() < 4) {
        counts[getLocalId()] = 0;
      }
      localBarrier();
      atomicAdd(counts, in[getGlobalId()] & 3, 1);
      localBarrier();
      out[getGlobalId()] = counts[getGlobalId() & 3];
    }
  }

  static final class Returned extends Numbers {
    int[] target() {
      return out;
    }

    @Override
    public void run() {
      target()[getGlobalId()] = in[getGlobalId()];
    }
  }

  static Stream<Kernel> kernels() {
    return Stream.of(
        new Aliases(),
        new PassedOn(),
        new LocalMemory(),
        new PrivateMemory(),
        new NewEachTime(),
        new Rows(),
        new Marked(),
        new ConstantMemory(),
        new LocalAtomics(),
        new Returned());
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void theSimulatorAgreesWithPlainJava(Kernel kernel) {
    try (Places places = Places.open(Places.SIM)) {
      places.check(kernel, NdRange.of(COUNT).local(GROUP), 0);
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void openClAgreesWithPlainJava(Kernel kernel) {
    try (Places places = Places.open(Places.OPENCL)) {
      places.check(kernel, NdRange.of(COUNT).local(GROUP), 0);
    }
  }
}
