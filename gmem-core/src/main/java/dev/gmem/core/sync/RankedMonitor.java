package dev.gmem.core.sync;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The monitor of production: a {@link ReentrantLock} that checks the lock order when assertions are
 * enabled, as they are in every test.
 *
 * <p>A virtual thread never stands in the lock's queue: it could be woken there and find no
 * carrier, because all carriers run threads that do not yield, while everybody behind it waits for
 * its turn. It tries and yields instead. For the same reason waiting for a signal has a list of its
 * own: who is woken begins to compete for the lock only when it runs. Sections are short, and
 * nothing in them blocks.
 */
public final class RankedMonitor implements Monitor {
  private static final ThreadLocal<Deque<LockRank>> HELD = ThreadLocal.withInitial(ArrayDeque::new);

  private final LockRank rank;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Waiter> waiters = new ArrayList<>();

  /**
   * Makes one.
   *
   * @param rank its place in the lock order
   */
  public RankedMonitor(LockRank rank) {
    this.rank = rank;
  }

  /** A thread that waits. Joins and leaves the list under the lock. */
  private static final class Waiter {
    private final Thread thread = Thread.currentThread();
    private volatile boolean signalled;
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
    take();
    assert taken();
  }

  private void take() {
    if (!Thread.currentThread().isVirtual()) {
      lock.lock();
      return;
    }
    while (!lock.tryLock()) {
      Thread.yield();
    }
  }

  @Override
  public void unlock() {
    assert released();
    lock.unlock();
  }

  @Override
  public void await() {
    await(Long.MAX_VALUE);
  }

  @Override
  public void awaitNanos(long nanos) {
    await(nanos);
  }

  private void await(long nanos) {
    assert holdsOnlyThis();
    Waiter waiter = new Waiter();
    waiters.add(waiter);
    lock.unlock();
    boolean interrupted = false;
    long start = System.nanoTime();
    long rest = nanos;
    while (!waiter.signalled && rest > 0) {
      LockSupport.parkNanos(this, rest);
      interrupted |= Thread.interrupted(); // or the next park would return at once
      rest = nanos - (System.nanoTime() - start);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    take();
    waiters.remove(waiter);
  }

  @Override
  public void signalAll() {
    for (Waiter waiter : waiters) {
      waiter.signalled = true;
      LockSupport.unpark(waiter.thread);
    }
    waiters.clear();
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
