package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Advice;
import dev.gmem.Device;
import dev.gmem.DeviceException;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PinnedMemoryException;
import dev.gmem.Transfer;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How much of a device a space may use can be changed while it does. */
@Timeout(60)
class QuotaTest {
  private static final int MEMORY = 8; // granules

  private final Stage stage = new Stage();

  private FakeDevice device() {
    FakeDevice d = stage.fake("d0").memoryBytes((long) MEMORY * GRANULE);
    stage.attach(d);
    return d;
  }

  private FakeDevice faultless() {
    return stage.faultless("d0").memoryBytes((long) MEMORY * GRANULE);
  }

  private void quota(FakeDevice d, int granules) {
    stage.space().quota(stage.view(d), (long) granules * GRANULE);
  }

  private long resident() {
    return stage.space().statistics().devices().get("d0").residentBytes() / GRANULE;
  }

  private static void write(FakeDevice d, MemorySegment segment, int first, int end) {
    for (int i = first; i < end; i++) {
      d.write(segment.address() + (long) i * GRANULE, 1, i + 1);
    }
  }

  private void expect(MemorySegment segment, int first, int end) {
    for (int i = first; i < end; i++) {
      assertThat(stage.host().read(segment.address() + (long) i * GRANULE, 1)).isEqualTo(i + 1);
    }
  }

  private CompletableFuture<Void> later(Runnable change) {
    return CompletableFuture.runAsync(change, task -> Thread.ofPlatform().start(task));
  }

  // ---- smaller ----

  @Test
  void aSmallerQuotaEvictsWhatHasNotBeenUsedForLongest() {
    FakeDevice d = device();
    MemorySegment s = stage.granules(MEMORY);
    write(d, s, 0, MEMORY);
    quota(d, 3);
    assertThat(resident()).isEqualTo(3);
    assertThat(d.mappedBytes()).isEqualTo(3L * GRANULE);
    assertThat(stage.state(s, MEMORY - 4)).isEqualTo("EVICTED");
    assertThat(stage.state(s, MEMORY - 3)).isEqualTo("DEVICE[d0]");
    assertThat(stage.space().statistics().devices().get("d0").bytesEvicted())
        .isEqualTo((MEMORY - 3L) * GRANULE);
    expect(s, 0, MEMORY);
    stage.close();
  }

  @Test
  void nobodyTakesMoreThanTheQuota() {
    FakeDevice d = device();
    quota(d, 3);
    MemorySegment s = stage.granules(2 * MEMORY);
    for (int i = 0; i < 2 * MEMORY; i++) {
      write(d, s, i, i + 1);
      assertThat(d.mappedBytes()).isLessThanOrEqualTo(3L * GRANULE);
    }
    assertThat(resident()).isEqualTo(3);
    expect(s, 0, 2 * MEMORY);
    stage.close();
  }

  @Test
  void whatALaunchKeepsIsWaitedFor() {
    FakeDevice d = faultless();
    FakeCompute compute = d.computes();
    stage.attach(d);
    Kernel k = stage.kernel(d, "k READ_WRITE");
    MemorySegment s = stage.granules(4);
    Launch launch = k.launch(NdRange.of(1), s);
    FakeCompute.Started kernel = compute.awaitStarted(1);
    write(d, s, 0, 4);
    AtomicBoolean ended = new AtomicBoolean();
    CompletableFuture<Void> change =
        later(
            () -> {
              quota(d, 2);
              assertThat(ended).as("the kernel has ended").isTrue();
            });
    while (stage.view(d).quotaBytes() != 2L * GRANULE) {
      Thread.onSpinWait();
    }
    assertThat(resident()).isEqualTo(4);
    ended.set(true);
    kernel.finish();
    change.join();
    launch.join();
    assertThat(resident()).isEqualTo(2);
    expect(s, 0, 4);
    stage.close();
  }

