package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ShootdownTest {
  private static final Duration A_WHILE = Duration.ofMillis(100);

  private static final class Worker extends Shootdown.Section {}

  private final Shootdown shootdown = new Shootdown(true);
  private final Worker worker = new Worker();

  ShootdownTest() {
    shootdown.register(new Worker());
    shootdown.register(worker);
  }

  @Test
  void returnsAtOnceIfNobodyIsInside() {
    shootdown.flushAndWait();
    long inside = worker.enter();
    worker.leave(inside);
    shootdown.flushAndWait();
    assertThat(shootdown.count()).isEqualTo(2);
  }

  @Test
  void waitsForTheOneWhoIsInside() throws InterruptedException {
    long inside = worker.enter();
    Thread unmapper = Thread.ofPlatform().daemon().start(shootdown::flushAndWait);
    assertThat(unmapper.join(A_WHILE)).isFalse();
    worker.leave(inside);
    unmapper.join();
  }

  @Test
  void doesNotWaitForTheOneWhoLeftAndCameBack() throws InterruptedException {
    long inside = worker.enter();
    Thread unmapper = Thread.ofPlatform().daemon().start(shootdown::flushAndWait);
    assertThat(unmapper.join(A_WHILE)).isFalse();
    worker.leave(inside);
    worker.enter();
    unmapper.join();
  }

  @Test
  void aFailedAccessIsOver() {
    long failed = worker.enter();
    worker.phase = failed + 1;
    shootdown.flushAndWait();
    worker.leave(worker.enter());
    shootdown.flushAndWait();
  }

  @Test
  void anAccessThatWasNeverLeftEndsWithTheNextOne() throws InterruptedException {
    worker.enter();
    Thread unmapper = Thread.ofPlatform().daemon().start(shootdown::flushAndWait);
    assertThat(unmapper.join(A_WHILE)).isFalse();
    long inside = worker.enter();
    unmapper.join();
    worker.leave(inside);
    shootdown.flushAndWait();
  }

  @Test
  void movesTheEpochBeforeItWaits() throws InterruptedException {
    long before = shootdown.epoch();
    long inside = worker.enter();
    Thread unmapper = Thread.ofPlatform().daemon().start(shootdown::flushAndWait);
    while (shootdown.epoch() == before) {
      Thread.onSpinWait();
    }
    assertThat(unmapper.isAlive()).isTrue();
    worker.leave(inside);
    unmapper.join();
    assertThat(shootdown.epoch()).isGreaterThan(before);
  }

  @Test
  void withoutTheWaitItReturnsThoughSomebodyIsInside() {
    Shootdown careless = new Shootdown(false);
    careless.register(worker);
    long inside = worker.enter();
    careless.flushAndWait();
    worker.leave(inside);
  }
}
