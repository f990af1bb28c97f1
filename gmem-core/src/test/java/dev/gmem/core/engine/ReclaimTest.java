package dev.gmem.core.engine;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.DeviceStatistics;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PrefetchPolicy;
import dev.gmem.SpaceOptions;
import dev.gmem.core.space.SpaceProbe;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory is given back before it is needed, and what goes is what is needed least. */
@Timeout(60)
class ReclaimTest {
  private static final int MEMORY = 256; // granules
  private static final int LOW = MEMORY / Pressure.LOW_FRACTION;
  private static final int HIGH = 2 * LOW;
  private static final SpaceOptions OPTIONS =
      SpaceOptions.defaults()
          .withGranuleBytes(GRANULE)
          .withReservedBytes(16 << 20)
          .withPrefetch(PrefetchPolicy.none());

  private final Stage stage = new Stage(OPTIONS);

  private FakeDevice device() {
    FakeDevice d = stage.fake("d0").memoryBytes((long) MEMORY * GRANULE);
    stage.attach(d);
    return d;
  }

  private DeviceSlot slot() {
    return SpaceProbe.slots(stage.space()).getFirst();
  }

  /** A device with no room left, that nobody has missed. */
  private DeviceSlot full() {
    write(device(), stage.granules(MEMORY), 0, MEMORY);
    return slot();
  }

  private DeviceStatistics statistics() {
    return stage.space().statistics().devices().get("d0");
  }

  private long evictedDirectly() {
    return statistics().bytesEvicted() - statistics().bytesReclaimed();
  }

  private static void write(FakeDevice d, MemorySegment segment, int first, int count) {
    for (int i = first; i < first + count; i++) {
      d.write(segment.address() + (long) i * GRANULE, 1, i & 0x7f);
    }
  }

  /** Writes granules far from each other. */
  private static void scatter(FakeDevice d, MemorySegment segment, int first, int count) {
    for (int i = first; i < first + count; i++) {
      d.write(scattered(segment, i), 1, i & 0x7f);
    }
  }

