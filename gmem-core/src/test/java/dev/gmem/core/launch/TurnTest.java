package dev.gmem.core.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who does the work of a task whose turn has come. */
@Timeout(60)
class TurnTest {
  private final List<Thread> workers = new ArrayList<>();
  private final TransferTask task =
      new TransferTask(
          null,
          List.of(),
          number -> {
            workers.add(Thread.currentThread());
            return 7;
          });

  private void run() {
    task.run();
    task.publish();
  }

  @Test
  void whoeverJoinsFirstDoesIt() {
    task.turn(this::run);
    assertThat(task.join().bytes()).isEqualTo(7);
    task.takeTurn();
    assertThat(workers).containsExactly(Thread.currentThread());
    assertThat(task.loseTurn()).isFalse();
  }

  @Test
  void whoeverJoinsWhileItIsDoneWaits() throws InterruptedException {
    Thread other =
        Thread.ofPlatform()
            .unstarted(
                () -> {
                  task.turn(this::run);
                  task.takeTurn();
                });
    other.start();
    assertThat(task.join().bytes()).isEqualTo(7);
    other.join();
    assertThat(workers).hasSize(1);
  }

  @Test
  void aVirtualThreadDoesNotDoIt() throws InterruptedException {
    task.turn(this::run);
    Thread joining = Thread.startVirtualThread(task::join);
    while (joining.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    assertThat(workers).isEmpty();
    task.takeTurn();
    joining.join();
    assertThat(workers).containsExactly(Thread.currentThread());
  }

  @Test
  void nobodyDoesWhatHasLostItsTurn() {
    task.turn(this::run);
    assertThat(task.loseTurn()).isTrue();
    task.takeTurn();
    assertThat(workers).isEmpty();
  }
}
