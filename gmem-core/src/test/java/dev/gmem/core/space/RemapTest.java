package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.AddressSpaceExhaustedException;
import dev.gmem.Advice;
import dev.gmem.ArenaOptions;
import dev.gmem.IllegalDeviceAccessException;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.PinnedMemoryException;
import dev.gmem.SpaceOptions;
import dev.gmem.TransferException;
import dev.gmem.UnmappedMemoryException;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Parts of allocations are given back, and contents move to other addresses. */
@Timeout(60)
class RemapTest {
  private static final int GRANULES = 8;
  private final Stage stage = new Stage();

  private static MemorySegment part(MemorySegment segment, int first, int end) {
    return segment.asSlice((long) first * GRANULE, (long) (end - first) * GRANULE);
  }

  private static long at(MemorySegment segment, int granule) {
    return segment.address() + (long) granule * GRANULE;
  }

  /** In turn: touched by the CPU, owned by a device, shared, evicted, untouched. */
  private MemorySegment scattered(FakeDevice d, FakeDevice small) {
    MemorySegment s = stage.granules(GRANULES);
    for (int granule = 0; granule < GRANULES; granule++) {
      switch (granule % 5) {
        case 0 -> stage.host().write(at(s, granule), 8, granule + 1);
        case 1 -> d.write(at(s, granule), 8, granule + 1);
        case 2 -> {
          stage.host().write(at(s, granule), 8, granule + 1);
          d.read(at(s, granule), 8);
        }
        case 3 -> small.write(at(s, granule), 8, granule + 1);
        default -> {}
      }
    }
    MemorySegment other = stage.granules(1);
    small.write(other.address(), 8, 99); // what it had of the others is evicted
    return s;
  }

  private FakeDevice small() {
    FakeDevice small = stage.fake("small").memoryBytes(GRANULE);
    stage.attach(small);
    return small;
  }

  private static int expected(int granule) {
    return granule % 5 == 4 ? 0 : granule + 1;
  }

  private void checkGone(MemorySegment s, int granule, FakeDevice d) {
    for (boolean write : new boolean[] {false, true}) {
      assertThatThrownBy(
              () -> {
                if (write) {
                  stage.host().write(at(s, granule) + 8, 1, 1);
                } else {
                  stage.host().read(at(s, granule), 8);
                }
              })
          .isInstanceOf(UnmappedMemoryException.class)
          .hasMessageContaining("given back")
          .hasMessageContaining("0x" + Long.toHexString(at(s, granule)));
    }
    assertThatThrownBy(() -> d.read(at(s, granule), 8))
        .isInstanceOf(IllegalDeviceAccessException.class)
        .hasCauseInstanceOf(UnmappedMemoryException.class);
  }

  // ---- unmap ----

  @ParameterizedTest
  @CsvSource({"0, 4", "2, 6", "4, 8", "0, 8", "3, 4"})
  void aPartIsGivenBackWhereverItIsAndTheRestStays(int first, int end) {
    FakeDevice d = stage.device("d0");
    MemorySegment s = scattered(d, small());
    long allocated = stage.space().statistics().allocatedBytes();
    int onDevice = d.mapped();
    d.clearCalls();
    stage.space().unmap(part(s, first, end));
    assertThat(d.calls()).noneMatch(FakeDevice.Call::copy);
    int gone = 0;
    for (int granule = first; granule < end; granule++) {
      gone += granule % 5 == 1 || granule % 5 == 2 ? 1 : 0;
    }
    assertThat(d.mapped()).isEqualTo(onDevice - gone);
    assertThat(stage.space().residency(s).bytes(PageState.UNMAPPED))
        .isEqualTo((long) (end - first) * GRANULE);
    assertThat(stage.space().statistics().allocatedBytes())
        .isEqualTo(allocated - (long) (end - first) * GRANULE);
    assertThat(stage.space().residency(part(s, first, end)).bytesOnHost()).isZero();
    for (int granule = 0; granule < GRANULES; granule++) {
      if (granule >= first && granule < end) {
        checkGone(s, granule, d);
        assertThat(stage.host().peek(at(s, granule), 8)).as("its frame has gone").isZero();
      } else {
        assertThat(stage.host().read(at(s, granule), 8)).isEqualTo(expected(granule));
        assertThat(d.read(at(s, granule), 8)).isEqualTo(expected(granule));
      }
    }
    stage.atEnd();
    stage.arena().close();
    assertThat(stage.space().statistics().allocatedBytes()).isZero();
    assertThat(stage.host().committedBlocks()).isZero();
    stage.close();
  }

