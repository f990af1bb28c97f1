package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.AddressSpaceExhaustedException;
import dev.gmem.Advice;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.PinnedMemoryException;
import dev.gmem.Residency;
import dev.gmem.Transfer;
import dev.gmem.TransferException;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What follows from each kind of advice, how it rounds, and what is refused. */
@Timeout(60)
class AdviceTest {
  private final Stage stage = new Stage();

  private Transfer advise(MemorySegment segment, Advice advice) {
    return stage.space().advise(segment, advice);
  }

  private Residency.Advised advised(MemorySegment segment, int granule) {
    return stage
        .space()
        .residency(segment.asSlice((long) granule * GRANULE, 1))
        .extents()
        .getFirst()
        .advised();
  }

  private static MemorySegment slice(MemorySegment segment, double from, double to) {
    long first = (long) (from * GRANULE);
    return segment.asSlice(first, (long) (to * GRANULE) - first);
  }

  // ---- don't need ----

  @Test
  void whatIsNotNeededReadsAsZeroWhereverItWasAndIsNotCopied() {
    FakeDevice d = stage.device("d0");
    FakeDevice small = stage.fake("small").memoryBytes(GRANULE);
    stage.attach(small);
    MemorySegment s = stage.granules(5);
    stage.host().write(s.address(), 8, 1); // NOMAP, touched
    d.write(s.address() + GRANULE, 8, 2); // DEVICE
    stage.host().write(s.address() + 2 * GRANULE, 8, 3);
    d.read(s.address() + 2 * GRANULE, 8); // SHARED
    small.write(s.address() + 3 * GRANULE, 8, 4);
    small.write(s.address() + 4 * GRANULE, 8, 5); // the one before is EVICTED now
    d.clearCalls();
    long handshakes = stage.host().handshakes();
    assertThat(advise(s.asSlice(0, 4 * GRANULE), Advice.dontNeed()).join().bytes()).isZero();
    assertThat(stage.host().handshakes()).as("nobody is reading it").isGreaterThan(handshakes);
    assertThat(d.calls()).noneMatch(FakeDevice.Call::copy);
    assertThat(stage.space().residency(s).granules())
        .containsExactly(
            PageState.NOMAP, PageState.NOMAP, PageState.NOMAP, PageState.NOMAP, PageState.DEVICE);
    for (int granule = 0; granule < 4; granule++) {
      assertThat(stage.host().read(s.address() + (long) granule * GRANULE, 8)).isZero();
    }
    assertThat(stage.host().read(s.address() + 4 * GRANULE, 8)).isEqualTo(5);
    stage.atEnd();
  }

  @Test
  void whatIsNotNeededRoundsInwards() {
    MemorySegment s = stage.granules(3);
    for (int granule = 0; granule < 3; granule++) {
      stage.host().write(s.address() + (long) granule * GRANULE, 8, 7);
    }
    advise(slice(s, 0.5, 2.5), Advice.dontNeed()).join();
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(7);
    assertThat(stage.host().read(s.address() + GRANULE, 8)).isZero();
    assertThat(stage.host().read(s.address() + 2 * GRANULE, 8)).isEqualTo(7);
    advise(slice(s, 0.1, 0.9), Advice.dontNeed()).join();
    assertThat(stage.host().read(s.address(), 8)).as("nothing lies wholly inside").isEqualTo(7);
  }

  @Test
  void whatIsNotNeededIsDroppedAfterTheLaunchThatUsesItAndBeforeTheNext() {
    FakeDevice d = stage.faultless("d0");
    FakeCompute compute = d.computes();
    stage.attach(d);
    Kernel k = stage.kernel(d, "k READ_WRITE");
    MemorySegment s = stage.granules(1);
    Launch first = k.launch(NdRange.of(1), s);
    FakeCompute.Started running = compute.awaitStarted(1);
    d.write(s.address(), 8, 5);
    Transfer drop = advise(s, Advice.dontNeed());
    Launch next = k.launch(NdRange.of(1), s);
    assertThat(drop.isDone()).isFalse();
    running.finish();
    first.join();
    drop.join();
    FakeCompute.Started second = compute.awaitStarted(2);
    assertThat(d.read(s.address(), 8)).isZero();
    second.finish();
    next.join();
    stage.atEnd();
  }

