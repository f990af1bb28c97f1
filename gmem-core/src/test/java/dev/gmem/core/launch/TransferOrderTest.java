package dev.gmem.core.launch;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Device;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.Transfer;
import dev.gmem.TransferException;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Transfers take their place among launches, tell how they ended, and leave nothing behind. */
@Timeout(60)
class TransferOrderTest {
  private final Stage stage = new Stage();
  private final FakeDevice d = stage.faultless("d0");
  private final FakeDevice e = stage.faultless("d1");
  private final FakeCompute onD = d.computes();
  private final FakeCompute onE = e.computes();

  private Kernel kernel(FakeDevice device, String mode) {
    if (!device.isAttached()) {
      stage.attach(device);
    }
    return stage.kernel(device, "k" + mode + " " + mode);
  }

  private static Launch launch(Kernel kernel, MemorySegment segment) {
    return kernel.launch(NdRange.of(1), segment);
  }

  private Transfer prefetch(MemorySegment segment, FakeDevice device) {
    return stage.space().prefetch(segment, stage.view(device));
  }

  /** The mappings of a device: told when the first has come, they wait until they may go on. */
  private record Stalled(CountDownLatch asked, CountDownLatch goOn) {
    static Stalled mapsOf(FakeDevice device) {
      Stalled maps = new Stalled(new CountDownLatch(1), new CountDownLatch(1));
      device.answer(
          call -> {
            if (call.kind() == Kind.MAP) {
              maps.asked.countDown();
              maps.await();
            }
            return GmStatus.SUCCESS;
          });
      return maps;
    }

