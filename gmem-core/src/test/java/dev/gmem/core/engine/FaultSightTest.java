package dev.gmem.core.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.PageState;
import dev.gmem.PrefetchPolicy;
import dev.gmem.PrefetchPolicy.Pattern;
import dev.gmem.PrefetchPolicy.Span;
import dev.gmem.core.space.SpaceProbe;
import dev.gmem.core.sync.LockRank;
import dev.gmem.core.sync.RankedMonitor;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmRange;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** What a policy sees of a fault, against a walk over all granules. */
class FaultSightTest {
  private static final int BLOCK = PrefetchPolicy.BLOCK_BYTES;

  private final Stage stage = new Stage();
  private final DeviceSlot slot = slot("d0");
  private final DeviceSlot other = slot("d1");

  private DeviceSlot slot(String id) {
    return SpaceProbe.slot(stage.attach(stage.fake(id)));
  }

  private static Vma vma(long address, long granules, int granuleBytes) {
    return new Vma(
        new GmRange(address, granules * granuleBytes),
        new VmaOptions(granuleBytes, PrefetchPolicy.standard()),
        new RankedMonitor(LockRank.VMA));
  }

  private static FaultSight sight(Vma vma, long first, long end, Goal goal) {
    GmRange run = vma.run(first, end);
    vma.monitor().lock();
    try {
      return new FaultSight(Request.fault(vma, run.address(), run.bytes(), goal));
    } finally {
      vma.monitor().unlock();
    }
  }

  private Goal goal(boolean device, boolean write) {
    return device ? new Goal.ToDevice(slot, write, false, Goal.NO_LAUNCH) : new Goal.ToHost(write);
  }

  /** Entries of all kinds, most of them here or there. */
  private long entry(int kind) {
    return switch (kind) {
      case 0, 1, 2 -> GranuleEntry.CPU;
      case 3, 4, 5 -> GranuleEntry.device(slot.index());
      case 6 -> GranuleEntry.shared(1 << slot.index());
      case 7 -> GranuleEntry.device(other.index());
      case 8 -> GranuleEntry.EVICTED;
      case 9 -> GranuleEntry.claimed(GranuleEntry.CPU);
      case 10 -> GranuleEntry.claimed(GranuleEntry.device(slot.index()));
      default -> GranuleEntry.NOMAP;
    };
  }

  private boolean isHere(long entry, boolean device, boolean write) {
    if (GranuleEntry.busy(entry)) {
      return false;
    }
    PageState state = GranuleEntry.state(entry);
    return device
        ? GranuleEntry.onDevice(entry, slot.index()) && (!write || state == PageState.DEVICE)
        : state == PageState.CPU;
  }

  @Property(tries = 300)
  void aDenseRangeIsTheLargestOfItsTreeThatReachesTheThreshold(
      @ForAll @Size(min = 1, max = 200) List<@IntRange(max = 11) Integer> kinds,
      @ForAll @IntRange(min = 12, max = 21) int granuleShift,
      @ForAll @LongRange(max = 600) long before,
      @ForAll @IntRange(max = 199) int at,
      @ForAll @IntRange(min = 1, max = 3) int needed,
      @ForAll @IntRange(min = 1, max = 100) int percent,
      @ForAll boolean device,
      @ForAll boolean write) {
    int granule = 1 << granuleShift;
    long address = (1L << 30) + before * granule;
    Vma vma = vma(address, kinds.size(), granule);
    for (int i = 0; i < kinds.size(); i++) {
      vma.table().set(i, i + 1, entry(kinds.get(i)));
    }
    int first = at % kinds.size();
    int end = Math.min(kinds.size(), first + needed);

    Span dense = sight(vma, first, end, goal(device, write)).dense(percent);

    Span expected = new Span((long) first * granule, (long) end * granule);
    for (long size = 2L * granule; size <= BLOCK; size *= 2) {
      long from = Math.max(0, (address + (long) first * granule) / size * size - address);
      long to = (address + (long) end * granule + size - 1) / size * size - address;
      to = Math.min(to, vma.bytes());
      long count = 0;
      for (int i = (int) (from / granule); i < to / granule; i++) {
        boolean counts = i >= first && i < end || isHere(entry(kinds.get(i)), device, write);
        count += counts ? 1 : 0;
      }
      expected = 100 * count * granule > percent * (to - from) ? new Span(from, to) : expected;
    }
    assertThat(dense).isEqualTo(expected);
  }