  private static long scattered(MemorySegment segment, int i) {
    return segment.address() + i * 37L % (segment.byteSize() / GRANULE) * GRANULE;
  }

  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      LockSupport.parkNanos(100_000);
      assertThat(Thread.interrupted()).as("it took too long").isFalse();
    }
  }

  private void awaitRoom() {
    await(
        () ->
            statistics().residentBytes() <= (long) (MEMORY - HIGH) * GRANULE
                && !slot().pressure().isReclaiming());
  }

  @Test
  void whoComesAfterThePressureFindsRoom() {
    FakeDevice d = device();
    MemorySegment s = stage.granules(2 * MEMORY);
    scatter(d, s, 0, MEMORY + 1);
    awaitRoom();
    assertThat(statistics().bytesReclaimed()).isPositive();
    int next = MEMORY + 1;
    while (next + HIGH - LOW < 2 * MEMORY) {
      long before = evictedDirectly();
      scatter(d, s, next, HIGH - LOW);
      next += HIGH - LOW;
      assertThat(evictedDirectly()).isEqualTo(before);
      scatter(d, s, next, 1); // below the low watermark
      next++;
      awaitRoom();
    }
    for (int i = 0; i < next; i++) {
      assertThat(stage.host().read(scattered(s, i), 1)).isEqualTo(i & 0x7f);
    }
    stage.close();
  }

  @Test
  void whatFitsStays() {
    FakeDevice d = device();
    MemorySegment s = stage.granules(MEMORY);
    for (int round = 0; round < 3; round++) {
      write(d, s, 0, MEMORY);
    }
    assertThat(slot().pressure().isPressed()).isFalse();
    assertThat(slot().pressure().isReclaiming()).isFalse();
    assertThat(statistics().bytesEvicted()).isZero();
    assertThat(statistics().residentBytes()).isEqualTo((long) MEMORY * GRANULE);
    stage.close();
  }

  @Test
  void withoutProgressItEnds() {
    FakeDevice d = device();
    MemorySegment s = stage.granules(2 * MEMORY);
    write(d, s, 0, MEMORY);
    boolean[] fails = new boolean[1];
    int[] unmapped = new int[1];
    d.answer(
        call -> {
          if (call.kind() == Kind.UNMAP) {
            unmapped[0]++;
            // One of them, for the one who waits, works: then it is the reclaimer's turn.
            return fails[0] || unmapped[0] > 1 ? GmStatus.DMA_ERROR : GmStatus.SUCCESS;
          }
          return GmStatus.SUCCESS;
        });
    write(d, s, MEMORY, 1);
    await(() -> unmapped[0] > 1 && !slot().pressure().isReclaiming());
    assertThat(statistics().residentBytes()).isGreaterThan((long) (MEMORY - LOW) * GRANULE);
    d.answer(call -> GmStatus.SUCCESS);
    write(d, s, MEMORY + 1, 8); // whoever takes room wakes it again, if not at once
    awaitRoom();
    stage.close();
  }

  @Test
  void whereNothingCanBeHadItIsTriedEverMoreRarely() {
    DeviceSlot slot = full();
    assertThat(slot.pressure().wantsReclaim()).isFalse();
    slot.pressure().press();
    assertThat(slot.pressure().wantsReclaim()).isTrue();
    for (int refusals = 2; refusals <= 1024; refusals *= 2) {
      slot.pressure().reclaimed(0);
      for (int i = 0; i < refusals; i++) {
        assertThat(slot.pressure().wantsReclaim()).isFalse();
      }
      assertThat(slot.pressure().wantsReclaim()).isTrue();
    }
    slot.pressure().reclaimed(0);
    slot.pressure().reclaimed(GRANULE);
    assertThat(slot.pressure().wantsReclaim()).isTrue();
    assertThat(slot.pressure().beginReclaim()).isTrue();
    assertThat(slot.pressure().beginReclaim()).isFalse();
    slot.pressure().endReclaim();
    stage.close();
  }

  @Test
  void closingAndDetachingMeetAThreadThatReclaims() {
    for (int round = 0; round < 20; round++) {
      FakeDevice d = stage.fake("d" + round).memoryBytes((long) MEMORY * GRANULE);
      stage.attach(d);
      DeviceSlot slot = slot();
      Arena other = stage.space().arena();
      MemorySegment s = other.allocate((long) MEMORY * GRANULE, GRANULE);
      MemorySegment kept = stage.granules(MEMORY / 2);
      write(d, s, 0, MEMORY);
      write(d, kept, 0, MEMORY / 2); // starts it
      if (round % 2 == 0) {
        other.close();
      }
      stage.space().detach(stage.view(d));
      assertThat(slot.usedBytes()).isZero();
      assertThat(slot.pressure().wantsReclaim()).isFalse();
      await(() -> !slot.pressure().isReclaiming());
      for (int i = 0; i < MEMORY / 2; i++) {
        assertThat(stage.host().read(kept.address() + (long) i * GRANULE, 1)).isEqualTo(i & 0x7f);
      }
      if (round % 2 == 1) {
        other.close();
      }
    }
    stage.close();
  }

  @Test
  void theWatermarksFollowTheQuota() {
    FakeDevice d = device();
    stage.space().quota(stage.view(d), (long) MEMORY / 2 * GRANULE);
    write(d, stage.granules(MEMORY), 0, MEMORY / 2 + 1);
    long most = (long) (MEMORY / 2 - HIGH / 2) * GRANULE;
    await(() -> statistics().residentBytes() <= most && !slot().pressure().isReclaiming());
    assertThat(statistics().residentBytes()).isGreaterThan(most - HIGH / 2 * GRANULE);
    stage.close();
  }

  @Test
  void aDeviceThatLeavesIsNotReclaimedFrom() {
    DeviceSlot slot = full();
    slot.pressure().press();
    assertThat(slot.pressure().wantsReclaim()).isTrue();
    slot.leave();
    assertThat(slot.pressure().wantsReclaim()).isFalse();
    slot.stay();
    stage.close();
  }

  @Test
  void lookingForVictimsCostsTheSameWhateverTheHistory() {
    device();
    stage.granules(1);
    DeviceSlot slot = slot();
    Vma vma = SpaceProbe.vmas(stage.space()).getFirst();
    slot.pressure().press();
    for (int i = 999; i >= 0; i--) {
      slot.putBack(new DeviceSlot.Mapped(vma, i, i + 1));
    }
    vma.uses().stamp(slot);
    assertThat(slot.oldest(2)).extracting(DeviceSlot.Mapped::first).containsExactly(64L, 65L);
    assertThat(slot.oldest(1)).extracting(DeviceSlot.Mapped::first).containsExactly(130L);
    slot.forget(vma);
    stage.close();
  }

  @Test
  void cleanCopiesGoFirst() {
    FakeDevice d = device();
    MemorySegment dirty = stage.granules(MEMORY / 2);
    MemorySegment clean = stage.granules(MEMORY / 2);
    MemorySegment more = stage.granules(1);
    for (int i = 0; i < MEMORY / 2; i++) {
      stage.host().write(clean.address() + (long) i * GRANULE, 1, i);
    }
    stage.space().prefetch(clean, stage.view(d)).join(); // one run
    MemorySegment last = dirty.asSlice(0, (MEMORY / 2 - 1L) * GRANULE);
    write(d, dirty, 0, MEMORY / 2);
    long out = statistics().bytesOut();
    write(d, more, 0, 1);
    awaitRoom();
    assertThat(statistics().bytesOut()).isEqualTo(out);
    assertThat(stage.space().residency(last).bytesOn("d0")).isEqualTo(last.byteSize());
    assertThat(stage.space().residency(clean).bytesOn("d0")).isLessThan(clean.byteSize());
    stage.close();
  }

  @Test
  void whatALaunchHasUsedIsSpared() {
    FakeDevice d = stage.faultless("d0").memoryBytes((long) MEMORY * GRANULE);
    FakeCompute compute = d.computes().onStart(FakeCompute.Started::finish);
    stage.attach(d);
    Kernel k = stage.kernel(d, "k READ_WRITE");
    MemorySegment hot = stage.granules(MEMORY / 4);
    MemorySegment cold = stage.granules(MEMORY * 3 / 4 - 3 * HIGH);
    launch(k, hot);
    launch(k, cold);
    slot().pressure().press();
    for (int round = 0; round < 4; round++) {
      launch(k, hot);
      launch(k, stage.granules(MEMORY / 8));
      await(() -> !slot().pressure().isReclaiming());
      assertThat(stage.space().residency(hot).bytesOn("d0")).isEqualTo(hot.byteSize());
    }
    assertThat(compute.started()).hasSize(10);
    assertThat(stage.space().residency(cold).bytesOn("d0")).isLessThan(cold.byteSize());
    stage.close();
  }

  private static void launch(Kernel k, MemorySegment segment) {
    Launch launch = k.launch(NdRange.of(1), segment);
    launch.join();
  }
}
