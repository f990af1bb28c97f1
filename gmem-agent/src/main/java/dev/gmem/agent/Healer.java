package dev.gmem.agent;

import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import jdk.internal.foreign.GmCounters;
import jdk.internal.foreign.GmMode;

/**
 * Gives loops their speed back after faults.
 *
 * <p>Taking memory from the CPU makes its accesses {@linkplain GmMode careful}, and marks the
 * seated way as taken in the profile of the JDK's access methods, which all code shares. Loops over
 * unified memory are many times slower then, and loops over other memory somewhat. Installing the
 * code once more drops the profiles and what was compiled from them, and accesses may trust the
 * gate again. That costs a compilation of everything that uses segments: so it is done when nothing
 * has been taken away, and no access has met a closed gate, for a while; and if that begins again
 * soon after, the while doubles.
 *
 * <p>A daemon thread does it; it starts when access is taken away for the first time, and sleeps
 * while that does not happen.
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

  /** Called when access is taken away, and by each fault. */
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

  /** Returns when access was taken away or asked for the last time, after it was not for a time. */
  private static long awaitQuiet(long nanos) {
    long disturbedAt = System.nanoTime();
    long calls = disturbances();
    while (true) {
      LockSupport.parkNanos(nanos);
      long now = System.nanoTime();
      long callsNow = disturbances();
      if (callsNow != calls) {
        calls = callsNow;
        disturbedAt = now;
      } else if (now - disturbedAt >= nanos) {
        return disturbedAt;
      }
    }
  }

  private static long disturbances() {
    return GmCounters.sum(GmCounters.SLOW_CALLS) + GmCounters.sum(GmCounters.REVOCATIONS);
  }

  private void heal() {
    long start = System.nanoTime();
    try {
      instrumentation.retransformClasses(profiled);
      GmMode.trust();
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
    long calls = disturbances();
    idle = true;
    // A fault before the line above has been counted, and one after it wakes this thread.
    while (idle && disturbances() == calls) {
      // Not for ever: slow calls without a fault wake nobody.
      LockSupport.parkNanos(quietNanos * BACKOFF_MAX);
    }
    idle = false;
  }
}