  @Property(tries = 100)
  void bytesHereAreThoseOfTheGranulesThatAreHere(
      @ForAll @Size(min = 1, max = 150) List<@IntRange(max = 11) Integer> kinds,
      @ForAll @LongRange(min = -10_000, max = 700_000) long from,
      @ForAll @LongRange(min = 1, max = 700_000) long bytes,
      @ForAll boolean device) {
    Vma vma = vma(1L << 30, kinds.size(), 4096);
    long expected = 0;
    for (int i = 0; i < kinds.size(); i++) {
      vma.table().set(i, i + 1, entry(kinds.get(i)));
      boolean inside = i * 4096L < from + bytes && from < (i + 1) * 4096L;
      expected += inside && isHere(entry(kinds.get(i)), device, false) ? 4096 : 0;
    }
    FaultSight sight = sight(vma, 0, 1, goal(device, false));
    assertThat(sight.bytesHere(new Span(from, from + bytes))).isEqualTo(expected);
  }

  @Example
  void itTellsWhatIsKnownOfTheFault() {
    Vma vma = vma(1L << 30, 10, 4096);
    FaultSight cpu = sight(vma, 2, 4, goal(false, true));
    assertThat(cpu.device()).isEmpty();
    assertThat(cpu.writes()).isTrue();
    assertThat(cpu.needed()).isEqualTo(new Span(2 * 4096, 4 * 4096));
    assertThat(cpu.granuleBytes()).isEqualTo(4096);
    assertThat(cpu.allocationBytes()).isEqualTo(10 * 4096);
    assertThat(cpu.pattern()).isEqualTo(Pattern.NONE);
    assertThat(cpu.following()).isEmpty();
    FaultSight device = sight(vma, 4, 5, goal(true, false));
    assertThat(device.device()).contains("d0");
    assertThat(device.writes()).isFalse();
    assertThat(device.pattern()).as("the CPU was here, not the device").isEqualTo(Pattern.NONE);
  }

  @Example
  void aWindowEndsWithTheAllocation() {
    Vma vma = vma(1L << 30, 4, 4096);
    sight(vma, 2, 3, goal(false, false));
    assertThat(sight(vma, 3, 4, goal(false, false)).following())
        .containsExactly(new Span(3 * 4096, 4 * 4096));
    Vma down = vma(1L << 30, 4, 4096);
    sight(down, 1, 2, goal(false, false));
    assertThat(sight(down, 0, 1, goal(false, false)).following())
        .containsExactly(new Span(0, 4096));
  }

  @Example
  void placesAtAStrideEndWithTheAllocation() {
    Vma vma = vma(1L << 30, 40, 4096);
    for (long at : new long[] {0, 3, 6, 12, 21}) {
      vma.monitor().lock();
      long address = vma.address() + at * 4096 + 8;
      FaultSight sight = new FaultSight(Request.fault(vma, address, 8, goal(false, true)));
      vma.monitor().unlock();
      if (at == 12) {
        assertThat(sight.following())
            .containsExactly(new Span(15 * 4096, 16 * 4096), new Span(18 * 4096, 19 * 4096));
      }
      if (at == 21) {
        assertThat(sight.following()).hasSize(4).allMatch(span -> span.bytes() == 4096);
      }
    }
    vma.monitor().lock();
    long address = vma.address() + 36 * 4096 + 8;
    FaultSight last = new FaultSight(Request.fault(vma, address, 8, goal(false, true)));
    vma.monitor().unlock();
    assertThat(last.pattern()).isEqualTo(Pattern.STRIDED);
    assertThat(last.following()).containsExactly(new Span(39 * 4096, 40 * 4096));
  }

  @Example
  void anImpossibleThresholdIsRefused() {
    FaultSight sight = sight(vma(1L << 30, 4, 4096), 0, 1, goal(false, false));
    for (int percent : new int[] {0, 101, -1}) {
      assertThatThrownBy(() -> sight.dense(percent))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("percent=" + percent);
    }
  }

  @Example
  void anAllocationOfOneGranuleHasNothingElse() {
    Vma vma = vma((1L << 30) + 4096, 1, 4096);
    FaultSight sight = sight(vma, 0, 1, goal(false, false));
    assertThat(sight.dense(1)).isEqualTo(new Span(0, 4096));
    assertThat(sight.needed()).isEqualTo(new Span(0, 4096));
  }
}
