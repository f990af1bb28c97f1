package dev.gmem.core.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who does the work of a task whose turn has come. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TurnTest {
  private final List<Thread> workers = Collections.synchronizedList(new ArrayList<>());
  private final List<OrderedTask<?>> started = Collections.synchronizedList(new ArrayList<>());
  private final TransferTask task = task();

  private TransferTask task() {
    return new TransferTask(
        null,
        List.of(),
        number -> {
          workers.add(Thread.currentThread());
          return 7;
        });
  }

  private static void run(TransferTask task) {
    task.run();
    task.publish();
  }

  /** Has a task come after others; threads that are to do its work are noted and not started. */
  private void announce(TransferTask task, OrderedTask<?>... before) {
    task.turn().announce(List.of(before), () -> run(task), () -> started.add(task));
  }

  @Test
  void whoeverJoinsFirstDoesIt() {
    announce(task);
    assertThat(task.join().bytes()).isEqualTo(7);
    task.turn().take();
    assertThat(workers).containsExactly(Thread.currentThread());
    assertThat(task.turn().lose()).isFalse();
  }

  @Test
  void whoeverJoinsWhileItIsDoneWaits() throws InterruptedException {
    Thread other =
        Thread.ofPlatform()
            .unstarted(
                () -> {
                  announce(task);
                  task.turn().take();
                });
    other.start();
    assertThat(task.join().bytes()).isEqualTo(7);
    other.join();
    assertThat(workers).hasSize(1);
  }

  @Test
  void aVirtualThreadDoesNotDoIt() throws InterruptedException {
    announce(task);
    Thread joining = Thread.startVirtualThread(task::join);
    while (joining.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    assertThat(workers).isEmpty();
    task.turn().take();
    joining.join();
    assertThat(workers).containsExactly(Thread.currentThread());
  }

  @Test
  void nobodyDoesWhatHasLostItsTurn() {
    announce(task);
    assertThat(task.turn().lose()).isTrue();
    task.turn().take();
    assertThat(workers).isEmpty();
  }

  @Test
  void whoeverJoinsTheLastDoesAllThatComesBefore() {
    TransferTask first = task();
    TransferTask second = task();
    TransferTask beside = task();
    announce(first);
    announce(second, first);
    announce(beside, first);
    announce(task, second, beside);
    assertThat(started).containsExactly(first);
    assertThat(task.join().bytes()).isEqualTo(7);
    assertThat(workers).hasSize(4).containsOnly(Thread.currentThread());
    assertThat(started).doesNotContain(second, task);
  }

  @Test
  void whatNobodyJoinsIsStarted() {
    TransferTask first = task();
    announce(first);
    announce(task, first);
    assertThat(started).containsExactly(first);
    first.turn().take();
    assertThat(started).containsExactly(first, task);
  }

  /** What came before has failed: its turn comes all the same, and its own end counts. */
  @Test
  void aFailureBeforeDoesNotKeepItFromItsTurn() {
    TransferTask first = task();
    announce(task, first);
    first.failed(new IllegalStateException("first"));
    first.publish();
    assertThat(task.join().bytes()).isEqualTo(7);
  }

  @Test
  void aPromiseThatIsTakenBackLeavesTheWorkToAThread() {
    TransferTask first = task();
    announce(task, first);
    assertThat(task.turn().await()).isSameAs(first);
    run(first);
    assertThat(task.turn().await()).isNull();
    assertThat(started).isEmpty();
    task.turn().leave();
    assertThat(started).containsExactly(task);
  }

  /** A chain is longer than a stack is deep. */
  @Test
  void aLongChainIsDoneByWhoeverJoinsItsEnd() {
    List<TransferTask> chain = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      chain.add(task());
      if (i == 0) {
        announce(chain.getFirst());
      } else {
        announce(chain.getLast(), chain.get(i - 1));
      }
    }
    assertThat(chain.getLast().join().bytes()).isEqualTo(7);
    assertThat(workers).hasSize(20_000).containsOnly(Thread.currentThread());
  }

  /** Turns come while they are awaited, or a moment before or after: each is taken, and once. */
  @Test
  void turnsThatComeWhileSomebodyJoinsAreTakenOnce() throws InterruptedException {
    int rounds = 20_000;
    for (int i = 0; i < rounds; i++) {
      TransferTask first = task();
      TransferTask second = task();
      second.turn().announce(List.of(first), () -> run(second), () -> second.turn().take());
      Thread other = Thread.startVirtualThread(() -> run(first));
      assertThat(second.join().bytes()).isEqualTo(7);
      other.join();
    }
    assertThat(workers).hasSize(2 * rounds);
  }

  /** Who joins learns that the one before has ended, while others who do so are still told. */
  @Test
  void aTurnThatIsAboutToComeIsWaitedFor() throws InterruptedException {
    for (int i = 0; i < 20; i++) {
      TransferTask first = task();
      TransferTask second = task();
      announce(second, first);
      first.future().thenRun(() -> LockSupport.parkNanos(5_000_000));
      Thread other = Thread.ofPlatform().start(() -> run(first));
      assertThat(second.join().bytes()).isEqualTo(7);
      other.join();
    }
    assertThat(started).isEmpty();
  }
}
