package dev.gmem.core.engine;

import dev.gmem.core.sync.Monitor;
import dev.gmem.core.table.GranuleEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What follows when a device is lost, as ARCHITECTURE.md says: no entry names it any more, but
 * those of which it had the only valid copy, which are poisoned; and its launches end.
 *
 * <p>The device is marked before. So a claim that is committed from now on does to its entries what
 * is done here to all that nobody has claimed.
 */
public final class Losses {
  private final Monitor.Factory threads;
  private Supplier<Collection<Vma>> vmas = List::of;
  private Consumer<DeviceSlot> launches = slot -> {};

  Losses(Monitor.Factory threads) {
    this.threads = threads;
  }

  /**
   * Says whom a loss concerns. Called before any device is there.
   *
   * @param all the VMAs of the space
   * @param queue ends the launches of a device; it runs code of the user, so it has a thread of its
   *     own
   */
  public void concern(Supplier<Collection<Vma>> all, Consumer<DeviceSlot> queue) {
    vmas = all;
    launches = queue;
  }

  /**
   * Takes a device that is lost out of all tables. Takes monitors, one after the other; the caller
   * has none, but may have a claim.
   *
   * @param slot the device, marked
   */
  public void settle(DeviceSlot slot) {
    slot.wake();
    for (Vma vma : vmas.get()) {
      settle(slot, vma);
    }
    try {
      threads.start(() -> launches.accept(slot));
    } catch (RuntimeException | Error e) {
      launches.accept(slot); // no thread is to be had: rather here than never
    }
  }

  private record Run(long first, long end, long entry) {}

  private static void settle(DeviceSlot slot, Vma vma) {
    int index = slot.index();
    vma.monitor().lock();
    try {
      vma.advise(0, vma.granules(), hints -> hints.without(index));
      if (vma.counts().onDevice(index) > 0) {
        List<Run> runs = new ArrayList<>();
        vma.table()
            .forEachRun(
                0,
                vma.granules(),
                (first, end, entry) -> {
                  if (GranuleEntry.onDevice(entry, index) && !GranuleEntry.busy(entry)) {
                    runs.add(new Run(first, end, entry));
                  }
                });
        for (Run run : runs) {
          vma.settle(run.first(), run.end(), bereaved(slot, vma, run));
        }
        vma.loosen();
      }
      vma.monitor().signalAll();
    } finally {
      vma.monitor().unlock();
    }
  }

  private static long bereaved(DeviceSlot slot, Vma vma, Run run) {
    return bereaved(slot, run.entry(), vma.bytesOf(run.first(), run.end()));
  }

  /** What an entry becomes because a device is lost; counts what is lost by it. */
  private static long bereaved(DeviceSlot slot, long entry, long bytes) {
    long left = GranuleEntry.bereaved(entry, 1 << slot.index());
    if (GranuleEntry.poisoned(left) && !GranuleEntry.poisoned(entry)) {
      slot.fate().countLost(bytes);
    }
    return left;
  }

  /** What an entry is to be written as, given who is lost. The VMA's monitor is held. */
  static long bereaved(DeviceTable devices, long entry, long bytes) {
    long left = entry;
    for (int rest = GranuleEntry.devices(entry); rest != 0; rest &= rest - 1) {
      DeviceSlot slot = devices.slot(Integer.numberOfTrailingZeros(rest));
      if (slot != null && slot.isLost()) {
        left = bereaved(slot, left, bytes);
      }
    }
    return left;
  }
}
