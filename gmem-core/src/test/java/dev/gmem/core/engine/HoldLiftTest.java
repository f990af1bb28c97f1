package dev.gmem.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.core.space.SpaceProbe;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.testing.Stage;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The CPU looks at the table without a monitor, while holds come and go. */
@Timeout(60)
class HoldLiftTest {
  private static final int GRANULES = 256;
  private static final int LIFTS = 20_000;

  @Test
  void whatAnotherHoldTakesIsNeverThereForAMoment() {
    Stage stage = new Stage();
    MemorySegment s = stage.granules(GRANULES);
    stage.attach(stage.faultless("d0"));
    for (int i = 0; i < GRANULES; i += 2) {
      stage.host().write(s.address() + (long) i * Stage.GRANULE, 1, 1);
    }
    Vma vma = SpaceProbe.vmas(stage.space()).iterator().next();
    DeviceSlot slot = SpaceProbe.slots(stage.space()).getFirst();
    Hold ends = new Hold(1, slot, vma, 0, GRANULES, true);
    Hold stays = new Hold(2, slot, vma, 0, GRANULES - 1, true);
    locked(
        vma,
        () -> {
          vma.addHold(ends);
          vma.addHold(stays);
          vma.table().update(0, GRANULES, entry -> GranuleEntry.revoked(entry, true));
        });
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Long> seen =
        CompletableFuture.supplyAsync(
            () -> looks(vma, s.address(), done), task -> Thread.ofPlatform().start(task));
    try {
      for (int i = 0; i < LIFTS; i++) {
        locked(
            vma,
            () -> {
              vma.lift(ends);
              vma.addHold(ends);
            });
      }
    } finally {
      done.set(true);
    }
    assertThat(seen.join()).isZero();
    // What no other hold takes is there again, and only that.
    assertThat(vma.admits(s.address() + (GRANULES - 2L) * Stage.GRANULE, 1, false)).isFalse();
    assertThat(vma.admits(s.address() + (GRANULES - 1L) * Stage.GRANULE, 1, false)).isTrue();
    locked(
        vma,
        () -> {
          vma.lift(ends);
          vma.lift(stays);
        });
    assertThat(vma.admits(s.address(), s.byteSize(), true)).isTrue();
  }

  private static long looks(Vma vma, long address, AtomicBoolean done) {
    long admitted = 0;
    while (!done.get()) {
      admitted += vma.admits(address, 1, false) ? 1 : 0;
    }
    return admitted;
  }

  private static void locked(Vma vma, Runnable body) {
    vma.monitor().lock();
    try {
      body.run();
    } finally {
      vma.monitor().unlock();
    }
  }
}