  @Test
  void whatADeviceDoesNotLetGoOfIsNotDropped() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(1);
    d.write(s.address(), 8, 5);
    d.answer(call -> call.kind() == Kind.UNMAP ? GmStatus.DMA_ERROR : GmStatus.SUCCESS);
    assertThatThrownBy(() -> advise(s, Advice.dontNeed()).join())
        .isInstanceOf(TransferException.class);
    d.answer(call -> GmStatus.SUCCESS);
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(5);
    stage.atEnd();
  }

  @Test
  void whatIsDroppedIsZeroThoughTheSystemKeepsTheFrames() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(2);
    stage.host().write(s.address(), 8, 3);
    stage.host().write(s.address() + GRANULE, 8, 4);
    d.write(s.address(), 8, 5);
    stage.host().failNextDiscard(new AddressSpaceExhaustedException("no"));
    advise(s, Advice.dontNeed()).join();
    assertThat(stage.host().read(s.address(), 8)).isZero(); // neither 5, nor the frame's old 3
    assertThat(stage.host().read(s.address() + GRANULE, 8)).isZero();
    assertThat(d.read(s.address(), 8)).isZero();
    stage.atEnd();
  }

  // ---- read mostly, preferred ----

  @Test
  void theOwnerOfWhatIsReadMostlyKeepsACopyAndAWriteTakesItAway() {
    FakeDevice d = stage.fake("d0").protects().copies();
    FakeDevice e = stage.fake("d1");
    stage.attach(d);
    stage.attach(e);
    MemorySegment s = stage.granules(2);
    advise(s.asSlice(10, 1), Advice.readMostly()).join();
    assertThat(advised(s, 0).readMostly()).isTrue();
    assertThat(advised(s, 1).readMostly()).isFalse();
    d.write(s.address(), 8, 5);
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(5);
    assertThat(stage.state(s, 0)).isEqualTo("SHARED[d0]");
    assertThat(d.calls(Kind.UNMAP)).isEmpty();
    d.write(s.address(), 8, 6);
    assertThat(stage.state(s, 0)).isEqualTo("DEVICE[d0]");
    assertThat(e.read(s.address(), 8)).isEqualTo(6);
    assertThat(stage.state(s, 0)).isEqualTo("SHARED[d0, d1]");
    stage.host().write(s.address(), 8, 7);
    assertThat(stage.state(s, 0)).isEqualTo("CPU");
    d.write(s.address() + GRANULE, 8, 8);
    assertThat(stage.host().read(s.address() + GRANULE, 8)).isEqualTo(8);
    assertThat(stage.state(s, 1)).as("not advised").isEqualTo("CPU");
    advise(s, Advice.notReadMostly()).join();
    assertThat(advised(s, 0)).isEqualTo(Residency.Advised.NOTHING);
    stage.atEnd();
  }

  @Test
  void aDeviceThatDoesNotCopyKeepsItsCopyByMappingItAgain() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(1);
    advise(s, Advice.readMostly()).join();
    d.write(s.address(), 8, 5);
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(5);
    assertThat(stage.state(s, 0)).isEqualTo("SHARED[d0]");
    stage.atEnd();
    d.write(s.address(), 8, 6);
    d.answer(call -> call.kind() == Kind.MAP ? GmStatus.NOMEM : GmStatus.SUCCESS);
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(6);
    assertThat(stage.state(s, 0)).as("it has no room, so it keeps none").isEqualTo("CPU");
    d.answer(call -> GmStatus.SUCCESS);
    stage.atEnd();
  }

  @Test
  void aDeviceThatCannotShareKeepsNothing() {
    FakeDevice d = stage.fake("d0").without(GmCapability.READ_ONLY_MAPPING);
    stage.attach(d);
    MemorySegment s = stage.granules(1);
    advise(s, Advice.readMostly()).join();
    d.write(s.address(), 8, 5);
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(5);
    assertThat(stage.state(s, 0)).isEqualTo("CPU");
    stage.atEnd();
  }

  @Test
  void aCopyOutThatFailsLeavesTheOwnerAsItWas() {
    FakeDevice d = stage.fake("d0").protects().copies();
    stage.attach(d);
    MemorySegment s = stage.granules(1);
    advise(s, Advice.readMostly()).join();
    d.write(s.address(), 8, 5);
    d.answer(call -> call.kind() == Kind.COPY ? GmStatus.DMA_ERROR : GmStatus.SUCCESS);
    assertThatThrownBy(() -> stage.host().read(s.address(), 8))
        .isInstanceOf(TransferException.class);
    assertThat(d.mapsWritable(s.address())).isTrue();
    d.answer(call -> GmStatus.SUCCESS);
    d.write(s.address(), 8, 6);
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(6);
    stage.atEnd();
  }

  @Test
  void willNeedBringsEachPartToWhereItIsPreferred() {
    FakeDevice d = stage.device("d0");
    FakeDevice e = stage.device("d1");
    MemorySegment s = stage.granules(4);
    e.write(s.address() + 3 * GRANULE, 8, 9);
    advise(slice(s, 0.5, 0.6), Advice.prefer(stage.view(d))).join();
    advise(slice(s, 1.5, 2.1), Advice.prefer(stage.view(e))).join();
    assertThat(advised(s, 1).preferred()).contains("d1");
    advise(slice(s, 0.2, 3.2), Advice.willNeed()).join();
    assertThat(stage.state(s, 0)).isEqualTo("SHARED[d0]");
    assertThat(stage.state(s, 1)).isEqualTo("SHARED[d1]");
    assertThat(stage.state(s, 2)).isEqualTo("SHARED[d1]");
    assertThat(stage.state(s, 3)).isEqualTo("CPU");
    advise(s, Advice.preferHost()).join();
    assertThat(advised(s, 0).preferred()).contains("host");
    advise(s, Advice.noPreference()).join();
    assertThat(advised(s, 0)).isEqualTo(Residency.Advised.NOTHING);
    stage.atEnd();
  }

  // ---- pins ----

  @Test
  void whatIsPinnedToADeviceIsNotEvictedAndNobodyElseWritesIt() {
    FakeDevice d = stage.fake("d0").memoryBytes(2 * GRANULE);
    FakeDevice e = stage.fake("d1");
    stage.attach(d);
    stage.attach(e);
    MemorySegment s = stage.granules(4);
    stage.host().write(s.address(), 8, 5);
    assertThat(advise(s.asSlice(8, 8), Advice.pin(stage.view(d))).join().bytes())
        .isEqualTo(GRANULE);
    assertThat(advised(s, 0).pinnedTo()).contains("d0");
    for (int granule = 1; granule < 4; granule++) {
      d.write(s.address() + (long) granule * GRANULE, 8, granule);
    }
    assertThat(d.maps(s.address())).isTrue();
    d.write(s.address(), 8, 6);
    assertThat(stage.host().read(s.address(), 8)).as("a copy to read").isEqualTo(6);
    assertThat(stage.state(s, 0)).isEqualTo("SHARED[d0]");
    assertThat(e.read(s.address(), 8)).isEqualTo(6);
    assertThatThrownBy(() -> stage.host().write(s.address(), 8, 7))
        .isInstanceOf(PinnedMemoryException.class)
        .hasMessageContaining("pinnedTo=d0");
    assertThatThrownBy(() -> e.write(s.address(), 8, 7)).isInstanceOf(PinnedMemoryException.class);
    assertThatThrownBy(() -> advise(s, Advice.dontNeed()).join())
        .isInstanceOf(PinnedMemoryException.class);
    assertThatThrownBy(() -> advise(s, Advice.pinToHost()).join())
        .isInstanceOf(PinnedMemoryException.class);
    advise(s, Advice.unpin()).join();
    stage.host().write(s.address(), 8, 7);
    assertThat(stage.state(s, 0)).isEqualTo("CPU");
    stage.atEnd();
  }

  @Test
  void whatIsPinnedToADeviceThatCannotShareIsReadByNobodyElse() {
    FakeDevice d = stage.fake("d0").without(GmCapability.READ_ONLY_MAPPING);
    stage.attach(d);
    MemorySegment s = stage.granules(1);
    advise(s, Advice.pin(stage.view(d))).join();
    d.write(s.address(), 8, 5);
    assertThatThrownBy(() -> stage.host().read(s.address(), 8))
        .isInstanceOf(PinnedMemoryException.class);
    assertThatThrownBy(() -> stage.space().prefetchToHost(s).join())
        .isInstanceOf(PinnedMemoryException.class);
    assertThat(stage.state(s, 0)).isEqualTo("DEVICE[d0]");
    advise(s, Advice.unpin()).join();
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(5);
    stage.atEnd();
  }

  @Test
  void whatIsPinnedToTheHostIsReadByDevicesAndWrittenByNone() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(2);
    d.write(s.address(), 8, 5);
    advise(s, Advice.pinToHost()).join();
    assertThat(stage.state(s, 0)).isEqualTo("CPU");
    assertThat(d.read(s.address(), 8)).isEqualTo(5);
    assertThatThrownBy(() -> d.write(s.address(), 8, 6))
        .isInstanceOf(PinnedMemoryException.class)
        .hasMessageContaining("pinnedTo=host");
    stage.host().write(s.address(), 8, 7);
    assertThat(d.read(s.address(), 8)).isEqualTo(7);
    stage.atEnd();
  }

  @Test
  void aPinThatDoesNotFitIsNotMade() {
    FakeDevice d = stage.fake("d0").memoryBytes(2 * GRANULE);
    stage.attach(d);
    MemorySegment s = stage.granules(3);
    advise(s.asSlice(0, GRANULE), Advice.pin(stage.view(d))).join();
    assertThatThrownBy(() -> advise(s, Advice.pin(stage.view(d))).join())
        .isInstanceOf(DeviceMemoryExhaustedException.class);
    assertThat(advised(s, 0).pinnedTo()).as("the one before").contains("d0");
    assertThat(advised(s, 1).pinnedTo()).isEmpty();
    assertThat(advised(s, 2).pinnedTo()).isEmpty();
    stage.host().write(s.address() + GRANULE, 8, 1);
    stage.atEnd();
  }

  @Test
  void aDeviceThatLeavesTakesItsAdviceWithIt() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(1);
    advise(s, Advice.prefer(stage.view(d))).join();
    advise(s, Advice.pin(stage.view(d))).join();
    d.write(s.address(), 8, 5);
    stage.space().detach(stage.view(d));
    assertThat(advised(s, 0)).isEqualTo(Residency.Advised.NOTHING);
    stage.host().write(s.address(), 1, 6);
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(6);
  }

  // ---- what cannot be ----

  @Test
  void aDeviceOnTheHostsFramesIsNoPlaceToPreferOrToPinTo() {
    FakeDevice d = stage.faultless("d0").with(GmCapability.HOST_COHERENT);
    stage.attach(d);
    MemorySegment s = stage.granules(1);
    assertThatThrownBy(() -> advise(s, Advice.pin(stage.view(d))))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("d0");
    assertThatThrownBy(() -> advise(s, Advice.prefer(stage.view(d))))
        .isInstanceOf(UnsupportedOperationException.class);
    advise(s, Advice.accessedBy(stage.view(d))).join();
    assertThat(advised(s, 0).accessedBy()).containsExactly("d0");
  }

  @Test
  void aDeviceThatDoesNotReachTheHostCannotUseMemoryRemotely() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(1);
    assertThatThrownBy(() -> advise(s, Advice.accessedBy(stage.view(d))))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("HOST_ADDRESSES");
  }

  @Test
  void aDeviceThatFollowsHostAddressesUsesMemoryWhereItIs() {
    FakeDevice d = stage.faultless("d0").with(GmCapability.HOST_ADDRESSES);
    FakeCompute compute = d.computes();
    stage.attach(d);
    Kernel k = stage.kernel(d, "k READ_WRITE");
    MemorySegment s = stage.granules(2);
    stage.host().write(s.address(), 8, 5);
    advise(s.asSlice(0, GRANULE), Advice.accessedBy(stage.view(d))).join();
    Launch part = k.launch(NdRange.of(1), s);
    compute.awaitStarted(1).finish();
    part.join();
    assertThat(d.mapped()).as("not all of it is used remotely").isEqualTo(2);
    stage.space().prefetchToHost(s).join();
    advise(s, Advice.accessedBy(stage.view(d))).join();
    Launch launch = k.launch(NdRange.of(1), s);
    FakeCompute.Started running = compute.awaitStarted(2);
    assertThat(d.mapped()).isZero();
    running.finish();
    launch.join();
    advise(s, Advice.notAccessedBy(stage.view(d))).join();
    Launch again = k.launch(NdRange.of(1), s);
    compute.awaitStarted(3).finish();
    again.join();
    assertThat(d.mapped()).isEqualTo(2);
    stage.atEnd();
  }
}
