package dev.gmem.core.launch;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.DeviceLostException;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PoisonedMemoryException;
import dev.gmem.Transfer;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeCompute.Started;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmStatusException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Launches on a device that is lost end, and nobody waits for them for ever. */
@Timeout(60)
class LostLaunchTest {
  private final Stage stage = new Stage();
  private final FakeDevice d = stage.faultless("d0");
  private final FakeCompute compute = d.computes();
  private final MemorySegment s = stage.granules(2);
  private final MemorySegment t = stage.granules(1);

  private Kernel kernel(String source) {
    if (stage.space().devices().isEmpty()) {
      stage.attach(d);
    }
    return stage.kernel(d, source);
  }

  private static Launch launch(Kernel kernel, Object... arguments) {
    return kernel.launch(NdRange.of(1), arguments);
  }

  private static void isLost(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(DeviceLostException.class)
        .hasMessageContaining("device=d0");
  }

  private static <T> CompletableFuture<T> later(java.util.function.Supplier<T> work) {
    return CompletableFuture.supplyAsync(work, task -> Thread.ofPlatform().daemon().start(task));
  }

  private static void fails(CompletableFuture<?> work, Class<? extends Exception> type) {
    assertThatThrownBy(() -> work.get(30, TimeUnit.SECONDS)).hasCauseInstanceOf(type);
  }

  @Test
  void aKernelThatNeverEndsEndsItsLaunchAndWakesWhoWaits() {
    Kernel write = kernel("w READ_WRITE");
    stage.host().write(t.address(), 8, 3);
    Launch running = launch(write, s);
    compute.awaitStarted(1);
    Launch queued = launch(write, s);
    CompletableFuture<?> joins = later(running::join);
    CompletableFuture<?> reads = later(() -> stage.host().read(s.address(), 1));
    CompletableFuture<?> prefetches = later(() -> stage.space().prefetch(s, stage.view(d)).join());
    d.dieAloud(null);
    fails(joins, DeviceLostException.class);
    fails(reads, PoisonedMemoryException.class);
    fails(prefetches, DeviceLostException.class);
    isLost(running::join);
    isLost(queued::join);
    isLost(() -> launch(write, t));
    assertThat(running.isDone()).isTrue();
    assertThat(compute.started()).hasSize(1);
    stage.host().write(t.address(), 1, 1);
    compute.last().finish(); // too late, and heard by nobody
    stage.atEnd();
  }

  @Test
  void anAbandonedDeviceLeavesNobodyWaiting() {
    Kernel write = kernel("w READ_WRITE");
    Launch running = launch(write, s);
    compute.awaitStarted(1);
    CompletableFuture<?> joins = later(running::join);
    stage.space().abandon(stage.view(d));
    fails(joins, DeviceLostException.class);
    assertThatThrownBy(() -> stage.host().read(s.address(), 1))
        .isInstanceOf(PoisonedMemoryException.class);
    stage.arena().close();
    stage.close();
    assertThat(stage.host().committedBlocks()).isZero();
  }