  @Test
  void whatHasGoneIsLeftAlone() {
    MemorySegment s = stage.granules(GRANULES);
    long allocated = stage.space().statistics().allocatedBytes();
    stage.space().unmap(part(s, 1, 3));
    stage.space().unmap(part(s, 2, 5));
    stage.space().unmap(part(s, 1, 5));
    assertThat(stage.space().statistics().allocatedBytes()).isEqualTo(allocated - 4 * GRANULE);
    stage.atEnd();
  }

  @Test
  void onlyWholeGranulesAreGivenBackAndTheEndOfAnAllocation() {
    MemorySegment s = stage.arena().allocate(3 * GRANULE + 100, 1);
    for (long[] bad : new long[][] {{1, GRANULE - 1}, {0, 100}, {0, GRANULE + 1}, {GRANULE, 99}}) {
      assertThatThrownBy(() -> stage.space().unmap(s.asSlice(bad[0], bad[1])))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("whole granules")
          .hasMessageContaining("offset=" + bad[0])
          .hasMessageContaining("granuleBytes=" + GRANULE);
    }
    stage.space().unmap(s.asSlice(2 * GRANULE));
    assertThatThrownBy(() -> stage.host().read(s.address() + 3 * GRANULE + 50, 1))
        .isInstanceOf(UnmappedMemoryException.class);
    assertThat(stage.host().read(s.address(), 8)).isZero();
    MemorySegment a = stage.arena().allocate(100, 1);
    MemorySegment b = stage.arena().allocate(GRANULE - 100, 1);
    for (MemorySegment small : new MemorySegment[] {a, b}) {
      assertThatThrownBy(() -> stage.space().unmap(small))
          .as("the other one shares its granule")
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void memoryOfOthersIsRefusedAndSoIsWhatIsClosed() {
    assertThatThrownBy(() -> stage.space().unmap(MemorySegment.ofArray(new byte[GRANULE])))
        .isInstanceOf(IllegalArgumentException.class);
    MemorySegment s = stage.granules(1);
    stage.arena().close();
    assertThatThrownBy(() -> stage.space().unmap(s)).hasMessage("Already closed");
  }

  @Test
  void whatIsAskedForWhereNothingIsLeftIsRefusedInOneWay() {
    FakeDevice d = stage.fake("d0").protects().copies();
    stage.attach(d);
    MemorySegment s = stage.granules(4);
    MemorySegment t = stage.granules(4);
    stage.host().write(s.address(), 8, 7);
    stage.space().unmap(part(s, 1, 2));
    ThrowingCallable[] requests = {
      () -> stage.space().prefetch(s, stage.view(d)).join(),
      () -> stage.space().prefetchToHost(part(s, 1, 2)).join(),
      () -> stage.space().copy(t, s),
      () -> stage.space().copy(s, t),
      () -> stage.space().advise(s, Advice.dontNeed()).join(),
      () -> stage.space().advise(s, Advice.pin(stage.view(d))).join(),
      () -> stage.space().remap(t, s),
      () -> stage.space().remap(s, t)
    };
    for (ThrowingCallable request : requests) {
      assertThatThrownBy(request).isInstanceOf(UnmappedMemoryException.class);
    }
    assertThatThrownBy(() -> stage.host().pin(s.address()))
        .isInstanceOf(UnmappedMemoryException.class)
        .hasMessageContaining("pin whole allocations")
        .hasMessageContaining("unmappedBytes=" + GRANULE);
    stage.atEnd();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aLaunchThatCannotFaultFailsIfAPartOfItsArgumentHasGone(boolean onHost) {
    FakeDevice d = stage.faultless("d0");
    if (onHost) {
      d.with(GmCapability.HOST_COHERENT);
    }
    FakeCompute compute = d.computes();
    stage.attach(d);
    Kernel k = stage.kernel(d, "k READ_WRITE");
    MemorySegment s = stage.granules(4);
    stage.space().unmap(part(s, 2, 3));
    assertThatThrownBy(() -> k.launch(NdRange.of(1), s).join())
        .isInstanceOf(UnmappedMemoryException.class);
    Launch launch = k.launch(NdRange.of(1), part(s, 0, 2));
    compute.awaitStarted(1).finish();
    launch.join();
    assertThat(stage.host().read(s.address(), 8)).isZero();
    stage.atEnd();
  }

  @Test
  void aPartIsGivenBackAfterTheKernelThatUsesIt() throws Exception {
    FakeDevice d = stage.faultless("d0");
    FakeCompute compute = d.computes();
    stage.attach(d);
    Kernel k = stage.kernel(d, "k READ_WRITE");
    MemorySegment s = stage.granules(4);
    Launch launch = k.launch(NdRange.of(1), s);
    FakeCompute.Started running = compute.awaitStarted(1);
    CompletableFuture<Void> freed =
        CompletableFuture.runAsync(() -> stage.space().unmap(part(s, 1, 2)));
    Thread.sleep(20);
    assertThat(freed).isNotDone();
    d.write(at(s, 1), 8, 5);
    d.write(at(s, 2), 8, 6);
    running.finish();
    launch.join();
    freed.join();
    assertThat(d.maps(at(s, 1))).isFalse();
    assertThatThrownBy(() -> stage.host().read(at(s, 1), 8))
        .isInstanceOf(UnmappedMemoryException.class);
    assertThat(stage.host().read(at(s, 2), 8)).isEqualTo(6);
    stage.atEnd();
  }

  @Test
  void aPinnedAllocationIsNotGivenBack() {
    Stage hasty =
        new Stage(
            SpaceOptions.defaults()
                .withGranuleBytes(GRANULE)
                .withReservedBytes(SpaceOptions.GRANULE_BYTES_MAX)
                .withHostBytesMax(1L << 30)
                .withPinTimeoutMillis(30));
    MemorySegment s = hasty.granules(4);
    hasty.host().pin(s.address());
    assertThatThrownBy(() -> hasty.space().unmap(part(s, 1, 2)))
        .isInstanceOf(PinnedMemoryException.class);
    hasty.host().writePinned(s.address() + GRANULE, 8, 5);
    hasty.host().unpin(s.address());
    assertThat(hasty.host().read(s.address() + GRANULE, 8)).isEqualTo(5);
    hasty.atEnd();
  }

  @Test
  void whatADeviceDoesNotLetGoOfIsNotGivenBack() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(4);
    d.write(at(s, 1), 8, 5);
    d.answer(call -> call.kind() == Kind.UNMAP ? GmStatus.DMA_ERROR : GmStatus.SUCCESS);
    assertThatThrownBy(() -> stage.space().unmap(s)).isInstanceOf(TransferException.class);
    d.answer(call -> GmStatus.SUCCESS);
    assertThat(stage.host().read(at(s, 1), 8)).isEqualTo(5);
    stage.space().unmap(s);
    stage.atEnd();
    assertThat(stage.space().statistics().allocatedBytes()).isZero();
  }

  @Test
  void whatIsPinnedByAdviceIsGivenBackAllTheSame() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(2);
    stage.space().advise(s, Advice.pin(stage.view(d))).join();
    stage.space().unmap(s);
    assertThat(d.mapped()).isZero();
    stage.space().detach(stage.view(d));
    stage.atEnd();
  }

  // ---- remap ----

  @ParameterizedTest
  @CsvSource({"0, 8", "0, 4", "2, 7", "5, 8"})
  void contentsMoveWhereverTheyAre(int first, int end) {
    FakeDevice d = stage.device("d0");
    MemorySegment s = scattered(d, small());
    MemorySegment t = stage.granules(GRANULES);
    for (int granule = 0; granule < GRANULES; granule++) {
      if (granule % 2 == 0) {
        stage.host().write(at(t, granule) + 100, 8, 77);
      } else {
        d.write(at(t, granule) + 100, 8, 78);
      }
    }
    long allocated = stage.space().statistics().allocatedBytes();
    stage.space().remap(part(t, 0, end - first), part(s, first, end));
    assertThat(stage.space().statistics().allocatedBytes())
        .isEqualTo(allocated - (long) (end - first) * GRANULE);
    for (int granule = 0; granule < GRANULES; granule++) {
      if (granule >= first && granule < end) {
        checkGone(s, granule, d);
        int arrived = granule - first;
        if (granule % 2 == 0) {
          assertThat(stage.host().read(at(t, arrived), 8)).isEqualTo(expected(granule));
          assertThat(d.read(at(t, arrived), 8)).isEqualTo(expected(granule));
        } else {
          assertThat(d.read(at(t, arrived), 8)).isEqualTo(expected(granule));
          assertThat(stage.host().read(at(t, arrived), 8)).isEqualTo(expected(granule));
        }
        assertThat(stage.host().read(at(t, arrived) + 100, 8)).as("what it held").isZero();
      } else {
        assertThat(stage.host().read(at(s, granule), 8)).isEqualTo(expected(granule));
      }
    }
    stage.atEnd();
    stage.close();
    assertThat(stage.host().committedBlocks()).isZero();
  }

  @Test
  void contentsMoveWithinAnAllocationUpAndDown() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(4);
    stage.host().write(at(s, 0), 8, 1);
    d.write(at(s, 1), 8, 2);
    stage.space().remap(part(s, 2, 4), part(s, 0, 2));
    assertThat(stage.host().read(at(s, 2), 8)).isEqualTo(1);
    assertThat(d.read(at(s, 3), 8)).isEqualTo(2);
    checkGone(s, 1, d);
    MemorySegment t = stage.granules(4);
    d.write(at(t, 3), 8, 4);
    stage.space().remap(part(t, 1, 2), part(t, 3, 4));
    assertThat(stage.host().read(at(t, 1), 8)).isEqualTo(4);
    stage.atEnd();
  }

