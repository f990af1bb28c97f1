package dev.gmem.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Threads that take room, against one that takes it away. */
@Timeout(60)
class QuotaRaceTest {
  private static final int LARGE = 1000;
  private static final int SMALL = 10;
  private static final int CHANGES = 300_000;

  @Test
  void whoSawTheOldQuotaTakesNothingUnderTheNewOne() {
    Quota quota = new Quota(LARGE);
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Void> taker =
        CompletableFuture.runAsync(
            () -> takeAndGiveBack(quota, done), task -> Thread.ofPlatform().start(task));
    try {
      for (int i = 0; i < CHANGES; i++) {
        quota.change(LARGE);
        Thread.onSpinWait();
        quota.change(SMALL);
        long most = Math.max(quota.usedBytes(), SMALL);
        for (int look = 0; look < 20; look++) {
          assertThat(quota.usedBytes()).isLessThanOrEqualTo(most);
        }
      }
    } finally {
      done.set(true);
      taker.join();
    }
    assertThat(quota.usedBytes()).isZero();
  }

  private static void takeAndGiveBack(Quota quota, AtomicBoolean done) {
    while (!done.get()) {
      quota.giveBack(quota.reserve(1, LARGE));
    }
  }
}
