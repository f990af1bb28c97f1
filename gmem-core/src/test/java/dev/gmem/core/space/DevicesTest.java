package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Device;
import dev.gmem.DeviceException;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.NdRange;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DevicesTest {
  private final Stage stage = new Stage();

  // ---- who is told of what ----

  @Test
  void everyDeviceIsToldOfEveryAllocationOnceAndToldToForgetItOnce() {
    FakeDevice early = stage.device("early");
    MemorySegment s = stage.granules(1);
    FakeDevice late = stage.device("late");
    Arena other = stage.space().arena();
    MemorySegment t = other.allocate(2 * GRANULE, GRANULE);
    for (FakeDevice device : List.of(early, late)) {
      assertThat(device.announced()).containsExactlyInAnyOrder(s.address(), t.address());
    }
    other.close();
    assertThat(early.announced()).containsExactly(s.address());
    stage.space().detach(stage.view(late));
    assertThat(late.announced()).isEmpty();
    stage.arena().close();
    for (FakeDevice device : List.of(early, late)) {
      assertThat(device.calls(Kind.VA_ALLOC)).hasSize(2);
      assertThat(ranges(device, Kind.VA_FREE)).hasSameElementsAs(ranges(device, Kind.VA_ALLOC));
    }
  }

  private static List<GmRange> ranges(FakeDevice device, Kind kind) {
    return device.calls(kind).stream().map(FakeDevice.Call::range).toList();
  }

  @Test
  void ifADeviceCannotUseAPlaceAnotherIsTried() {
    FakeDevice d = stage.device("d0");
    FakeDevice picky = stage.device("picky");
    List<Long> refused = new ArrayList<>();
    picky.answer(
        call -> {
          if (call.kind() == Kind.VA_ALLOC && refused.size() < 3) {
            refused.add(call.range().address());
            return GmStatus.PAGE_EXIST;
          }
          return GmStatus.SUCCESS;
        });
    MemorySegment s = stage.granules(1);
    assertThat(refused).doesNotHaveDuplicates().doesNotContain(s.address());
    assertThat(d.announced()).containsExactly(s.address());
    assertThat(picky.announced()).containsExactly(s.address());
    assertThat(d.calls(Kind.VA_FREE)).hasSize(3);
    // The places that did not do are free again.
    picky.answer(call -> GmStatus.SUCCESS);
    assertThat(refused).contains(stage.granules(1).address());
  }

  @Test
  void ifNoPlaceDoesTheAllocationFailsAndLeavesNothingBehind() {
    FakeDevice d = stage.device("d0");
    stage.device("picky").answer(call -> GmStatus.PAGE_EXIST);
    assertThatThrownBy(() -> stage.granules(1))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("agree on no place")
        .hasMessageContaining("device=picky");
    assertThat(d.announced()).isEmpty();
    assertThat(d.calls(Kind.VA_ALLOC)).hasSize(8);
    nothingIsLeft();
  }

  @Test
  void aDeviceThatCannotTakeAnAllocationAtAllIsNotAskedAgain() {
    FakeDevice d = stage.device("d0");
    stage.device("full").answer(call -> GmStatus.NOMEM);
    assertThatThrownBy(() -> stage.granules(1))
        .isInstanceOf(DeviceMemoryExhaustedException.class)
        .hasMessageContaining("device=full");
    assertThat(d.calls(Kind.VA_ALLOC)).hasSize(1);
    assertThat(d.announced()).isEmpty();
    nothingIsLeft();
  }

  @Test
  void aDeviceThatThrowsOrSaysNothingIsAFailureWithItsCause() {
    FakeDevice d = stage.device("d0");
    FakeDevice broken = stage.device("broken");
    RuntimeException exception = new RuntimeException("cable");
    broken.answer(
        call -> {
          throw exception;
        });
    assertThatThrownBy(() -> stage.granules(1))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("device=broken status=FAILURE_UNKNOWN")
        .hasCause(exception);
    Error error = new OutOfMemoryError("of the driver");
    broken.answer(
        call -> {
          throw error;
        });
    assertThatThrownBy(() -> stage.granules(1))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("device=broken status=FAILURE_UNKNOWN")
        .hasCause(error);
    assertThat(d.announced()).isEmpty();
    broken.answer(call -> null);
    assertThatThrownBy(() -> stage.granules(1))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("status=FAILURE_UNKNOWN");
    assertThat(d.announced()).isEmpty();
    nothingIsLeft();
  }

  private void nothingIsLeft() {
    assertThat(stage.host().committedBlocks()).isZero();
    assertThat(stage.space().statistics().allocatedBytes()).isZero();
    for (Device device : stage.space().devices()) {
      fakeOf(device).answer(call -> GmStatus.SUCCESS);
    }
    assertThat(stage.arena().allocate(2 << 20, 1).byteSize()).isEqualTo(2 << 20);
  }

  private static FakeDevice fakeOf(Device device) {
    return (FakeDevice) SpaceProbe.slot(device).device();
  }

  // ---- attaching ----

  @Test
  void aDeviceThatRefusesWhatExistsIsNotAttached() {
    MemorySegment s = stage.granules(1);
    MemorySegment t = stage.granules(1);
    FakeDevice picky = stage.fake("picky");
    picky.answer(
        call ->
            call.kind() == Kind.VA_ALLOC && call.range().address() == t.address()
                ? GmStatus.PAGE_EXIST
                : GmStatus.SUCCESS);
    assertThatThrownBy(() -> stage.attach(picky))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("device=picky status=PAGE_EXIST");
    assertThat(picky.isAttached()).isFalse();
    assertThat(picky.announced()).isEmpty();
    assertThat(ranges(picky, Kind.VA_FREE))
        .extracting(GmRange::address)
        .containsExactly(s.address());
    assertThat(stage.space().devices()).isEmpty();
    FakeDevice good = stage.device("picky");
    assertThat(good.announced()).containsExactlyInAnyOrder(s.address(), t.address());
  }

  @Test
  void identifiersAreUniqueInASpace() {
    stage.device("d0");
    FakeDevice twin = stage.fake("d0");
    assertThatThrownBy(() -> stage.attach(twin))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("id=d0");
    assertThat(twin.isAttached()).isFalse();
    assertThat(stage.space().devices()).hasSize(1);
  }

  @Test
  void aSpaceHasRoomForThirtyTwoDevicesAndNumbersThemFromOne() {
    for (int i = 0; i < 32; i++) {
      assertThat(stage.attach(stage.fake("d" + i)).node()).isEqualTo(i + 1);
    }
    assertThatThrownBy(() -> stage.attach(stage.fake("d32")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("devicesMax=32");
    stage.space().detach(stage.space().devices().get(7));
    assertThat(stage.attach(stage.fake("d33")).node()).isEqualTo(8);
  }

  @Test
  void aDeviceNeedsRoomForAGranule() {
    assertThatThrownBy(() -> stage.attach(stage.fake("tiny").memoryBytes(GRANULE - 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("memoryBytes=" + (GRANULE - 1));
  }

  @Test
  void aDeviceThatDoesNotExistIsNamedAndNoOtherIsTaken() {
    stage.device("d0");
    assertThatThrownBy(() -> stage.space().device("d1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("id=d1")
        .hasMessageContaining("d0 (attached)");
    assertThat(stage.space().device("d0").id()).isEqualTo("d0");
    assertThat(stage.space().device().id()).isEqualTo("d0");
  }

  // ---- detaching ----

  @Test
  void detachingBringsEverythingHome() {
    FakeDevice d = stage.device("d0");
    FakeDevice e = stage.device("d1");
    MemorySegment s = stage.granules(3);
    d.write(s.address(), 8, 42);
    e.read(s.address() + GRANULE, 1);
    d.read(s.address() + GRANULE, 1);
    d.read(s.address() + 2 * GRANULE, 1);
    stage.space().detach(stage.view(d));
    assertThat(d.mapped()).isZero();
    assertThat(d.isAttached()).isFalse();
    assertThat(d.isClosed()).isTrue();
    assertThat(stage.state(s, 0)).isEqualTo("EVICTED");
    assertThat(stage.state(s, 1)).isEqualTo("SHARED[d1]");
    assertThat(stage.state(s, 2)).isEqualTo("CPU");
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(42);
    assertThat(stage.space().statistics().devices().get("d0").faults()).isEqualTo(3);
    assertThat(stage.space().devices()).extracting(Device::id).containsExactly("d1");
    stage.atEnd();
  }

  @Test
  void aDeviceThatDoesNotGiveItsDataBackStaysAttached() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(1);
    d.write(s.address(), 8, 42);
    d.answer(call -> call.kind() == Kind.UNMAP ? GmStatus.DMA_ERROR : GmStatus.SUCCESS);
    assertThatThrownBy(() -> stage.space().detach(stage.view(d)))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("DMA_ERROR");
    assertThat(stage.space().devices()).hasSize(1);
    assertThat(stage.state(s, 0)).isEqualTo("DEVICE[d0]");
    d.answer(call -> GmStatus.SUCCESS);
    d.write(s.address(), 8, 43);
    MemorySegment t = stage.granules(1);
    d.write(t.address(), 8, 44);
    stage.space().detach(stage.view(d));
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(43);
    assertThat(stage.host().read(t.address(), 8)).isEqualTo(44);
  }

  @Test
  void aDeviceThatFailsToForgetIsDetachedAllTheSame() {
    FakeDevice d = stage.device("d0");
    stage.granules(1);
    Error cause = new OutOfMemoryError("of the driver");
    d.answer(
        call -> {
          if (call.kind() == Kind.VA_FREE) {
            d.forgetAll();
            throw cause;
          }
          return GmStatus.SUCCESS;
        });
    assertThatThrownBy(() -> stage.space().detach(stage.view(d)))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("device=d0 status=FAILURE_UNKNOWN")
        .hasCause(cause);
    assertThat(d.isAttached()).isFalse();
    assertThat(d.isClosed()).isTrue();
    assertThat(stage.space().devices()).isEmpty();
  }

  @Test
  void aDetachedDeviceTakesNothingMore() {
    FakeDevice d = stage.fake("d0");
    FakeCompute compute = d.computes();
    Device device = stage.attach(d);
    Kernel kernel = device.load(KernelSource.openCl("k READ")).kernel("k");
    MemorySegment s = stage.granules(1);
    stage.space().detach(device);
    assertThatThrownBy(() -> kernel.launch(NdRange.of(1), s))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("device=d0");
    assertThatThrownBy(() -> device.load(KernelSource.openCl("other READ")))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> stage.space().prefetch(s, device))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> stage.space().detach(device))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(compute.started()).isEmpty();
    assertThat(compute.closedPrograms()).isEqualTo(1);
  }

  @Test
  void aDeviceThatTakesTheNumberOfAnotherInheritsNothing() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(1);
    d.write(s.address(), 1, 7);
    stage.space().detach(stage.view(d));
    FakeDevice e = stage.device("d1");
    DeviceSlot slot = SpaceProbe.slot(stage.view(e));
    assertThat(slot.usedBytes()).isZero();
    assertThat(e.announced()).containsExactly(s.address());
    assertThat(e.read(s.address(), 1)).isEqualTo(7);
    stage.atEnd();
  }
}