    private void await() {
      try {
        goOn.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  // ---- results ----

  @Test
  void aPrefetchMovesWholeGranulesAndCountsTheBytesThatMoved() {
    stage.attach(d);
    MemorySegment s = stage.granules(4);
    stage.host().write(s.address() + GRANULE, 1, 1);
    stage.host().write(s.address() + 2 * GRANULE, 1, 2);
    Transfer there = prefetch(s.asSlice(GRANULE + 100, GRANULE), d);
    assertThat(there.join().bytes()).isEqualTo(2 * GRANULE);
    assertThat(there.isDone()).isTrue();
    assertThat(d.mapped()).isEqualTo(2);
    assertThat(prefetch(s, d).join().bytes()).as("zeros nobody has touched").isZero();
    assertThat(d.mapped()).isEqualTo(4);
    assertThat(prefetch(s, d).join().bytes()).as("all is there").isZero();
    assertThat(stage.space().prefetchToHost(s).join().bytes()).as("replicas stay").isZero();
    assertThat(d.mapped()).isEqualTo(4);
    stage.atEnd();
  }

  @Test
  void aPrefetchToTheHostBringsHomeWhatADeviceOwnsAndMapsWhatWasEvicted() {
    FakeDevice owner = stage.device("r");
    FakeDevice small = stage.fake("small").memoryBytes(GRANULE);
    stage.attach(small);
    MemorySegment s = stage.granules(3);
    owner.write(s.address(), 1, 1);
    small.write(s.address() + GRANULE, 1, 2);
    small.write(s.address() + 2 * GRANULE, 1, 3);
    assertThat(stage.state(s, 1)).isEqualTo("EVICTED");
    assertThat(stage.space().prefetchToHost(s).join().bytes()).isEqualTo(2 * GRANULE);
    assertThat(stage.space().residency(s).bytes(PageState.CPU)).isEqualTo(3 * GRANULE);
    long faults = stage.space().statistics().total().hostFaults();
    stage.host().read(s.address() + GRANULE, 1);
    assertThat(stage.space().statistics().total().hostFaults()).isEqualTo(faults);
    stage.atEnd();
  }

  @Test
  void aPrefetchReturnsWhileTheDeviceIsStillAtIt() throws InterruptedException {
    stage.attach(d);
    MemorySegment s = stage.granules(1);
    Stalled maps = Stalled.mapsOf(d);
    Transfer transfer = prefetch(s, d);
    maps.asked().await();
    assertThat(transfer.isDone()).isFalse();
    CompletableFuture<Long> bytes = new CompletableFuture<>();
    transfer.completion().thenAccept(result -> bytes.complete(result.bytes()));
    maps.goOn().countDown();
    assertThat(bytes.join()).isZero();
    transfer.join();
  }

  @Test
  void aPrefetchThatFailsSaysSoAndLeavesTheValidCopy() {
    stage.attach(d);
    MemorySegment s = stage.granules(2);
    stage.host().write(s.address(), 1, 7);
    d.answer(call -> call.kind() == Kind.MAP ? GmStatus.DMA_ERROR : GmStatus.SUCCESS);
    Transfer transfer = prefetch(s, d);
    assertThatThrownBy(transfer::join)
        .isInstanceOf(TransferException.class)
        .hasMessageContaining("device=d0 status=DMA_ERROR");
    assertThat(transfer.isDone()).isTrue();
    assertThatThrownBy(() -> transfer.completion().toCompletableFuture().join())
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(TransferException.class);
    assertThat(stage.host().read(s.address(), 1)).isEqualTo(7);
    stage.atEnd();
    d.answer(call -> GmStatus.SUCCESS);
    Launch launch = launch(kernel(d, "READ"), s);
    onD.awaitStarted(1).finish();
    launch.join();
    stage.atEnd();
  }

  // ---- order ----

  @Test
  void aPrefetchWaitsForAnEarlierLaunchThatWritesTheRange() {
    Kernel writes = kernel(d, "READ_WRITE");
    stage.attach(e);
    MemorySegment s = stage.granules(1);
    Launch launch = launch(writes, s);
    onD.awaitStarted(1);
    Transfer transfer = prefetch(s, e);
    Transfer back = stage.space().prefetchToHost(s);
    assertThat(transfer.isDone()).isFalse();
    onD.last().finish();
    launch.join();
    transfer.join();
    assertThat(e.calls(Kind.MAP)).hasSize(1);
    back.join();
    assertThat(stage.state(s, 0)).isEqualTo("SHARED[d1]");
  }

  @Test
  void aPrefetchDoesNotWaitForAnEarlierLaunchThatReadsTheRangeAndShares() {
    Kernel reads = kernel(d, "READ");
    stage.attach(e);
    MemorySegment s = stage.granules(1);
    launch(reads, s);
    onD.awaitStarted(1);
    prefetch(s, e).join();
    stage.space().prefetchToHost(s).join();
    assertThat(stage.state(s, 0)).isEqualTo("SHARED[d0, d1]");
    onD.last().finish();
  }

  @Test
  void aPrefetchWaitsForAnEarlierLaunchThatReadsTheRangeAloneAndFailedOnesCountAsEnded() {
    d.without(GmCapability.READ_ONLY_MAPPING);
    Kernel reads = kernel(d, "READ");
    stage.attach(e);
    MemorySegment s = stage.granules(1);
    launch(reads, s);
    onD.awaitStarted(1);
    Transfer transfer = prefetch(s, e);
    Transfer home = stage.space().prefetchToHost(s);
    assertThat(transfer.isDone() || home.isDone()).isFalse();
    onD.last().end().completeExceptionally(new RuntimeException("the kernel's own fault"));
    transfer.join();
    home.join();
    assertThat(stage.state(s, 0)).isEqualTo("SHARED[d1]");
  }

  @Test
  void aLaterLaunchFindsWhatAPrefetchHasBrought() throws InterruptedException {
    FakeDevice r = stage.fake("r");
    FakeCompute onR = r.computes();
    stage.attach(r);
    Kernel reads = stage.kernel(r, "k READ");
    MemorySegment s = stage.granules(2);
    stage.host().write(s.address(), 1, 7);
    Stalled maps = Stalled.mapsOf(r);
    prefetch(s, r);
    Launch launch = launch(reads, s);
    maps.asked().await();
    assertThat(onR.started()).isEmpty();
    maps.goOn().countDown();
    onR.awaitStarted(1);
    r.read(s.address() + GRANULE, 1);
    assertThat(r.read(s.address(), 1)).isEqualTo(7);
    onR.last().finish();
    launch.join();
    assertThat(stage.space().statistics().devices().get("r").faults()).isZero();
  }

  /** The launch holds its argument, but must not hold up the transfer that it waits for. */
  @Test
  void aPrefetchToTheHostPassesTheHoldOfALaterLaunch() {
    Kernel writes = kernel(d, "READ_WRITE");
    MemorySegment s = stage.granules(2);
    Launch first = launch(writes, s);
    onD.awaitStarted(1);
    Transfer home = stage.space().prefetchToHost(s);
    Launch second = launch(writes, s);
    onD.last().finish();
    first.join();
    assertThat(home.join().bytes()).isEqualTo(2 * GRANULE);
    onD.awaitStarted(2);
    onD.last().finish();
    second.join();
    stage.atEnd();
  }

  @Test
  void transfersOfTheSameRangeComeInTheirOrder() {
    stage.attach(d.without(GmCapability.READ_ONLY_MAPPING));
    stage.attach(e.without(GmCapability.READ_ONLY_MAPPING));
    MemorySegment s = stage.granules(3);
    for (int round = 0; round < 50; round++) {
      prefetch(s, d);
      stage.space().prefetchToHost(s);
      Transfer last = prefetch(s, round % 2 == 0 ? e : d);
      last.join();
      assertThat(stage.state(s, 0)).isEqualTo(round % 2 == 0 ? "DEVICE[d1]" : "DEVICE[d0]");
    }
  }

  @Test
  void theOrderIsThatOfGranules() {
    Kernel writes = kernel(d, "READ_WRITE");
    MemorySegment s = stage.granules(4);
    launch(writes, s.asSlice(10, GRANULE));
    onD.awaitStarted(1);
    Transfer beside = stage.space().prefetchToHost(s.asSlice(2 * GRANULE));
    beside.join();
    Transfer touching = stage.space().prefetchToHost(s.asSlice(2 * GRANULE - 1));
    assertThat(touching.isDone()).isFalse();
    onD.last().finish();
    touching.join();
  }

  // ---- ends ----

  @Test
  void closingAnArenaWaitsForTransfers() {
    Kernel writes = kernel(d, "READ_WRITE");
    MemorySegment s;
    Transfer transfer;
    Transfer home;
    try (Arena arena = stage.space().arena()) {
      s = arena.allocate(GRANULE, GRANULE);
      launch(writes, s);
      onD.awaitStarted(1);
      transfer = prefetch(s, d);
      home = stage.space().prefetchToHost(s);
      onD.last().finish();
    }
    assertThat(transfer.isDone()).isTrue();
    assertThat(home.isDone()).isTrue();
    transfer.join();
    home.join();
    assertThat(d.mapped()).isZero();
    assertThatThrownBy(() -> prefetch(s, d))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Already closed");
  }

  @Test
  void detachingWaitsForTransfersToTheDeviceAndTakesNoMore() throws InterruptedException {
    Device device = stage.attach(d);
    MemorySegment s = stage.granules(1);
    Stalled maps = Stalled.mapsOf(d);
    Transfer transfer = prefetch(s, d);
    maps.asked().await();
    Thread detaching = Thread.ofPlatform().start(() -> stage.space().detach(device));
    while (true) {
      try {
        prefetch(s, d);
      } catch (IllegalStateException refused) {
        assertThat(refused).hasMessageContaining("device=d0");
        break;
      }
      Thread.onSpinWait();
    }
    assertThat(d.isAttached()).isTrue();
    maps.goOn().countDown();
    detaching.join();
    transfer.join();
    assertThat(d.isAttached()).isFalse();
    assertThatThrownBy(() -> stage.space().prefetch(s, device))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("id=d0");
  }

  @Test
  void aTransferOnAVirtualThreadAndOneThatIsInterruptedEndAsOthersDo() throws Exception {
    Kernel writes = kernel(d, "READ_WRITE");
    MemorySegment s = stage.granules(1);
    launch(writes, s);
    onD.awaitStarted(1);
    Transfer home = stage.space().prefetchToHost(s);
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Thread joins =
        Thread.ofVirtual()
            .start(
                () -> {
                  Thread.currentThread().interrupt();
                  home.join();
                  interrupted.complete(Thread.currentThread().isInterrupted());
                });
    onD.last().finish();
    joins.join();
    assertThat(interrupted.join()).isTrue();
  }

  @Test
  void theEndOfALaunchThatWroteIsSeenByATransferToAnotherDevice() {
    onD.onStart(
        launch -> {
          d.write(launch.address(0), 1, 42);
          launch.finish();
        });
    Kernel writes = kernel(d, "READ_WRITE");
    onE.onStart(
        launch -> {
          e.read(launch.address(0), 1);
          launch.finish();
        });
    Kernel reads = kernel(e, "READ");
    MemorySegment s = stage.granules(1);
    for (int round = 0; round < 100; round++) {
      launch(writes, s);
      prefetch(s, e);
      launch(reads, s).join();
    }
    assertThat(stage.host().read(s.address(), 1)).isEqualTo(42);
    stage.atEnd();
  }
}
