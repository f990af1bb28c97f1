package dev.gmem.agent;

import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import jdk.internal.foreign.GmCounters;

/**
 * Gives loops their speed back after faults.
 *
 * <p>A fault marks the slow path as taken in the profile of the JDK's access methods, which all
 * code shares. Loops that are compiled afterwards carry a call, and are several times slower,
 * whatever memory they work on. Installing the same code once more drops the profiles and what was
 * compiled from them. That costs a compilation of everything that uses segments: so it is done when
 * no access has taken the slow path for a while, and if faults come back soon after, the while
 * doubles.
 *
 * <p>A daemon thread does it; it starts with the first fault, and sleeps for good while there are
 * none.
 */
final class Healer {
  private static final int BACKOFF_MAX = 64;

  private final boolean enabled;
  private final boolean log;
  private final long quietNanos;
  private final Instrumentation instrumentation;
  private final Class<?>[] profiled;

  /** The thread, once there is one. Written under this object's monitor. */
  private volatile Thread thread;

  /** True while the thread waits for the next fault. */
  private volatile boolean idle;

  private volatile long heals;

  /** Heals some classes, which are retransformed when the agent's transformer is in place. */
  Healer(AgentOptions options, Instrumentation instrumentation, Class<?>... profiled) {
    this.enabled = options.heal();
    this.log = options.log();
    this.quietNanos = TimeUnit.MILLISECONDS.toNanos(options.healQuietMillis());
    this.instrumentation = instrumentation;
    this.profiled = profiled;
  }

  long heals() {
    return heals;
  }

  /** Called by the first access of each region that takes the slow path, and by each fault. */
  void disturbed() {
    if (!enabled) {
      return;
    }
    if (thread == null) {
      start();
    } else if (idle) {
      idle = false;
      LockSupport.unpark(thread);
    }
  }

  private synchronized void start() {
    if (thread == null) {
      Thread healing = new Thread(null, this::run, "gmem-healer", 0, false);
      healing.setDaemon(true);
      healing.start();
      thread = healing;
    }
  }

  private void run() {
    int backoff = 1;
    long healedAt = System.nanoTime() - quietNanos * BACKOFF_MAX;
    while (true) {
      long disturbedAt = awaitQuiet(quietNanos * backoff);
      boolean soon = disturbedAt - healedAt < 2 * quietNanos * backoff;
      backoff = soon ? Math.min(BACKOFF_MAX, 2 * backoff) : Math.max(1, backoff / 2);
      heal();
      healedAt = System.nanoTime();
      awaitFault();
    }
  }

  /**
   * Returns when the slow path was taken for the last time, after it was not for the given time.
   */
  private static long awaitQuiet(long nanos) {
    long disturbedAt = System.nanoTime();
    long calls = GmCounters.sum(GmCounters.SLOW_CALLS);
    while (true) {
      LockSupport.parkNanos(nanos);
      long now = System.nanoTime();
      long callsNow = GmCounters.sum(GmCounters.SLOW_CALLS);
      if (callsNow != calls) {
        calls = callsNow;
        disturbedAt = now;
      } else if (now - disturbedAt >= nanos) {
        return disturbedAt;
      }
    }
  }

  private void heal() {
    long start = System.nanoTime();
    try {
      instrumentation.retransformClasses(profiled);
    } catch (UnmodifiableClassException e) {
      throw new IllegalStateException("a class that was modifiable is not any more", e);
    }
    heals++; // by this thread only
    if (log) {
      long micros = (System.nanoTime() - start) / 1000;
      System.err.println("gmem: segment code is compiled anew (" + micros + " us)");
    }
  }

  private void awaitFault() {
    long calls = GmCounters.sum(GmCounters.SLOW_CALLS);
    idle = true;
    // A fault before the line above has been counted, and one after it wakes this thread.
    while (idle && GmCounters.sum(GmCounters.SLOW_CALLS) == calls) {
      // Not for ever: slow calls without a fault wake nobody.
      LockSupport.parkNanos(quietNanos * BACKOFF_MAX);
    }
    idle = false;
  }
}
