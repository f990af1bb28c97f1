package dev.gmem.core.engine;

import dev.gmem.PageState;
import dev.gmem.PinnedMemoryException;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.table.Hints;
import dev.gmem.spi.GmAttachMode;
import dev.gmem.spi.GmRange;

/**
 * What may be done with memory that a program has pinned to a node: nobody else writes it, and
 * whoever reads it gets a copy, if the node keeps one. It is not evicted.
 */
final class PinRules {
  private PinRules() {}

  /** Tells whether a device keeps a granule though others would like its room. */
  static boolean keeps(long entry, DeviceSlot slot) {
    return GranuleEntry.hints(entry).pinned() == Hints.node(slot.index());
  }

  /** Tells whether a goal would take a granule from the node that it is pinned to. */
  static boolean forbids(long entry, Goal goal, DeviceTable devices) {
    int node = GranuleEntry.hints(entry).pinned();
    if (node == Hints.NOWHERE) {
      return false;
    }
    return switch (goal) {
      case Goal.ToHost(boolean write) -> node != Hints.HOST && takes(entry, write, devices);
      case Goal.Home() -> node != Hints.HOST && takes(entry, false, devices);
      case Goal.InPlace wish -> node != Hints.HOST && takes(entry, wish.own(), devices);
      case Goal.ToDevice wish ->
          node != Hints.node(wish.slot().index()) && takes(entry, wish.own(), devices);
      case Goal.Drop() -> true;
      case Goal.Renew() -> node != Hints.HOST;
      case Goal.Stay ignored -> false;
      case Goal.Unmap() -> false;
      case Goal.Flush() -> false; // an owner that keeps copies keeps one; others get it back
      case Goal.Leave() -> false; // the whole range has been looked at before anything moved
      case Goal.Replace() -> false;
      // Evictions that do not wait leave it out; a device that leaves gives it back all the same.
      case Goal.Evict ignored -> false;
      case Goal.Discard ignored -> false;
      case Goal.Release() -> false;
    };
  }

  private static boolean takes(long entry, boolean own, DeviceTable devices) {
    if (own) {
      return true;
    }
    if (GranuleEntry.state(entry) != PageState.DEVICE || GranuleEntry.blank(entry)) {
      return false;
    }
    int owner = GranuleEntry.owner(entry);
    return GranuleEntry.hints(entry).pinned() == Hints.node(owner)
        && devices.slot(owner).mode() != GmAttachMode.REPLICATE;
  }

  static PinnedMemoryException exception(Request request, long entry, DeviceTable devices) {
    GmRange run = request.vma().run(request.first(), request.first() + 1);
    return exception(
        "memory that is pinned by advice would have to move; unpin it, or use it where it is",
        run,
        GranuleEntry.hints(entry).pinned(),
        devices);
  }

  static PinnedMemoryException exception(String rule, GmRange run, int node, DeviceTable devices) {
    return new PinnedMemoryException(
        rule
            + ": address=0x"
            + Long.toHexString(run.address())
            + " bytes="
            + run.bytes()
            + " pinnedTo="
            + name(node, devices));
  }

  /** The name of a node, or null. */
  static String name(int node, DeviceTable devices) {
    if (node == Hints.NOWHERE) {
      return null;
    }
    DeviceSlot slot = node == Hints.HOST ? null : devices.slot(node - 1);
    return slot == null ? "host" : slot.device().id();
  }
}
