package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Advice;
import dev.gmem.ArenaOptions;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.PrefetchPolicy;
import dev.gmem.PrefetchPolicy.Fault;
import dev.gmem.PrefetchPolicy.Span;
import dev.gmem.Residency.Extent;
import dev.gmem.SpaceOptions;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes along with faults, and what must not. */
class PrefetchTest {
  private static final SpaceOptions OPTIONS =
      SpaceOptions.defaults()
          .withGranuleBytes(GRANULE)
          .withReservedBytes(2 * SpaceOptions.GRANULE_BYTES_MAX);
  private static final Logger LOG = Logger.getLogger("dev.gmem.prefetch");

  private final Stage stage = new Stage(OPTIONS);
  private final FakeDevice d = stage.device("d0");
  private final FakeDevice owner = stage.fake("d1").without(GmCapability.READ_ONLY_MAPPING);
  private final Warnings warnings = new Warnings();

  /** Collects warnings, and keeps them from the console. */
  private static final class Warnings extends Handler {
    private final List<LogRecord> records = new ArrayList<>();

    Warnings() {
      LOG.setUseParentHandlers(false);
      LOG.addHandler(this);
    }

    @Override
    public void publish(LogRecord entry) {
      records.add(entry);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
      LOG.removeHandler(this);
      LOG.setUseParentHandlers(true);
    }
  }

  @BeforeEach
  void attach() {
    stage.attach(owner);
  }

  @AfterEach
  void close() {
    warnings.close();
    stage.atEnd();
    stage.close();
    assertThat(stage.host().committedBlocks()).isZero();
  }

  /** Memory of its own policy. */
  private MemorySegment granules(PrefetchPolicy policy, int count) {
    return stage
        .space()
        .arena(ArenaOptions.defaults().withPrefetch(policy))
        .allocate((long) count * GRANULE, GRANULE);
  }

  private long at(MemorySegment memory, int granule) {
    return memory.address() + (long) granule * GRANULE;
  }

  private void away(MemorySegment memory, int first, int end) {
    MemorySegment part = memory.asSlice((long) first * GRANULE, (long) (end - first) * GRANULE);
    stage.space().prefetch(part, stage.view(owner)).join();
  }

  /** A number for each granule, written by the CPU. */
  private void number(MemorySegment memory) {
    for (int i = 0; i < memory.byteSize() / GRANULE; i++) {
      stage.host().write(at(memory, i) + 8, 1, i + 1);
    }
  }

  /**
   * Memory in which each granule has its number, all of it owned by the device that shares none.
   */
  private MemorySegment onDevice(PrefetchPolicy policy, int count) {
    MemorySegment memory = granules(policy, count);
    number(memory);
    away(memory, 0, count);
    return memory;
  }

  private void cpuReads(MemorySegment memory, int... granules) {
    for (int granule : granules) {
      assertThat(stage.host().read(at(memory, granule) + 8, 1)).isEqualTo(granule + 1);
    }
  }

  private void deviceReads(MemorySegment memory, int... granules) {
    for (int granule : granules) {
      d.read(at(memory, granule) + 8, 1);
    }
  }

  /** Which granules are in a state. */
  private List<Integer> in(PageState state, MemorySegment memory) {
    List<Integer> granules = new ArrayList<>();
    for (Extent extent : stage.space().residency(memory).extents()) {
      for (long i = 0; i < extent.bytes() / GRANULE && extent.state() == state; i++) {
        granules.add((int) ((extent.address() - memory.address()) / GRANULE + i));
      }
    }
    return granules;
  }

  private long prefetched(MemorySegment memory) {
    return stage.space().statistics(memory).prefetched() / GRANULE;
  }

  // ---- what comes ----

