package dev.gmem.core.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RankedMonitorTest {
  @Test
  void aMonitorMayBeTakenUnderOneOfALowerRankOnly() {
    for (LockRank held : LockRank.values()) {
      for (LockRank wanted : LockRank.values()) {
        Monitor first = new RankedMonitor(held);
        Monitor second = new RankedMonitor(wanted);
        first.lock();
        try {
          if (held.compareTo(wanted) < 0) {
            second.lock();
            second.unlock();
          } else {
            assertThatThrownBy(second::lock)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("lock order: " + wanted);
          }
        } finally {
          first.unlock();
        }
      }
    }
  }

  @Test
  void theRanksAreInTheOrderThatTheArchitectureStates() {
    assertThat(LockRank.values())
        .containsExactly(
            LockRank.SPACE,
            LockRank.ARENA,
            LockRank.LAUNCHES,
            LockRank.DIRECTORY,
            LockRank.VMA,
            LockRank.DEVICE);
  }

  @Test
  void waitingUnderAnotherMonitorIsCaught() {
    Monitor space = new RankedMonitor(LockRank.SPACE);
    Monitor vma = new RankedMonitor(LockRank.VMA);
    space.lock();
    vma.lock();
    try {
      assertThatThrownBy(vma::await)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("waiting on VMA");
      assertThatThrownBy(() -> vma.awaitNanos(1)).isInstanceOf(AssertionError.class);
    } finally {
      vma.unlock();
      space.unlock();
    }
  }

  @Test
  void itKnowsWhetherTheThreadHoldsNone() {
    Monitor vma = new RankedMonitor(LockRank.VMA);
    assertThat(RankedMonitor.noneHeld()).isTrue();
    vma.lock();
    assertThat(RankedMonitor.noneHeld()).isFalse();
    vma.unlock();
    assertThat(RankedMonitor.noneHeld()).isTrue();
  }

  @Test
  void aWaitEndsWithTheSignalAndNotWithAnInterrupt() throws InterruptedException {
    Monitor monitor = new RankedMonitor(LockRank.VMA);
    boolean[] ready = new boolean[1];
    AtomicBoolean interrupted = new AtomicBoolean();
    CountDownLatch waits = new CountDownLatch(1);
    Thread waiter =
        new Thread(
            () -> {
              monitor.lock();
              waits.countDown();
              while (!ready[0]) {
                monitor.await();
              }
              monitor.unlock();
              interrupted.set(Thread.currentThread().isInterrupted());
            });
    waiter.start();
    waits.await();
    waiter.interrupt();
    waiter.join(Duration.ofMillis(50));
    assertThat(waiter.isAlive()).isTrue();
    monitor.lock();
    ready[0] = true;
    monitor.signalAll();
    monitor.unlock();
    waiter.join();
    assertThat(interrupted).isTrue();
  }

  @Test
  void aTimedWaitEndsByItself() {
    Monitor monitor = new RankedMonitor(LockRank.VMA);
    monitor.lock();
    long start = System.nanoTime();
    monitor.awaitNanos(2_000_000);
    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(2_000_000);
    monitor.unlock();
    assertThat(RankedMonitor.noneHeld()).isTrue();
  }

  @Test
  void platformAndVirtualThreadsExcludeEachOtherAndWakeEachOther() throws InterruptedException {
    Monitor monitor = new RankedMonitor(LockRank.VMA);
    int threads = 8;
    int rounds = 200;
    int[] turn = new int[1];
    AtomicInteger inside = new AtomicInteger();
    List<Thread> all = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int mine = t;
      Runnable body =
          () -> {
            for (int i = 0; i < rounds; i++) {
              monitor.lock();
              while (turn[0] % threads != mine) {
                monitor.await();
              }
              assertThat(inside.incrementAndGet()).isEqualTo(1);
              turn[0]++;
              monitor.signalAll();
              inside.decrementAndGet();
              monitor.unlock();
            }
          };
      all.add(t % 2 == 0 ? new Thread(body) : Thread.ofVirtual().unstarted(body));
    }
    all.forEach(Thread::start);
    for (Thread thread : all) {
      thread.join();
    }
    assertThat(turn[0]).isEqualTo(threads * rounds);
  }
}
