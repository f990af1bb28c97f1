package dev.gmem.core.table;

import dev.gmem.PageState;

/**
 * How many granules of a VMA are how. Kept with every change of the table, so that questions about
 * a whole VMA cost the same whatever its size. Guarded by the VMA's monitor.
 */
public final class GranuleCounts {
  private final long[] states = new long[PageState.values().length];
  private final long[] devices = new long[GranuleEntry.DEVICES_MAX];
  private long lackingRead;
  private long lackingWrite;
  private long revoked;
  private long busy;
  private long blank;
  private long clean;
  private long poisoned;

  /**
   * Adds granules.
   *
   * @param entry what they are
   * @param granules how many; negative to take them away
   */
  void add(long entry, long granules) {
    states[GranuleEntry.state(entry).ordinal()] += granules;
    for (int rest = GranuleEntry.devices(entry); rest != 0; rest &= rest - 1) {
      devices[Integer.numberOfTrailingZeros(rest)] += granules;
    }
    if (!GranuleEntry.admits(entry, false)) {
      lackingRead += granules;
    }
    if (!GranuleEntry.admits(entry, true)) {
      lackingWrite += granules;
    }
    if (GranuleEntry.restored(entry) != entry) {
      revoked += granules;
    }
    if (GranuleEntry.busy(entry)) {
      busy += granules;
    }
    if (GranuleEntry.blank(entry)) {
      blank += granules;
    }
    if (GranuleEntry.clean(entry)) {
      clean += granules;
    }
    if (GranuleEntry.poisoned(entry)) {
      poisoned += granules;
    }
  }

  /**
   * Counts a state.
   *
   * @param state the state
   * @return granules
   */
  public long inState(PageState state) {
    return states[state.ordinal()];
  }

  /**
   * Counts what a device holds, owned or replicated.
   *
   * @param slot the device's slot
   * @return granules
   */
  public long onDevice(int slot) {
    return devices[slot];
  }

  /**
   * Counts what the CPU may not read.
   *
   * @return granules
   */
  public long lackingRead() {
    return lackingRead;
  }

  /**
   * Counts what the CPU may not write.
   *
   * @return granules
   */
  public long lackingWrite() {
    return lackingWrite;
  }

  /**
   * Counts what lacks a permission of the CPU that its state has by right.
   *
   * @return granules
   */
  public long revoked() {
    return revoked;
  }

  /**
   * Counts what is claimed.
   *
   * @return granules
   */
  public long busy() {
    return busy;
  }

  /**
   * Counts what a device is yet to write.
   *
   * @return granules
   */
  public long blank() {
    return blank;
  }

  /**
   * Counts what a device owns and has not written.
   *
   * @return granules
   */
  public long clean() {
    return clean;
  }

  /**
   * Counts what is lost.
   *
   * @return granules
   */
  public long poisoned() {
    return poisoned;
  }

  /**
   * Counts granules whose only valid copy is on a device, or lost with it.
   *
   * @return how many
   */
  public long away() {
    return inState(PageState.DEVICE) - blank - clean;
  }
}
