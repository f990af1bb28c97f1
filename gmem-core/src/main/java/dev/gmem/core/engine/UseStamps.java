package dev.gmem.core.engine;

import dev.gmem.core.table.GranuleEntry;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;

/**
 * When launches last used a VMA, by device, in the device's time. Takes memory only once a device
 * has been under pressure. Any thread may call any method.
 */
public final class UseStamps {
  private final AtomicReference<AtomicLongArray> times = new AtomicReference<>();

  UseStamps() {}

  /**
   * Takes note that a launch uses the VMA, if that matters.
   *
   * @param slot the device of the launch
   */
  public void stamp(DeviceSlot slot) {
    if (slot.pressure().isPressed()) {
      if (times.get() == null) {
        times.compareAndSet(null, new AtomicLongArray(GranuleEntry.DEVICES_MAX));
      }
      times.get().setOpaque(slot.index(), slot.tick());
    }
  }

  /** Tells whether a launch on a device has used it after a time. */
  boolean isUsedSince(long time, int slot) {
    AtomicLongArray made = times.get();
    return made != null && made.getOpaque(slot) > time;
  }
}
