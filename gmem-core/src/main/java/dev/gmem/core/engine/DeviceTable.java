package dev.gmem.core.engine;

import dev.gmem.core.table.GranuleEntry;
import dev.gmem.spi.GmDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** The devices of a space by their number in entries. Reads need no lock. */
public final class DeviceTable {
  private final AtomicReferenceArray<DeviceSlot> slots =
      new AtomicReferenceArray<>(GranuleEntry.DEVICES_MAX);

  /**
   * Returns a device.
   *
   * @param index its number
   * @return the device, or null if the number is free
   */
  public DeviceSlot slot(int index) {
    return slots.get(index);
  }

  /**
   * Finds the slot of a device.
   *
   * @param device the device
   * @return its slot, or null
   */
  public DeviceSlot find(GmDevice device) {
    for (int i = 0; i < slots.length(); i++) {
      DeviceSlot slot = slots.get(i);
      if (slot != null && slot.device() == device) {
        return slot;
      }
    }
    return null;
  }

  /**
   * Returns the devices.
   *
   * @return a snapshot, in the order of their numbers
   */
  public List<DeviceSlot> all() {
    List<DeviceSlot> all = new ArrayList<>();
    for (int i = 0; i < slots.length(); i++) {
      DeviceSlot slot = slots.get(i);
      if (slot != null) {
        all.add(slot);
      }
    }
    return all;
  }

  /**
   * Finds a free number.
   *
   * @return the lowest, or -1 if there is none
   */
  public int free() {
    for (int i = 0; i < slots.length(); i++) {
      if (slots.get(i) == null) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Enters a device.
   *
   * @param slot the device, at a free number
   */
  public void enter(DeviceSlot slot) {
    slots.set(slot.index(), slot);
  }

  /**
   * Removes a device that holds nothing any more.
   *
   * @param slot the device
   */
  public void remove(DeviceSlot slot) {
    slots.set(slot.index(), null);
  }
}
