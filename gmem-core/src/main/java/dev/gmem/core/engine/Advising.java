package dev.gmem.core.engine;

import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.table.Hints;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Takes advice about granules, and does what follows from it at once. Ranges are of whole granules.
 * Any thread may call any method; all may block.
 */
public final class Advising {
  private final FaultEngine engine;
  private final DeviceTable devices;

  Advising(FaultEngine engine, DeviceTable devices) {
    this.engine = engine;
    this.devices = devices;
  }

  /**
   * A part of a range with one preference.
   *
   * @param slot the device where it is best; null if that is the host, or nowhere
   * @param first first granule
   * @param end granule after the last
   */
  public record Preference(DeviceSlot slot, long first, long end) {}

  private record Run(long first, long end) {}

  /**
   * Changes what has been advised about a range.
   *
   * @param vma where it is
   * @param first first granule
   * @param end granule after the last
   * @param slot the device that the advice names, or null
   * @param change from old to new
   * @throws IllegalStateException if the VMA is closed, or the device is being detached
   */
  public void advise(Vma vma, long first, long end, DeviceSlot slot, UnaryOperator<Hints> change) {
    vma.monitor().lock();
    try {
      checkUsable(vma, slot);
      vma.advise(first, end, change);
    } finally {
      vma.monitor().unlock();
    }
  }

  /** The monitor is held: a device that leaves has its advice forgotten under it, afterwards. */
  private static void checkUsable(Vma vma, DeviceSlot slot) {
    if (vma.isClosed()) {
      throw new IllegalStateException("Already closed");
    }
    if (slot != null) {
      slot.fate().check();
    }
    if (slot != null && slot.isLeaving()) {
      throw new IllegalStateException(
          "the device is being detached, or has been: device=" + slot.device().id());
    }
  }

  /**
   * Forgets what names a device.
   *
   * @param slot the device, leaving
   * @param vma where
   */
  public void forget(DeviceSlot slot, Vma vma) {
    vma.monitor().lock();
    try {
      vma.advise(0, vma.granules(), hints -> hints.without(slot.index()));
    } finally {
      vma.monitor().unlock();
    }
  }

  /**
   * Brings a range to a node and keeps it there. It is kept from the beginning, so that nothing of
   * it goes while the rest comes; if not all of it can be had, nothing is kept.
   *
   * @param slot the device, or null for the host
   * @param vma where the range is
   * @param first first granule
   * @param end granule after the last
   * @return bytes copied from one node to another
   * @throws dev.gmem.PinnedMemoryException if some of it is pinned to another node
   * @throws dev.gmem.DeviceException if it cannot be brought there
   */
  public long pin(DeviceSlot slot, Vma vma, long first, long end) {
    int node = slot == null ? Hints.HOST : Hints.node(slot.index());
    List<Run> fresh = keep(slot, vma, first, end, node);
    boolean done = false;
    try {
      long bytes =
          slot == null
              ? engine.prefetchToHost(vma, first, end)
              : engine.prefetch(slot, vma, first, end, false);
      done = true;
      return bytes;
    } finally {
      if (!done) {
        letGo(vma, fresh, node);
      }
    }
  }

  /** Pins what is not yet; returns it. */
  private List<Run> keep(DeviceSlot slot, Vma vma, long first, long end, int node) {
    List<Run> fresh = new ArrayList<>();
    vma.monitor().lock();
    try {
      checkUsable(vma, slot);
      vma.table()
          .forEachRun(
              first,
              end,
              (from, to, entry) -> {
                int pinned = GranuleEntry.hints(entry).pinned();
                if (pinned != Hints.NOWHERE && pinned != node) {
                  throw PinRules.exception(
                      "memory can be pinned to one node only; unpin it first",
                      vma.run(from, to),
                      pinned,
                      devices);
                }
                if (pinned == Hints.NOWHERE) {
                  fresh.add(new Run(from, to));
                }
              });
      vma.advise(first, end, hints -> hints.pinnedTo(node));
    } finally {
      vma.monitor().unlock();
    }
    return fresh;
  }

  private static void letGo(Vma vma, List<Run> runs, int node) {
    vma.monitor().lock();
    try {
      for (Run run : runs) {
        vma.advise(
            run.first(),
            run.end(),
            hints -> hints.pinned() == node ? hints.pinnedTo(Hints.NOWHERE) : hints);
      }
    } finally {
      vma.monitor().unlock();
    }
  }

  /**
   * Drops the contents of a range: it reads as zero from now on.
   *
   * @param vma where it is
   * @param first first granule
   * @param end granule after the last
   * @return 0: nothing is copied
   * @throws dev.gmem.PinnedMemoryException if some of it is pinned
   */
  public long drop(Vma vma, long first, long end) {
    return engine.serve(vma, first, end, new Goal.Drop());
  }

  /**
   * Tells where a range is preferred.
   *
   * @param vma where it is
   * @param first first granule
   * @param end granule after the last
   * @return its parts, in address order
   */
  public List<Preference> preferences(Vma vma, long first, long end) {
    List<Preference> parts = new ArrayList<>();
    vma.monitor().lock();
    try {
      vma.table()
          .forEachRun(
              first,
              end,
              (from, to, entry) -> {
                int node = GranuleEntry.hints(entry).preferred();
                DeviceSlot slot = node <= Hints.HOST ? null : devices.slot(node - 1);
                Preference last = parts.isEmpty() ? null : parts.getLast();
                if (last != null && last.slot() == slot) {
                  parts.removeLast();
                  parts.add(new Preference(slot, last.first(), to));
                } else {
                  parts.add(new Preference(slot, from, to));
                }
              });
    } finally {
      vma.monitor().unlock();
    }
    return parts;
  }
}
