package jdk.internal.foreign;

import jdk.internal.misc.Unsafe;

/**
 * Counts what happens on the slow path. Exact: every event is counted once, in one of several
 * stripes, chosen by thread. Any thread may count and read; a sum is a snapshot of no single
 * moment.
 */
public final class GmCounters {
  /** Accesses that took the slow path. */
  public static final int SLOW_CALLS = 0;

  /** Calls of a handler's {@code fault}. */
  public static final int FAULTS = 1;

  /** Accesses that a revocation found under way, and waited for. */
  public static final int WAITS = 2;

  /** Revocations. */
  public static final int REVOCATIONS = 3;

  private static final Unsafe UNSAFE = Unsafe.getUnsafe();
  private static final int STRIPES = 64;
  private static final int LONGS_PER_STRIPE = 16;
  private static final long[] COUNTS = new long[STRIPES * LONGS_PER_STRIPE];

  private GmCounters() {}

  static void add(int counter) {
    UNSAFE.getAndAddLong(COUNTS, offset((int) Thread.currentThread().threadId(), counter), 1);
  }

  /**
   * Adds up all stripes of a counter.
   *
   * @param counter one of the constants
   * @return the number of events so far
   */
  public static long sum(int counter) {
    long sum = 0;
    for (int stripe = 0; stripe < STRIPES; stripe++) {
      sum += UNSAFE.getLongVolatile(COUNTS, offset(stripe, counter));
    }
    return sum;
  }

  private static long offset(int stripe, int counter) {
    int index = (stripe & STRIPES - 1) * LONGS_PER_STRIPE + counter;
    return Unsafe.ARRAY_LONG_BASE_OFFSET + (long) index * Unsafe.ARRAY_LONG_INDEX_SCALE;
  }
}
