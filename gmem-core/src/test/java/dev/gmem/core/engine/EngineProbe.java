package dev.gmem.core.engine;

import dev.gmem.PageState;
import dev.gmem.core.host.GateLevel;
import dev.gmem.core.table.GranuleCounts;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.table.GranuleTable;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeRegion;
import java.util.List;

/**
 * Looks into the engine, and says what must always hold of it, and what must hold when nothing is
 * under way.
 */
public final class EngineProbe {
  private static final PageState[] STATES = PageState.values();

  private EngineProbe() {}

  /** What must hold at any time. */
  public static void check(Vma vma, List<DeviceSlot> slots) {
    if (vma.isClosed()) {
      return;
    }
    for (long granule = 0; granule < vma.granules(); granule++) {
      long entry = vma.table().get(granule);
      checkPossible(entry);
      checkMappings(entry, vma.run(granule, granule + 1).address(), slots);
    }
    checkCounts(vma.table());
    GateLevel level = ((FakeRegion) vma.region()).level();
    if (level.compareTo(needed(vma)) < 0) {
      throw new AssertionError("the gate is open: " + level + " " + needed(vma));
    }
  }

  /** The rows of the state table that exist. */
  public static void checkPossible(long entry) {
    int devices = Integer.bitCount(GranuleEntry.devices(entry));
    boolean reads = GranuleEntry.admits(entry, false);
    boolean writes = GranuleEntry.admits(entry, true);
    boolean possible =
        switch (GranuleEntry.state(entry)) {
          case NOMAP, CPU -> devices == 0;
          case SHARED -> devices > 0 && !writes;
          case DEVICE -> devices == 1 && !reads && !writes;
          case EVICTED, UNMAPPED, FILE -> devices == 0 && !reads && !writes;
        };
    boolean owned = GranuleEntry.state(entry) == PageState.DEVICE;
    boolean flagged = GranuleEntry.blank(entry) || GranuleEntry.clean(entry);
    possible &=
        !GranuleEntry.poisoned(entry)
            || owned && !GranuleEntry.clean(entry) && !GranuleEntry.filed(entry);
    possible &= !GranuleEntry.filed(entry) || !writes && !GranuleEntry.blank(entry);
    if (!possible || writes && !reads || flagged && !owned) {
      throw new AssertionError("impossible: " + GranuleEntry.toString(entry));
    }
  }

  private static void checkMappings(long entry, long address, List<DeviceSlot> slots) {
    int mapped = 0;
    int writable = 0;
    int lost = 0;
    for (DeviceSlot slot : slots) {
      if (slot.isLost()) {
        lost |= 1 << slot.index(); // whatever it maps, nobody reaches it
        continue;
      }
      FakeDevice device = (FakeDevice) slot.device();
      mapped |= device.maps(address) ? 1 << slot.index() : 0;
      writable |= device.mapsWritable(address) ? 1 << slot.index() : 0;
    }
    boolean right =
        (writable == 0 || Integer.bitCount(mapped) == 1)
            && (writable == 0 || !GranuleEntry.admits(entry, false))
            && (mapped == 0 || !GranuleEntry.admits(entry, true));
    if (!GranuleEntry.busy(entry) && !GranuleEntry.poisoned(entry)) {
      boolean owned = GranuleEntry.state(entry) == PageState.DEVICE;
      right &= mapped == (GranuleEntry.devices(entry) & ~lost);
      right &= (writable != 0) == (owned && (GranuleEntry.devices(entry) & lost) == 0);
    }
    if (!right) {
      throw new AssertionError(
          "mixed permissions: "
              + GranuleEntry.toString(entry)
              + " mapped="
              + Integer.toBinaryString(mapped)
              + " writable="
              + Integer.toBinaryString(writable));
    }
  }

  /** The counters of a table against a walk over it. */
  public static void checkCounts(GranuleTable table) {
    GranuleCounts counts = table.counts();
    long[] states = new long[STATES.length];
    long[] devices = new long[GranuleEntry.DEVICES_MAX];
    long lackingRead = 0;
    long lackingWrite = 0;
    long busy = 0;
    long blank = 0;
    long clean = 0;
    long poisoned = 0;
    for (long granule = 0; granule < table.granules(); granule++) {
      long entry = table.get(granule);
      states[GranuleEntry.state(entry).ordinal()]++;
      lackingRead += GranuleEntry.admits(entry, false) ? 0 : 1;
      lackingWrite += GranuleEntry.admits(entry, true) ? 0 : 1;
      busy += GranuleEntry.busy(entry) ? 1 : 0;
      blank += GranuleEntry.blank(entry) ? 1 : 0;
      clean += GranuleEntry.clean(entry) ? 1 : 0;
      poisoned += GranuleEntry.poisoned(entry) ? 1 : 0;
      for (int rest = GranuleEntry.devices(entry); rest != 0; rest &= rest - 1) {
        devices[Integer.numberOfTrailingZeros(rest)]++;
      }
    }
    for (PageState state : STATES) {
      expect(counts.inState(state) == states[state.ordinal()], "count of states");
    }
    for (int slot = 0; slot < devices.length; slot++) {
      expect(counts.onDevice(slot) == devices[slot], "count of devices");
    }
    expect(counts.lackingRead() == lackingRead, "count of lackingRead");
    expect(counts.lackingWrite() == lackingWrite, "count of lackingWrite");
    expect(counts.busy() == busy, "count of busy");
    expect(counts.blank() == blank, "count of blank");
    expect(counts.clean() == clean, "count of clean");
    expect(counts.poisoned() == poisoned, "count of poisoned");
  }

