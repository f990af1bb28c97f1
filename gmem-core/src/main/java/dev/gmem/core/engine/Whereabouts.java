package dev.gmem.core.engine;

import dev.gmem.PageState;
import dev.gmem.Residency;
import dev.gmem.Residency.Extent;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.table.Hints;
import dev.gmem.spi.GmRange;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the table says to those who ask where memory is, without touching it. */
final class Whereabouts {
  private Whereabouts() {}

  /**
   * Tells where a range lives.
   *
   * @param vma the VMA
   * @param from first address
   * @param to address after the last
   * @param devices the devices of the space
   * @return its extents, clipped
   */
  static List<Extent> of(Vma vma, long from, long to, DeviceTable devices) {
    List<Extent> extents = new ArrayList<>();
    vma.monitor().lock();
    try {
      vma.table()
          .forEachRun(
              vma.granuleOf(from),
              vma.granuleEnd(from, to - from),
              (first, end, entry) -> {
                GmRange run = vma.run(first, end);
                long start = Math.max(from, run.address());
                extents.add(
                    new Extent(
                        start,
                        Math.min(to, run.end()) - start,
                        state(entry),
                        idsOf(haveIt(entry) ? GranuleEntry.devices(entry) : 0, devices),
                        GranuleEntry.busy(entry) || vma.heldAgainst(first, new Goal.Release()),
                        GranuleEntry.poisoned(entry),
                        !GranuleEntry.onHost(entry) && !GranuleEntry.poisoned(entry),
                        advice(GranuleEntry.hints(entry), devices)));
              });
    } finally {
      vma.monitor().unlock();
    }
    return extents;
  }

  private static PageState state(long entry) {
    boolean kept = GranuleEntry.blank(entry) && !GranuleEntry.poisoned(entry);
    return kept ? PageState.EVICTED : GranuleEntry.state(entry);
  }

  private static boolean haveIt(long entry) {
    return !GranuleEntry.blank(entry) && !GranuleEntry.poisoned(entry);
  }

  private static Residency.Advised advice(Hints hints, DeviceTable devices) {
    return hints.equals(Hints.NONE)
        ? Residency.Advised.NOTHING
        : new Residency.Advised(
            Optional.ofNullable(PinRules.name(hints.pinned(), devices)),
            Optional.ofNullable(PinRules.name(hints.preferred(), devices)),
            hints.readMostly(),
            idsOf(hints.accessedBy(), devices));
  }

  private static Set<String> idsOf(int mask, DeviceTable devices) {
    Set<String> ids = new LinkedHashSet<>();
    for (int rest = mask; rest != 0; rest &= rest - 1) {
      DeviceSlot slot = devices.slot(Integer.numberOfTrailingZeros(rest));
      if (slot != null) {
        ids.add(slot.device().id());
      }
    }
    return ids;
  }
}