  @Test
  void aLaunchThatComesToNeedMoreThanTheQuotaFails() {
    FakeDevice d = faultless();
    FakeCompute compute = d.computes();
    stage.attach(d);
    Kernel k = stage.kernel(d, "k READ_WRITE");
    MemorySegment s = stage.granules(4);
    Launch first = k.launch(NdRange.of(1), s.asSlice(0, 2 * GRANULE));
    FakeCompute.Started kernel = compute.awaitStarted(1);
    write(d, s, 0, 2);
    Launch second = k.launch(NdRange.of(1), s); // waits for the first
    quota(d, 3); // the first has room
    kernel.finish();
    first.join();
    assertThatThrownBy(second::join)
        .isInstanceOf(DeviceMemoryExhaustedException.class)
        .hasMessageContaining("a larger quota")
        .hasMessageContaining("neededBytes=" + 4 * GRANULE + " quotaBytes=" + 3 * GRANULE);
    assertThat(compute.started()).hasSize(1);
    expect(s, 0, 2);
    stage.close();
  }

  @Test
  void whatIsPinnedToTheDeviceStaysAndSoDoesTheQuota() {
    FakeDevice d = device();
    MemorySegment s = stage.granules(MEMORY);
    write(d, s, 0, MEMORY);
    MemorySegment pinned = s.asSlice(0, 4 * GRANULE);
    stage.space().advise(pinned, Advice.pin(stage.view(d))).join();
    assertThatThrownBy(() -> quota(d, 3))
        .isInstanceOf(PinnedMemoryException.class)
        .hasMessageContaining("device=d0 quotaBytes=" + 3 * GRANULE + " usedBytes=" + 4 * GRANULE);
    assertThat(stage.view(d).quotaBytes()).isEqualTo((long) MEMORY * GRANULE);
    write(d, s, 4, MEMORY); // there is room
    assertThat(resident()).isEqualTo(MEMORY);
    quota(d, 4);
    assertThat(resident()).isEqualTo(4);
    stage.space().advise(pinned, Advice.unpin()).join();
    quota(d, 3);
    assertThat(resident()).isEqualTo(3);
    expect(s, 0, MEMORY);
    stage.close();
  }

  @Test
  void ifTheDeviceDoesNotGiveBackTheQuotaStays() {
    FakeDevice d = device();
    MemorySegment s = stage.granules(4);
    write(d, s, 0, 4);
    d.answer(call -> call.kind() == Kind.UNMAP ? GmStatus.DMA_ERROR : GmStatus.SUCCESS);
    assertThatThrownBy(() -> quota(d, 3))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("DMA_ERROR");
    assertThat(stage.view(d).quotaBytes()).isEqualTo((long) MEMORY * GRANULE);
    d.answer(call -> GmStatus.SUCCESS);
    quota(d, 3);
    assertThat(resident()).isEqualTo(3);
    expect(s, 0, 4);
    stage.close();
  }

  @Test
  void aDeviceThatIsBusyIsAskedAgain() {
    FakeDevice d = device();
    MemorySegment s = stage.granules(1);
    MemorySegment t = stage.granules(1);
    write(d, s, 0, 1);
    write(d, t, 0, 1);
    int[] busy = {3};
    d.answer(
        call -> call.kind() == Kind.UNMAP && busy[0]-- > 0 ? GmStatus.MIGRATING : GmStatus.SUCCESS);
    quota(d, 1);
    assertThat(resident()).isEqualTo(1);
    assertThat(busy[0]).isLessThanOrEqualTo(0);
    expect(s, 0, 1);
    expect(t, 0, 1);
    stage.close();
  }

  // ---- larger ----

  @Test
  void aLargerQuotaLetsThoseGoOnWhoWaitForRoom() {
    FakeDevice d = faultless();
    FakeCompute compute = d.computes();
    stage.attach(d);
    quota(d, 2);
    Kernel k = stage.kernel(d, "k READ_WRITE");
    Launch launch = k.launch(NdRange.of(1), stage.granules(2));
    FakeCompute.Started kernel = compute.awaitStarted(1);
    Transfer transfer = stage.space().prefetch(stage.granules(1), stage.view(d));
    quota(d, 3);
    transfer.join(); // the kernel runs on
    assertThat(resident()).isEqualTo(3);
    assertThat(launch.isDone()).isFalse();
    kernel.finish();
    launch.join();
    stage.close();
  }

