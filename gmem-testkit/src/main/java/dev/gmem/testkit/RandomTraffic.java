package dev.gmem.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gmem.Access;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/**
 * Random mapping and unmapping of one allocation, against a model: per granule, which value its
 * valid copy holds and where that copy is. Threads: one.
 */
final class RandomTraffic {
  private static final int RUN_GRANULES_MAX = 6;
  private static final int KINDS = 4;
  private static final int VALUES = 100;
  private static final byte UNKNOWN = -1;

  private final TestSpace space;
  private final GmRange allocation;
  private final Random random;
  private final int granules;

  /** Value of every byte of a granule's valid copy. */
  private final byte[] values;

  private final boolean[] mapped;
  private final MemorySegment expected;
  private final int start;
  private int steps;

  RandomTraffic(TestSpace space, GmRange allocation, long seed) {
    this.space = space;
    this.allocation = allocation;
    random = new Random(seed);
    start = random.nextInt(VALUES);
    granules = (int) (allocation.bytes() / space.granuleBytes());
    values = new byte[granules];
    mapped = new boolean[granules];
    expected = MemorySegment.ofArray(new byte[space.granuleBytes()]);
  }

  /** Makes some steps, then brings everything home and checks it. */
  void run(int stepsMax) {
    while (steps++ < stepsMax) {
      step();
    }
    for (int granule = 0; granule < granules; granule++) {
      if (mapped[granule]) {
        unmap(granule, 1);
      }
      check(granule);
    }
  }

  private void step() {
    int first = random.nextInt(granules);
    int count = 1;
    int most = Math.min(RUN_GRANULES_MAX, granules - first);
    while (count < most && mapped[first + count] == mapped[first]) {
      count++;
    }
    count = 1 + random.nextInt(count);
    if (mapped[first]) {
      unmap(first, count);
    } else {
      map(first, count);
    }
  }

  private void map(int first, int count) {
    GmRange run = space.part(allocation, first, count);
    boolean zeros = random.nextInt(KINDS) == 0;
    for (int granule = first; granule < first + count; granule++) {
      check(granule);
      if (zeros) {
        values[granule] = 0;
      } else {
        values[granule] = (byte) (1 + (start + steps + granule) % VALUES);
        fill(granule, values[granule]);
      }
    }
    assertEquals(GmStatus.SUCCESS, space.map(run, !zeros, Access.READ_WRITE));
    for (int granule = first; granule < first + count; granule++) {
      mapped[granule] = true;
      fill(granule, UNKNOWN);
    }
  }

  private void unmap(int first, int count) {
    boolean copy = random.nextInt(KINDS) != 0;
    GmRange run = space.part(allocation, first, count);
    assertEquals(GmStatus.SUCCESS, space.unmap(run, copy));
    for (int granule = first; granule < first + count; granule++) {
      mapped[granule] = false;
      if (!copy) {
        values[granule] = UNKNOWN;
      }
      check(granule);
    }
  }

  private void fill(int granule, byte value) {
    space.host(space.part(allocation, granule, 1)).fill(value);
  }

  private void check(int granule) {
    MemorySegment frame = space.host(space.part(allocation, granule, 1));
    assertEquals(
        -1,
        expected.fill(values[granule]).mismatch(frame),
        () -> "granule " + granule + " of " + allocation + " must hold " + values[granule]);
  }
}
