package dev.gmem.core.sync;

import java.util.concurrent.locks.LockSupport;

/** Waits a while for what comes without a signal. */
public final class Pause {
  private Pause() {}

  /**
   * Waits. An interrupt neither ends it nor gets lost: patience that a pending interrupt takes away
   * would turn what another thread just waits for into a failure.
   *
   * @param nanos how long
   */
  public static void nanos(long nanos) {
    boolean interrupted = false;
    long start = System.nanoTime();
    for (long rest = nanos; rest > 0; rest = nanos - (System.nanoTime() - start)) {
      LockSupport.parkNanos(rest);
      interrupted |= Thread.interrupted(); // or the next park would return at once
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