  private static GateLevel needed(Vma vma) {
    if (vma.isClosing() || vma.counts().lackingRead() > 0) {
      return GateLevel.ALL;
    }
    return vma.counts().lackingWrite() > 0 ? GateLevel.WRITES : GateLevel.OPEN;
  }

  /** What must hold of a VMA when nothing is under way. */
  public static void checkAtRest(Vma vma, List<DeviceSlot> slots) {
    if (vma.isClosed()) {
      return;
    }
    check(vma, slots);
    expect(vma.counts().busy() == 0, "a claim was left behind");
    expect(!vma.hasHolds(), "a hold was left behind");
    expect(vma.counts().blank() == 0, "what no launch has written was left on a device");
    GateLevel level = ((FakeRegion) vma.region()).level();
    expect(level == needed(vma), "the gate is " + level + ", not " + needed(vma));
    for (long granule = 0; granule < vma.granules(); granule++) {
      long entry = vma.table().get(granule);
      expect(GranuleEntry.restored(entry) == entry, "lacks " + GranuleEntry.toString(entry));
    }
  }

  /** What must hold of a device when nothing is under way. */
  public static void checkAtRest(DeviceSlot slot, Iterable<Vma> vmas) {
    expect(slot.isQuiet(), "the device counts a transition as under way");
    if (slot.isLost()) {
      vmas.forEach(vma -> checkForgotten(vma, slot));
      return;
    }
    expect(!slot.awaitChange(slot.changes(), 0), "the device counts something as under way");
    long bytes = 0;
    List<DeviceSlot.Mapped> history = history(slot);
    for (Vma vma : vmas) {
      for (long granule = 0; granule < vma.granules(); granule++) {
        if (GranuleEntry.onDevice(vma.table().get(granule), slot.index())) {
          bytes += vma.granuleBytes();
          long at = granule;
          expect(
              history.stream().anyMatch(m -> m.vma() == vma && m.first() <= at && at < m.end()),
              "a granule on the device can never be evicted");
        }
      }
    }
    long quota = slot.quotaBytes();
    expect(bytes <= quota, "the device holds " + bytes + " bytes, the quota is " + quota);
    expect(slot.usedBytes() == bytes, "usedBytes=" + slot.usedBytes() + " of " + bytes);
    long held = ((FakeDevice) slot.device()).mappedBytes();
    expect(held == bytes, "the device maps " + held + " bytes");
  }

  /** What must hold once a device is lost. */
  private static void checkForgotten(Vma vma, DeviceSlot slot) {
    for (long granule = 0; granule < vma.granules(); granule++) {
      long entry = vma.table().get(granule);
      expect(
          GranuleEntry.poisoned(entry) || !GranuleEntry.onDevice(entry, slot.index()),
          "an entry names a device that is lost: " + GranuleEntry.toString(entry));
    }
  }

  private static List<DeviceSlot.Mapped> history(DeviceSlot slot) {
    slot.begin();
    List<DeviceSlot.Mapped> history = slot.oldest(Integer.MAX_VALUE);
    slot.endEviction(history, false);
    return history;
  }

  /** How many runs a device remembers to have mapped. */
  public static int remembered(DeviceSlot slot) {
    return history(slot).size();
  }

  /** Changes a quota, and does nothing that has to be done then. */
  public static void quota(DeviceSlot slot, long bytes) {
    slot.quotaBytes(bytes);
  }

  /** A number that changes whenever what a device counts without its monitor does. */
  public static long counters(DeviceSlot slot) {
    return slot.quotaBytes() * 7919
        + slot.usedBytes() * 31
        + slot.pending() * 7L
        + slot.changes()
        + slot.releases() * 13;
  }

  /**
   * A number that changes with what everybody reads without a monitor: who is there, and closed.
   */
  public static int structure(DeviceTable devices, Iterable<Vma> vmas) {
    int hash = 1;
    for (DeviceSlot slot : devices.all()) {
      hash = 31 * hash + slot.index() + (slot.isLeaving() ? 8 : 0) + (slot.hasLeft() ? 16 : 0);
      hash = 2 * hash + (slot.isLost() ? 1 : 0);
    }
    for (Vma vma : vmas) {
      hash = 31 * hash + Long.hashCode(vma.address()) + (vma.isClosed() ? 1 : 0);
    }
    return hash;
  }

  /** A number that changes whenever a permission of the CPU does. */
  public static int permissions(Vma vma, long granule) {
    long entry = vma.table().get(granule);
    return (GranuleEntry.admits(entry, false) ? 1 : 0) | (GranuleEntry.admits(entry, true) ? 2 : 0);
  }

  /** The entry of a granule. */
  public static long entry(Vma vma, long granule) {
    return vma.table().get(granule);
  }

  /** Number of granules. */
  public static long granules(Vma vma) {
    return vma.granules();
  }

  private static void expect(boolean condition, String what) {
    if (!condition) {
      throw new AssertionError(what);
    }
  }
}