  @Test
  void soDoesOneOfWhichOnlyAStageIsKnown() {
    Kernel write = kernel("w READ_WRITE");
    compute.onlyStages();
    Launch running = launch(write, s);
    compute.awaitStarted(1);
    CompletableFuture<Object> joins = new CompletableFuture<>();
    Thread joiner =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  try {
                    joins.complete(running.join());
                  } catch (RuntimeException e) {
                    joins.completeExceptionally(e);
                  }
                });
    while (joiner.getState() != Thread.State.WAITING) {
      Thread.onSpinWait(); // until it waits for the kernel
    }
    stage.space().abandon(stage.view(d));
    fails(joins, DeviceLostException.class);
  }

  @Test
  void aKernelCanSayThatItsDeviceIsLost() {
    Kernel read = kernel("r READ");
    GmStatusException gone = new GmStatusException(GmStatus.DEVICE_LOST, "gone", null);
    compute.onStart(launch -> launch.end().completeExceptionally(new CompletionException(gone)));
    stage.host().write(s.address(), 8, 7);
    Launch launch = launch(read, s);
    assertThatThrownBy(launch::join).isInstanceOf(DeviceLostException.class).hasCause(gone);
    assertThat(stage.view(d).isLost()).isTrue();
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(7);
    stage.atEnd();
  }

  @Test
  void soCanTheCallThatStartsIt() {
    Kernel read = kernel("r READ");
    GmStatusException gone = new GmStatusException(GmStatus.DEVICE_LOST, "gone", null);
    compute.onStart(
        launch -> {
          d.die();
          throw gone;
        });
    assertThatThrownBy(launch(read, s)::join)
        .isInstanceOf(DeviceLostException.class)
        .hasCause(gone);
    assertThat(stage.view(d).isLost()).isTrue();
    stage.host().write(s.address(), 8, 1);
    stage.atEnd();
  }

  @Test
  void aKernelThatFailsBecauseItsDeviceIsLostSaysThat() {
    Kernel read = kernel("r READ");
    compute.onStart(
        launch -> {
          d.dieAloud(null);
          launch.end().completeExceptionally(new IllegalStateException("no more"));
        });
    isLost(launch(read, s)::join);
    stage.atEnd();
  }

  @Test
  void whatALaunchWasToOverwriteIsAsItWas() {
    Kernel overwrite = kernel("o OVERWRITE");
    stage.host().write(s.address(), 8, 7);
    Launch launch = launch(overwrite, s);
    compute.awaitStarted(1);
    d.dieAloud(null);
    isLost(launch::join);
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(7);
    stage.atEnd();
  }

  @Test
  void aLaunchThatMovesItsArgumentsFails() {
    Kernel write = kernel("w READ_WRITE");
    stage.host().write(s.address(), 8, 7);
    d.answer(
        call -> {
          d.die();
          return GmStatus.DEVICE_LOST;
        });
    isLost(launch(write, s)::join);
    assertThat(compute.started()).isEmpty();
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(7);
    stage.atEnd();
  }

  @Test
  void whoWaitsForRoomOnItFails() {
    d.memoryBytes(2 * GRANULE);
    Kernel write = kernel("w READ_WRITE");
    Launch running = launch(write, s);
    compute.awaitStarted(1);
    Transfer waits = stage.space().prefetch(t, stage.view(d));
    CompletableFuture<?> joins = later(waits::join);
    d.dieAloud(null);
    fails(joins, DeviceLostException.class);
    isLost(running::join);
    stage.host().write(t.address(), 1, 1);
    stage.atEnd();
  }

  @Test
  void aQuotaThatWaitsForAKernelFails() {
    Kernel write = kernel("w READ_WRITE");
    Launch running = launch(write, s);
    compute.awaitStarted(1);
    CompletableFuture<Void> shrinks =
        later(
            () -> {
              stage.space().quota(stage.view(d), GRANULE);
              return null;
            });
    d.dieAloud(null);
    fails(shrinks, DeviceLostException.class);
    isLost(running::join);
    stage.atEnd();
  }

  /** Until it has ended it may write where the memory is given to others. */
  @ParameterizedTest
  @EnumSource(names = {"HOST_COHERENT", "REMOTE_MAPPING"})
  void aKernelThatMayBeOnTheHostsFramesIsWaitedFor(GmCapability capability) {
    d.without(GmCapability.READ_ONLY_MAPPING).with(capability);
    Kernel write = kernel("w READ_WRITE");
    Launch launch = launch(write, s);
    Started kernel = compute.awaitStarted(1);
    d.dieAloud(null);
    CompletableFuture<?> waits = later(() -> stage.space().prefetch(s, stage.view(d)));
    CompletableFuture<?> writes =
        later(
            () -> {
              stage.host().write(s.address(), 1, 1);
              return null;
            });
    fails(waits, DeviceLostException.class);
    assertThat(launch.isDone()).isFalse();
    assertThat(writes).isNotDone();
    kernel.end().completeExceptionally(new IllegalStateException("no more"));
    isLost(launch::join);
    if (capability == GmCapability.HOST_COHERENT) {
      writes.join();
    } else {
      fails(writes, PoisonedMemoryException.class);
    }
    stage.atEnd();
  }

  @Test
  void launchesOnOtherDevicesGoOn() {
    FakeDevice e = stage.faultless("d1");
    FakeCompute there = e.computes();
    stage.attach(e);
    stage.attach(d);
    Kernel mine = stage.kernel(d, "r READ");
    Kernel theirs = stage.kernel(e, "r READ");
    Launch one = launch(mine, s);
    Launch two = launch(theirs, s);
    there.awaitStarted(1);
    d.dieAloud(null);
    isLost(one::join);
    there.last().finish();
    two.join();
    assertThat(stage.state(s, 0)).isEqualTo("SHARED[d1]");
    stage.atEnd();
  }
}
