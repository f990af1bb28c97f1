package dev.gmem.core.sync;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The monitor of production: a {@link ReentrantLock} that checks the lock order when assertions are
 * enabled, as they are in every test.
 */
public final class RankedMonitor implements Monitor {
  private static final ThreadLocal<Deque<LockRank>> HELD = ThreadLocal.withInitial(ArrayDeque::new);

  private final LockRank rank;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /**
   * Makes one.
   *
   * @param rank its place in the lock order
   */
  public RankedMonitor(LockRank rank) {
    this.rank = rank;
  }

  /**
   * Tells whether the current thread may block or call a device now.
   *
   * @return true if it holds no monitor; always true when assertions are disabled
   */
  public static boolean noneHeld() {
    return HELD.get().isEmpty();
  }

  @Override
  public void lock() {
    assert mayTake();
    lock.lock();
    assert taken();
  }

  @Override
  public void unlock() {
    assert released();
    lock.unlock();
  }

  @Override
  public void await() {
    assert holdsOnlyThis();
    changed.awaitUninterruptibly();
  }

  @Override
  public void awaitNanos(long nanos) {
    assert holdsOnlyThis();
    boolean interrupted = Thread.interrupted();
    try {
      changed.await(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void signalAll() {
    changed.signalAll();
  }

  private boolean mayTake() {
    LockRank last = HELD.get().peekLast();
    if (last != null && last.compareTo(rank) >= 0) {
      throw new AssertionError("lock order: " + rank + " asked for while holding " + HELD.get());
    }
    return true;
  }

  private boolean taken() {
    HELD.get().addLast(rank);
    return true;
  }

  private boolean released() {
    HELD.get().removeLastOccurrence(rank);
    return true;
  }

  private boolean holdsOnlyThis() {
    if (HELD.get().size() != 1) {
      throw new AssertionError("waiting on " + rank + " while holding " + HELD.get());
    }
    return true;
  }
}
