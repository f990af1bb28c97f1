package dev.gmem.it.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Ordered writes and read-modify-writes happen once. An access that a revocation catches may be
 * made again only if nobody can have seen it; a lock that is released twice releases somebody
 * else's.
 */
@Tag("modes")
@Tag("stress")
@Timeout(120)
class ExactlyOnceIT {
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final long BYTES = 4096;
  private static final long LOCK = 128;
  private static final long TICKETS = 256;
  private static final long MILLIS = 2000;
  private static final int THREADS = 3;

  private final AtomicBoolean stop = new AtomicBoolean();

  /** Guarded by the lock in unified memory. On the heap, where nothing moves. */
  private long guarded;

  private void moveUntilStopped(Twin twin, List<Thread> threads) throws InterruptedException {
    threads.forEach(Thread::start);
    long end = System.nanoTime() + MILLIS * 1_000_000;
    int n = 0;
    while (System.nanoTime() < end) {
      twin.toDevice();
      if (++n % 8 == 0) {
        Thread.sleep(1);
      }
    }
    stop.set(true);
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @Test
  void aLockInMemoryThatMovesIsALock() throws InterruptedException {
    try (Twin twin = new Twin(BYTES, BYTES)) {
      MemorySegment memory = twin.segment();
      long[] counts = new long[THREADS];
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int id = i;
        threads.add(new Thread(() -> counts[id] = countUnderLock(memory, id)));
      }
      moveUntilStopped(twin, threads);
      long sum = 0;
      for (long count : counts) {
        sum += count;
      }
      assertThat(twin.faults()).isPositive();
      assertThat(guarded).isEqualTo(sum).isPositive();
    }
  }

  private long countUnderLock(MemorySegment memory, int id) {
    long count = 0;
    while (!stop.get()) {
      while (!INT.compareAndSet(memory, LOCK, 0, 1)) {
        Thread.onSpinWait();
      }
      guarded++;
      count++;
      switch (id) {
        case 0 -> INT.setRelease(memory, LOCK, 0);
        case 1 -> INT.setVolatile(memory, LOCK, 0);
        default -> INT.getAndAdd(memory, LOCK, -1);
      }
    }
    return count;
  }

  @Test
  void everyTicketIsDrawnOnce() throws InterruptedException {
    try (Twin twin = new Twin(BYTES, BYTES)) {
      MemorySegment memory = twin.segment();
      long[][] drawn = new long[THREADS][1 << 20];
      int[] counts = new int[THREADS];
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int id = i;
        threads.add(new Thread(() -> counts[id] = draw(memory, drawn[id])));
      }
      moveUntilStopped(twin, threads);
      long total = 0;
      for (int count : counts) {
        total += count;
      }
      boolean[] seen = new boolean[Math.toIntExact(total)];
      for (int id = 0; id < THREADS; id++) {
        for (int i = 0; i < counts[id]; i++) {
          int ticket = Math.toIntExact(drawn[id][i]);
          assertThat(seen[ticket]).as("ticket " + ticket).isFalse();
          seen[ticket] = true;
        }
      }
      assertThat((long) LONG.getVolatile(memory, TICKETS)).isEqualTo(total);
    }
  }

  private int draw(MemorySegment memory, long[] drawn) {
    int n = 0;
    while (!stop.get() && n < drawn.length) {
      drawn[n++] = (long) LONG.getAndAdd(memory, TICKETS, 1L);
    }
    return n;
  }
}