  // ---- what it may be ----

  @Test
  void theQuotaIsWhatWasAskedForAndARestOfLessThanAGranuleIsNotUsed() {
    FakeDevice d = device();
    Device view = stage.view(d);
    assertThat(view.quotaBytes()).isEqualTo(view.memoryBytes());
    stage.space().quota(view, 2 * GRANULE + 100);
    assertThat(view.quotaBytes()).isEqualTo(2 * GRANULE + 100);
    assertThat(stage.space().statistics().devices().get("d0").quotaBytes())
        .isEqualTo(2 * GRANULE + 100);
    write(d, stage.granules(4), 0, 4);
    assertThat(resident()).isEqualTo(2);
    stage.space().quota(view, view.memoryBytes());
    write(d, stage.granules(4), 0, 4);
    assertThat(resident()).isEqualTo(6);
    stage.close();
  }

  @Test
  void whatCannotBeAQuotaIsRefused() {
    FakeDevice d = device();
    Device view = stage.view(d);
    for (long bytes : new long[] {0, -1, Long.MIN_VALUE, GRANULE - 1}) {
      assertThatThrownBy(() -> stage.space().quota(view, bytes))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must leave room for a granule")
          .hasMessageContaining("device=d0 bytes=" + bytes + " granuleBytes=" + GRANULE);
    }
    long more = (long) MEMORY * GRANULE + 1;
    assertThatThrownBy(() -> stage.space().quota(view, more))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("device=d0 bytes=" + more + " memoryBytes=" + (more - 1));
    assertThat(view.quotaBytes()).isEqualTo((long) MEMORY * GRANULE);
    stage.space().detach(view);
    assertThatThrownBy(() -> stage.space().quota(view, GRANULE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not attached to this space: id=d0");
    stage.close();
    assertThatThrownBy(() -> stage.space().quota(view, GRANULE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void nothingBoundsADeviceThatMapsHostMemory() {
    FakeDevice d =
        stage.fake("d0").with(GmCapability.REMOTE_MAPPING).memoryBytes((long) MEMORY * GRANULE);
    Device view = stage.attach(d);
    assertThat(view.quotaBytes()).isEqualTo(Long.MAX_VALUE);
    assertThatThrownBy(() -> quota(d, 2))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("device=d0 capability=REMOTE_MAPPING");
    stage.close();
  }

  @Test
  void aDeviceOnTheHostsFramesIsWithinAnyQuota() {
    FakeDevice d = faultless().with(GmCapability.HOST_COHERENT);
    d.computes().onStart(FakeCompute.Started::finish);
    stage.attach(d);
    quota(d, 1);
    stage.kernel(d, "k READ_WRITE").launch(NdRange.of(1), stage.granules(4)).join();
    assertThat(resident()).isZero();
    stage.close();
  }

  // ---- together ----

  @Test
  void quotasChangeWhileEverythingMoves() {
    FakeDevice d = faultless();
    d.computes()
        .onStart(
            launch ->
                Thread.startVirtualThread(
                    () -> {
                      d.write(launch.address(0), 1, 1 + d.read(launch.address(0), 1));
                      launch.finish();
                    }));
    stage.attach(d);
    Kernel k = stage.kernel(d, "k READ_WRITE");
    MemorySegment[] parts = new MemorySegment[6];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = stage.granules(2);
    }
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Void> changes =
        later(
            () -> {
              for (int i = 0; !done.get(); i++) {
                int granules = 2 + i % (MEMORY - 1);
                quota(d, granules);
                assertThat(d.mappedBytes()).isLessThanOrEqualTo((long) granules * GRANULE);
              }
            });
    for (int round = 0; round < 200; round++) {
      Launch[] launches = new Launch[parts.length];
      for (int i = 0; i < parts.length; i++) {
        launches[i] = k.launch(NdRange.of(1), parts[i]);
      }
      for (Launch launch : launches) {
        launch.join();
      }
    }
    done.set(true);
    changes.join();
    for (MemorySegment part : parts) {
      assertThat(stage.host().read(part.address(), 1)).isEqualTo(200);
    }
    stage.atEnd();
    stage.close();
  }
}