  @Test
  void withoutAPolicyTheTouchedGranulesComeAlone() {
    MemorySegment memory = onDevice(PrefetchPolicy.none(), 16);
    cpuReads(memory, 0, 1, 2, 4, 6, 8, 10);
    assertThat(in(PageState.CPU, memory)).containsExactly(0, 1, 2, 4, 6, 8, 10);
    assertThat(prefetched(memory)).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSequenceBringsWhatFollowsUpwardsAndDownwards(boolean down) {
    MemorySegment memory = onDevice(PrefetchPolicy.sequential(), 64);
    for (int i = 0; i < 64; i++) {
      cpuReads(memory, down ? 63 - i : i);
    }
    // 1, 2, 4, 8, 16 and 32 granules, and the last one
    assertThat(stage.space().statistics(memory).hostReadFaults()).isEqualTo(7);
    assertThat(prefetched(memory)).isEqualTo(64 - 7);
    assertThat(in(PageState.CPU, memory)).hasSize(64);
  }

  @Test
  void aSequenceOfADeviceBringsWhatFollows() {
    MemorySegment memory = granules(PrefetchPolicy.sequential(), 64);
    number(memory);
    long faults = stage.space().statistics(memory).deviceFaults();
    for (int i = 0; i < 64; i++) {
      assertThat(d.read(at(memory, i) + 8, 1)).isEqualTo(i + 1);
    }
    assertThat(stage.space().statistics(memory).deviceFaults() - faults).isEqualTo(7);
    assertThat(in(PageState.SHARED, memory)).hasSize(64);
  }

  @Test
  void oneCallOfTheDeviceMapsWhatIsNeededAndWhatComesAlong() {
    MemorySegment memory = granules(PrefetchPolicy.sequential(), 64);
    deviceReads(memory, 0, 1, 3);
    d.clearCalls();
    deviceReads(memory, 7);
    assertThat(d.calls(Kind.MAP)).hasSize(1);
    assertThat(d.calls(Kind.MAP).getFirst().range().bytes()).isEqualTo(8 * GRANULE);
  }

  @Test
  void whatFollowsAtAStrideComesAndNothingInBetween() {
    MemorySegment memory = onDevice(PrefetchPolicy.standard(), 64);
    cpuReads(memory, 0, 5, 10);
    assertThat(in(PageState.CPU, memory)).containsExactly(0, 5, 10, 15);
    cpuReads(memory, 20);
    assertThat(in(PageState.CPU, memory)).containsExactly(0, 5, 10, 15, 20, 25, 30);
    assertThat(prefetched(memory)).isEqualTo(3);
  }

  @Test
  void theRestOfADenseRangeComes() {
    MemorySegment memory = onDevice(PrefetchPolicy.density(), 16);
    cpuReads(memory, 0, 3);
    assertThat(in(PageState.CPU, memory)).containsExactly(0, 3);
    cpuReads(memory, 1); // of the first four, three: 75 %
    assertThat(in(PageState.CPU, memory)).containsExactly(0, 1, 2, 3);
    cpuReads(memory, 5); // of the first eight, five: 62 %
    assertThat(in(PageState.CPU, memory)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    cpuReads(memory, 11); // of sixteen, nine: 56 %
    assertThat(in(PageState.CPU, memory)).hasSize(16);
    assertThat(prefetched(memory)).isEqualTo(1 + 3 + 7);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 22, 31})
  void whatIsDenseDoesNotBreakASequence(int before) {
    // Wherever the allocation begins in a block, and wherever dense ranges end.
    granules(PrefetchPolicy.none(), 32 + before);
    MemorySegment memory = onDevice(PrefetchPolicy.standard(), 64);
    for (int i = 0; i < 64; i++) {
      cpuReads(memory, i);
    }
    assertThat(stage.space().statistics(memory).hostReadFaults()).isLessThanOrEqualTo(7);
  }

  @Test
  void halfOfARangeIsNotDense() {
    MemorySegment memory = onDevice(PrefetchPolicy.density(), 16);
    cpuReads(memory, 0, 2, 4, 6, 8, 10, 12, 14);
    assertThat(prefetched(memory)).isZero();
    cpuReads(memory, 1); // nine of sixteen
    assertThat(in(PageState.CPU, memory)).hasSize(16);
  }

  @Test
  void densityCountsForADeviceWhatItHasItself() {
    MemorySegment memory = granules(PrefetchPolicy.density(), 8);
    number(memory);
    deviceReads(memory, 0, 2, 5, 6);
    assertThat(in(PageState.SHARED, memory)).containsExactly(0, 2, 5, 6);
    deviceReads(memory, 1);
    assertThat(in(PageState.SHARED, memory)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    d.write(at(memory, 0), 1, 9); // it has copies of all, and owns none
    assertThat(in(PageState.DEVICE, memory)).containsExactly(0);
  }

  @Test
  void densityDoesNotCountWhatNoDeviceEverHadNorWhatAKernelLeftACopyOf() {
    MemorySegment memory = granules(PrefetchPolicy.density(), 16);
    number(memory);
    deviceReads(memory, 0, 2, 4, 6); // 8 to 15 were never away
    away(memory, 1, 2);
    away(memory, 5, 6);
    cpuReads(memory, 1);
    assertThat(in(PageState.DEVICE, memory)).containsExactly(5);
    assertThat(prefetched(memory)).isZero();
  }

  @Test
  void singleAccessesBetweenLaunchesAreNoPattern() {
    MemorySegment memory = onDevice(PrefetchPolicy.standard(), 16);
    for (int granule : new int[] {3, 4, 5, 6, 7, 9, 11, 13, 12, 11, 10}) {
      long before = stage.space().statistics(memory).bytesToHost();
      cpuReads(memory, granule);
      assertThat(stage.space().statistics(memory).bytesToHost() - before).isEqualTo(GRANULE);
      away(memory, 0, 16);
    }
    assertThat(prefetched(memory)).isZero();
  }

  @Test
  void anAllocationOfOneGranuleComesAlone() {
    for (PrefetchPolicy policy : List.of(PrefetchPolicy.standard(), wishing(everything()))) {
      MemorySegment memory = onDevice(policy, 1);
      cpuReads(memory, 0);
      assertThat(prefetched(memory)).isZero();
    }
  }

  @Test
  void theSpaceSaysWhatArenasDoThatChooseNothing() {
    try (Stage plain = new Stage(OPTIONS.withPrefetch(PrefetchPolicy.none()))) {
      FakeDevice device = plain.device("d0");
      long address = plain.granules(8).address();
      for (int i = 0; i < 8; i++) {
        device.read(address + (long) i * GRANULE, 1);
      }
      assertThat(plain.space().statistics().total().deviceFaults()).isEqualTo(8);
      assertThat(plain.space().options().prefetch()).isSameAs(PrefetchPolicy.none());
    }
    assertThat(stage.space().options().prefetch()).isSameAs(PrefetchPolicy.standard());
  }

  // ---- what does not come ----

  private static PrefetchPolicy wishing(Function<Fault, List<Span>> wish) {
    return wish::apply;
  }

  private static Function<Fault, List<Span>> everything() {
    return fault -> List.of(new Span(0, fault.allocationBytes()));
  }

  @Test
  void whatIsElsewhereDoesNotComeAlong() {
    MemorySegment memory = granules(wishing(everything()), 8);
    number(memory);
    away(memory, 0, 3);
    stage.space().prefetch(memory.asSlice(3 * GRANULE, 2 * GRANULE), stage.view(d)).join();
    away(memory, 6, 7);
    deviceReads(memory, 7); // of the host's, and so is 5
    assertThat(in(PageState.SHARED, memory)).containsExactly(3, 4, 5, 7);
    assertThat(in(PageState.DEVICE, memory)).containsExactly(0, 1, 2, 6);
    MemorySegment other = onDevice(wishing(everything()), 8);
    stage.space().prefetchToHost(other.asSlice(5 * GRANULE, GRANULE)).join();
    deviceReads(other, 0); // of the other device's
    assertThat(in(PageState.SHARED, other)).containsExactly(0, 1, 2, 3, 4, 6, 7);
    assertThat(in(PageState.CPU, other)).containsExactly(5);
  }

  @Test
  void nothingIsTakenFromTheCpuThatTheFaultAloneWouldNotTake() {
    MemorySegment memory = granules(wishing(everything()), 4);
    number(memory);
    away(memory, 1, 2);
    stage.space().quota(stage.view(owner), GRANULE);
    away(granules(PrefetchPolicy.none(), 1), 0, 1); // so that the other one is evicted
    assertThat(in(PageState.EVICTED, memory)).containsExactly(1);
    long revocations = stage.space().statistics(memory).revocations();
    deviceReads(memory, 1);
    assertThat(stage.space().statistics(memory).revocations()).isEqualTo(revocations);
    assertThat(in(PageState.SHARED, memory)).containsExactly(1);
    deviceReads(memory, 0); // the CPU loses this one, and the others with it
    assertThat(in(PageState.SHARED, memory)).containsExactly(0, 1, 2, 3);
  }

  @Test
  void adviceBoundsWhatComesAlong() {
    MemorySegment memory = onDevice(wishing(everything()), 8);
    stage.space().advise(memory.asSlice(4 * GRANULE), new Advice.ReadMostly(true)).join();
    cpuReads(memory, 0);
    assertThat(in(PageState.CPU, memory)).containsExactly(0, 1, 2, 3);
  }

  @Test
  void whatHasBeenGivenBackIsSteppedOver() {
    MemorySegment memory = onDevice(wishing(everything()), 8);
    stage.space().unmap(memory.asSlice(3 * GRANULE, 2 * GRANULE));
    cpuReads(memory, 1);
    assertThat(in(PageState.CPU, memory)).containsExactly(0, 1, 2, 5, 6, 7);
    assertThat(in(PageState.UNMAPPED, memory)).containsExactly(3, 4);
  }

  @Test
  void nothingIsEvictedForWhatComesAlong() {
    FakeDevice small = stage.fake("d2").memoryBytes(6 * GRANULE);
    stage.attach(small);
    MemorySegment others = granules(PrefetchPolicy.none(), 3);
    for (int i = 0; i < 3; i++) {
      small.write(at(others, i), 1, 7);
    }
    MemorySegment memory = granules(wishing(everything()), 8);
    number(memory);
    small.read(at(memory, 4), 1);
    assertThat(in(PageState.DEVICE, others)).hasSize(3);
    // Room for three: what comes after the fault first.
    assertThat(in(PageState.SHARED, memory)).containsExactly(4, 5, 6);
    assertThat(stage.space().statistics().total().evictions()).isZero();
  }

  @Test
  void ofWhatComesAheadTheNearestGetsTheRoom() {
    FakeDevice small = stage.fake("d2").memoryBytes(4 * GRANULE);
    stage.attach(small);
    MemorySegment memory = granules(wishing(everything()), 8);
    number(memory);
    small.read(at(memory, 6), 1);
    assertThat(in(PageState.SHARED, memory)).containsExactly(4, 5, 6, 7);
  }

  @Test
  void aFullDeviceMakesRoomForWhatIsNeededAlone() {
    FakeDevice small = stage.fake("d2").memoryBytes(2 * GRANULE);
    stage.attach(small);
    MemorySegment memory = granules(wishing(everything()), 8);
    number(memory);
    small.read(at(memory, 0), 1);
    assertThat(in(PageState.SHARED, memory)).containsExactly(0, 1);
    small.read(at(memory, 5), 1);
    assertThat(in(PageState.SHARED, memory)).contains(5).hasSize(2);
    assertThat(stage.space().statistics().total().evictions()).isEqualTo(GRANULE);
  }

  @Test
  void aFaultDoesNotFailForWhatCameAlong() {
    MemorySegment memory = granules(wishing(everything()), 8);
    number(memory);
    d.answer(
        call ->
            call.kind() == Kind.MAP && call.range().bytes() > GRANULE
                ? GmStatus.DMA_ERROR
                : GmStatus.SUCCESS);
    assertThat(d.read(at(memory, 3) + 8, 1)).isEqualTo(4);
    assertThat(in(PageState.SHARED, memory)).containsExactly(3);
  }

  @Test
  void aFaultOfTheCpuDoesNotFailForWhatCameAlong() {
    MemorySegment memory = onDevice(wishing(everything()), 8);
    owner.answer(
        call ->
            call.kind() == Kind.UNMAP && call.range().bytes() > GRANULE
                ? GmStatus.DMA_ERROR
                : GmStatus.SUCCESS);
    cpuReads(memory, 4);
    assertThat(in(PageState.CPU, memory)).containsExactly(4);
    owner.answer(call -> GmStatus.SUCCESS);
  }

  @Test
  void aDeviceThatRefusesWhatComesAlongIsNotAskedToMakeRoomForIt() {
    FakeDevice small = stage.fake("d2").memoryBytes(8 * GRANULE).realBytes(3 * GRANULE);
    stage.attach(small);
    MemorySegment others = granules(PrefetchPolicy.none(), 2);
    small.write(at(others, 0), 1, 7);
    small.write(at(others, 1), 1, 7);
    MemorySegment memory = granules(wishing(everything()), 8);
    number(memory);
    small.read(at(memory, 3), 1);
    assertThat(in(PageState.SHARED, memory)).containsExactly(3);
    assertThat(in(PageState.DEVICE, others)).hasSize(2);
  }

  @Test
  void launchesThatHoldTheirArgumentsBringThemAlone() {
    FakeDevice holding = stage.faultless("d2").without(GmCapability.READ_ONLY_MAPPING);
    var compute = holding.computes();
    stage.attach(holding);
    MemorySegment memory = granules(wishing(everything()), 8);
    number(memory);
    var launch =
        stage
            .kernel(holding, "k READ_WRITE")
            .launch(NdRange.of(1), memory.asSlice(2 * GRANULE, 2 * GRANULE));
    compute.awaitStarted(1).finish();
    launch.join();
    assertThat(in(PageState.DEVICE, memory)).containsExactly(2, 3);
    assertThat(prefetched(memory)).isZero();
  }

  @Test
  void whatALaunchHoldsOnTheHostsFramesDoesNotComeAlong() {
    FakeDevice sharing = stage.faultless("d2").with(GmCapability.HOST_COHERENT);
    var compute = sharing.computes();
    stage.attach(sharing);
    MemorySegment memory = granules(wishing(everything()), 8);
    number(memory);
    var launch =
        stage
            .kernel(sharing, "k READ_WRITE")
            .launch(NdRange.of(1), memory.asSlice(2 * GRANULE, 2 * GRANULE));
    FakeCompute.Started kernel = compute.awaitStarted(1);
    deviceReads(memory, 5);
    assertThat(in(PageState.SHARED, memory)).containsExactly(0, 1, 4, 5, 6, 7);
    kernel.finish();
    launch.join();
  }

  // ---- policies of programs ----

  @Test
  void aPolicyMayNameRangesInAnyOrderThatOverlapAndReachOut() {
    MemorySegment memory =
        onDevice(
            wishing(
                fault ->
                    List.of(
                        new Span(6 * GRANULE + 1, 90 * GRANULE),
                        new Span(-9 * GRANULE, 1),
                        new Span(Long.MIN_VALUE, -1),
                        new Span(7 * GRANULE, Long.MAX_VALUE),
                        new Span(2 * GRANULE, 3 * GRANULE),
                        new Span(2 * GRANULE + 5, 3 * GRANULE - 5),
                        fault.needed())),
            8);
    cpuReads(memory, 4);
    assertThat(in(PageState.CPU, memory)).containsExactly(0, 2, 4, 6, 7);
    assertThat(prefetched(memory)).isEqualTo(4);
    assertThat(warnings.records).isEmpty();
  }

  @Test
  void aPolicyThatThrowsOrAnswersNonsenseHarmsNoFaultAndIsToldOfOnce() {
    List<PrefetchPolicy> bad =
        List.of(
            fault -> {
              throw new IllegalStateException("no idea");
            },
            fault -> {
              throw new StackOverflowError();
            },
            fault -> null,
            fault -> Arrays.asList(fault.needed(), null),
            fault -> List.of(new Span(3, 3)),
            fault -> List.of(fault.dense(0)),
            fault -> Collections.nCopies(513, fault.needed()));
    for (PrefetchPolicy policy : bad) {
      warnings.records.clear();
      MemorySegment memory = onDevice(policy, 4);
      cpuReads(memory, 0, 1, 2, 3);
      deviceReads(memory, 0);
      assertThat(prefetched(memory)).isZero();
      assertThat(warnings.records).hasSize(1);
      assertThat(warnings.records.getFirst().getMessage()).contains(policy.getClass().getName());
    }
  }

  @Test
  void aPolicyMayTouchUnifiedMemoryAndIsNotAskedAboutThat() {
    MemorySegment[] memory = new MemorySegment[1];
    List<Span> asked = new ArrayList<>();
    memory[0] =
        granules(
            fault -> {
              asked.add(fault.needed());
              if (fault.device().isEmpty()) {
                stage.host().read(at(memory[0], 3), 1);
              }
              return List.of(new Span(5 * GRANULE, 6 * GRANULE));
            },
            8);
    number(memory[0]);
    away(memory[0], 0, 8);
    asked.clear();
    cpuReads(memory[0], 2);
    assertThat(asked).containsExactly(new Span(2 * GRANULE, 3 * GRANULE));
    assertThat(in(PageState.CPU, memory[0])).containsExactly(2, 3, 5);
    assertThat(warnings.records).isEmpty();
  }

  @Test
  void aPolicyThatHasTheGranuleBroughtItselfLeavesNothingToDo() {
    MemorySegment[] memory = new MemorySegment[1];
    memory[0] =
        granules(
            fault -> {
              if (fault.device().isEmpty()) {
                stage.space().prefetchToHost(memory[0]).join();
              }
              return List.of();
            },
            4);
    number(memory[0]);
    away(memory[0], 0, 4);
    cpuReads(memory[0], 2);
    assertThat(in(PageState.CPU, memory[0])).hasSize(4);
  }

  @Test
  void optionsNeedAPolicy() {
    assertThatThrownBy(() -> SpaceOptions.defaults().withPrefetch(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("prefetch");
    assertThatThrownBy(() -> ArenaOptions.defaults().withPrefetch(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("policy");
  }
}
