package dev.gmem.core.sync;

/**
 * A lock with one condition. Not reentrant. Waits are not interruptible: a fault cannot be
 * abandoned half way, and a pending interrupt stays pending.
 */
public interface Monitor {
  /** Takes the lock, in the order of {@link LockRank}. */
  void lock();

  /** Gives the lock back. */
  void unlock();

  /** Waits for {@link #signalAll}. The lock is held on entry and on return. May wake spuriously. */
  void await();

  /**
   * Waits for {@link #signalAll} at most for a time. The lock is held on entry and on return.
   *
   * @param nanos how long
   */
  void awaitNanos(long nanos);

  /** Wakes all who wait. The lock is held. */
  void signalAll();

  /** Makes monitors, and the threads of the core. */
  @FunctionalInterface
  interface Factory {
    /**
     * Makes one.
     *
     * @param rank its place in the lock order
     * @return the monitor
     */
    Monitor create(LockRank rank);

    /**
     * Runs a task of the core on a thread of its own.
     *
     * @param task what it does
     */
    default void start(Runnable task) {
      Starters.start(task);
    }
  }
}