  @Test
  void untouchedMemoryIsStillUntouchedWhereItGoes() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(4);
    MemorySegment t = stage.granules(4);
    stage.space().remap(t, s);
    d.clearCalls();
    assertThat(d.read(t.address(), 8)).isZero();
    assertThat(d.calls(Kind.MAP)).noneMatch(FakeDevice.Call::copy);
  }

  @ParameterizedTest
  @EnumSource(
      value = GmStatus.class,
      names = {"DMA_ERROR", "FAILURE_UNKNOWN"})
  void aDeviceThatDoesNotGiveItsPartBackLeavesEverythingAsItWas(GmStatus status) {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(GRANULES);
    MemorySegment t = stage.granules(GRANULES);
    for (int granule = 0; granule < GRANULES; granule++) {
      stage.host().write(at(t, granule), 8, 50);
      if (granule % 3 == 2) {
        d.write(at(s, granule), 8, granule);
      } else {
        stage.host().write(at(s, granule), 8, granule);
      }
    }
    d.answer(
        call ->
            call.kind() == Kind.UNMAP && call.range().address() == at(s, 5)
                ? status
                : GmStatus.SUCCESS);
    assertThatThrownBy(() -> stage.space().remap(t, s)).hasMessageContaining("device=d0");
    d.answer(call -> GmStatus.SUCCESS);
    for (int granule = 0; granule < GRANULES; granule++) {
      assertThat(stage.host().read(at(s, granule), 8)).isEqualTo(granule);
      assertThat(stage.host().read(at(t, granule), 8)).isEqualTo(50);
    }
    stage.space().remap(t, s);
    assertThat(stage.host().read(at(t, 5), 8)).isEqualTo(5);
    stage.atEnd();
  }

  @Test
  void aSystemThatDoesNotMoveFramesLosesNothing() {
    MemorySegment s = stage.granules(2);
    MemorySegment t = stage.granules(2);
    stage.host().write(at(s, 1), 8, 5);
    stage.host().failNextMove(new AddressSpaceExhaustedException("no"));
    assertThatThrownBy(() -> stage.space().remap(t, s))
        .isInstanceOf(AddressSpaceExhaustedException.class);
    stage.atEnd();
    assertThat(stage.host().read(at(s, 1), 8)).isEqualTo(5);
    stage.space().remap(t, s);
    assertThat(stage.host().read(at(t, 1), 8)).isEqualTo(5);
    stage.atEnd();
  }

  @Test
  void whatIsPinnedIsNotMoved() {
    Stage hasty =
        new Stage(
            SpaceOptions.defaults()
                .withGranuleBytes(GRANULE)
                .withReservedBytes(SpaceOptions.GRANULE_BYTES_MAX)
                .withHostBytesMax(1L << 30)
                .withPinTimeoutMillis(30));
    MemorySegment s = hasty.granules(2);
    MemorySegment t = hasty.granules(2);
    hasty.host().write(s.address(), 8, 5);
    for (MemorySegment pinned : new MemorySegment[] {s, t}) {
      hasty.host().pin(pinned.address());
      assertThatThrownBy(() -> hasty.space().remap(t, s)).isInstanceOf(PinnedMemoryException.class);
      hasty.host().unpin(pinned.address());
      hasty.space().advise(part(pinned, 1, 2), Advice.pinToHost()).join();
      assertThatThrownBy(() -> hasty.space().remap(t, s))
          .isInstanceOf(PinnedMemoryException.class)
          .hasMessageContaining("pinnedTo=host");
      hasty.space().advise(pinned, Advice.unpin()).join();
    }
    assertThat(hasty.host().read(s.address(), 8)).isEqualTo(5);
    hasty.space().remap(t, s);
    assertThat(hasty.host().read(t.address(), 8)).isEqualTo(5);
    hasty.atEnd();
  }

  @Test
  void twoRangesThatDoNotFitAreRefused() {
    MemorySegment s = stage.granules(4);
    MemorySegment t = stage.granules(4);
    assertThatThrownBy(() -> stage.space().remap(part(t, 0, 2), part(s, 0, 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("same length");
    assertThatThrownBy(() -> stage.space().remap(part(s, 1, 3), part(s, 0, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("overlap");
    assertThatThrownBy(() -> stage.space().remap(s, s))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> stage.space().remap(t.asReadOnly(), s))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("read-only");
    assertThatThrownBy(() -> stage.space().remap(t.asSlice(1, GRANULE), part(s, 0, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the target");
    Arena large = stage.space().arena(ArenaOptions.defaults().withGranuleBytes(4 * GRANULE));
    assertThatThrownBy(() -> stage.space().remap(large.allocate(4 * GRANULE, 1), s))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("targetGranuleBytes=" + 4 * GRANULE);
  }

  @Test
  void aMoveWaitsForTheKernelThatUsesEither() throws Exception {
    FakeDevice d = stage.faultless("d0");
    FakeCompute compute = d.computes();
    stage.attach(d);
    Kernel k = stage.kernel(d, "k READ_WRITE");
    MemorySegment s = stage.granules(2);
    MemorySegment t = stage.granules(2);
    Launch launch = k.launch(NdRange.of(1), t);
    FakeCompute.Started running = compute.awaitStarted(1);
    stage.host().write(s.address(), 8, 5);
    CompletableFuture<Void> moved = CompletableFuture.runAsync(() -> stage.space().remap(t, s));
    Thread.sleep(20);
    assertThat(moved).isNotDone();
    running.finish();
    launch.join();
    moved.join();
    assertThat(stage.host().read(t.address(), 8)).isEqualTo(5);
    Launch next = k.launch(NdRange.of(1), t);
    running = compute.awaitStarted(2);
    assertThat(d.read(t.address(), 8)).isEqualTo(5);
    running.finish();
    next.join();
    stage.atEnd();
  }

  @Test
  void aRangeOfOneExtentMovesInOnePiece() {
    MemorySegment s = stage.granules(GRANULES);
    MemorySegment t = stage.granules(GRANULES);
    stage.space().remap(t, s);
    assertThat(stage.host().moves()).isEqualTo(1);
  }
}
