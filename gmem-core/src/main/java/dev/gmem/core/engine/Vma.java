package dev.gmem.core.engine;

import dev.gmem.AllocationStatistics;
import dev.gmem.PageState;
import dev.gmem.core.host.GateLevel;
import dev.gmem.core.host.GatedRegion;
import dev.gmem.core.sync.Monitor;
import dev.gmem.core.table.GranuleCounts;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.table.GranuleTable;
import dev.gmem.core.table.Hints;
import dev.gmem.spi.GmRange;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongPredicate;
import java.util.function.LongUnaryOperator;
import java.util.function.UnaryOperator;

/**
 * One allocation: its addresses, table, gate, holds and counters (the RFC's VMA).
 *
 * <p>Life: open → closing (no new pins) → freed (no new launches and transfers) → releasing (no new
 * claims) → closed, or from closing back to open if the close is called off. Everything but {@link
 * #admits} and the final fields is guarded by the monitor.
 */
public final class Vma {
  /** The CPU, among the numbers of devices. */
  static final int HOST = GranuleEntry.DEVICES_MAX;

  private static final LongPredicate READABLE = entry -> GranuleEntry.admits(entry, false);
  private static final LongPredicate WRITABLE = entry -> GranuleEntry.admits(entry, true);

  private final long address;
  private final long bytes;
  private final int granuleShift;
  private final Monitor monitor;
  private final GranuleTable table;
  private final List<Hold> holds = new ArrayList<>();
  private final VmaOptions options;
  private final AtomicInteger announced = new AtomicInteger();

  private final UseStamps uses = new UseStamps();

  private FaultHistory[] histories;
  private GatedRegion region;
  private Backing backing;
  private GateLevel level = GateLevel.OPEN;

  /** Whether there may be threads that have not noticed how tight the gate is. */
  private boolean lazy;

  private boolean closing;
  private boolean releasing;
  private long usedBytes;
  private long unchargedBytes;
  private volatile boolean freed;
  private volatile boolean closed;

  // Counters. Plain: written under the monitor.
  long hostReadFaults;
  long hostWriteFaults;
  long deviceFaults;
  long bytesToDevices;
  long bytesToHost;
  long revocations;
  long evictedBytes;
  long awayBytes; // as of the last look of Frames
  long prefetchedBytes;
  long bounced;
  long rests;
  Bounces bounces;
  long pins;

  Vma(GmRange range, VmaOptions options, Monitor monitor) {
    this.address = range.address();
    this.bytes = range.bytes();
    this.usedBytes = bytes;
    this.options = options;
    this.granuleShift = Integer.numberOfTrailingZeros(options.granuleBytes());
    this.monitor = monitor;
    this.table = new GranuleTable(bytes >>> granuleShift, GranuleEntry.NOMAP);
  }

  /**
   * Returns the addresses.
   *
   * @return the whole allocation, rounded to granules
   */
  public GmRange range() {
    return new GmRange(address, bytes);
  }

  /**
   * Returns the first address.
   *
   * @return the address
   */
  public long address() {
    return address;
  }

  /**
   * Returns the length.
   *
   * @return bytes, a multiple of the granule
   */
  public long bytes() {
    return bytes;
  }

  /**
   * Returns how much of it its segments cover. Set before anybody else knows it.
   *
   * @return bytes, at most {@link #bytes}
   */
  public long usedBytes() {
    return usedBytes;
  }

  /**
   * Says how much of it its segments cover.
   *
   * @param used bytes, at most {@link #bytes}
   */
  public void usedBytes(long used) {
    usedBytes = used;
  }

  /**
   * Takes note that what has been given back is no longer charged to the space.
   *
   * @param all true if the whole VMA is not
   * @return bytes that were charged until now
   */
  public long uncharge(boolean all) {
    monitor.lock();
    try {
      long free = all ? bytes : counts().inState(PageState.UNMAPPED) << granuleShift;
      long fresh = Math.max(0, free - unchargedBytes);
      unchargedBytes += fresh;
      return fresh;
    } finally {
      monitor.unlock();
    }
  }

  /**
   * Returns the host memory with its gate.
   *
   * @return the region
   */
  public GatedRegion region() {
    return region;
  }

  void region(GatedRegion gated) {
    region = gated;
  }

  /**
   * Returns the file that it is mapped from.
   *
   * @return the file, or null
   */
  public Backing backing() {
    return backing;
  }

  /** Tells whether nothing needs to be written to a file. */
  boolean isFlushed() {
    return backing == null || !backing.isShared();
  }

  /** Says that only a file has its contents. Called before anybody else knows it. */
  void back(Backing file) {
    monitor.lock();
    try {
      backing = file;
      table.set(0, granules(), GranuleEntry.filed(GranuleEntry.FILE, file.isShared()));
      tighten(GateLevel.ALL);
    } finally {
      monitor.unlock();
    }
  }

  Monitor monitor() {
    return monitor;
  }

  GranuleTable table() {
    return table;
  }

  GranuleCounts counts() {
    return table.counts();
  }

  long granules() {
    return table.granules();
  }

  /**
   * Returns which granule an address lies in.
   *
   * @param at an address of this VMA
   * @return from 0
   */
  public long granuleOf(long at) {
    return (at - address) >>> granuleShift;
  }

  /**
   * Returns the granule after the last one of a range.
   *
   * @param at first address
   * @param length bytes, positive
   * @return from 1
   */
  public long granuleEnd(long at, long length) {
    return granuleOf(at + length - 1) + 1;
  }

  /**
   * Returns the addresses of some granules.
   *
   * @param first first granule
   * @param end granule after the last
   * @return their addresses
   */
  public GmRange run(long first, long end) {
    return new GmRange(address + (first << granuleShift), bytesOf(first, end));
  }

  long bytesOf(long first, long end) {
    return (end - first) << granuleShift;
  }

  /**
   * Returns the granule.
   *
   * @return bytes
   */
  public int granuleBytes() {
    return 1 << granuleShift;
  }

  /**
   * Tells whether the CPU may make an access now. Takes no lock; see {@link
   * dev.gmem.core.host.HostFaults#admits}.
   */
  boolean admits(long at, long length, boolean write) {
    long first = granuleOf(at);
    long end = granuleEnd(at, length);
    return end == first + 1
        ? GranuleEntry.admits(table.get(first), write)
        : table.all(first, end, write ? WRITABLE : READABLE);
  }

  /**
   * Takes note that a device is being told of this VMA.
   *
   * @param slot the device
   * @return true if it had not been told before
   */
  public boolean announce(DeviceSlot slot) {
    int bit = 1 << slot.index();
    return (announced.getAndUpdate(mask -> mask | bit) & bit) == 0;
  }

  /**
   * Takes note that a device is being told to forget this VMA.
   *
   * @param slot the device
   * @return true if it had been told of it
   */
  public boolean renounce(DeviceSlot slot) {
    int bit = 1 << slot.index();
    return (announced.getAndUpdate(mask -> mask & ~bit) & bit) != 0;
  }

  boolean isClosing() {
    return closing;
  }

  /**
   * Takes note that the program has let go of it, for good. What uses it already goes on to its
   * end, and is to be waited for after this.
   */
  public void freed() {
    freed = true;
  }

  /**
   * Tells whether nothing new may use it.
   *
   * @return true once the program has let go of it
   */
  public boolean isFreed() {
    return freed;
  }

  /** Tells whether devices are being told to forget it: nobody may claim any of it. */
  boolean isReleasing() {
    return releasing;
  }

  void releasing() {
    releasing = true;
  }

  void closing(boolean value) {
    closing = value;
  }

  /**
   * Tells whether the memory is gone.
   *
   * @return true once it is
   */
  public boolean isClosed() {
    return closed;
  }

  void closed() {
    closed = true;
  }

  VmaOptions options() {
    return options;
  }

  /** The latest faults of a device, or of {@link #HOST}. */
  FaultHistory history(int slot) {
    if (histories == null) {
      histories = new FaultHistory[GranuleEntry.DEVICES_MAX + 1];
    }
    if (histories[slot] == null) {
      histories[slot] = new FaultHistory(granuleBytes());
    }
    return histories[slot];
  }

  /** Tells, as approximately, whether a device has what nobody else has in a range. */
  boolean hasOnlyCopy(long first, long end, int slot) {
    return table.any(
        first, end, entry -> GranuleEntry.onDevice(entry, slot) && !GranuleEntry.onHost(entry));
  }

  /**
   * Says when launches have used it.
   *
   * @return the stamps
   */
  public UseStamps uses() {
    return uses;
  }

  /** Tells, without the monitor and so approximately, whether a device holds any of a range. */
  boolean holdsAny(long first, long end, int slot) {
    return table.any(first, end, entry -> GranuleEntry.onDevice(entry, slot));
  }

  // ---- holds ----

  void addHold(Hold hold) {
    holds.add(hold);
  }

  /** Removes a hold and gives back the permissions that no other hold takes. */
  void lift(Hold hold) {
    holds.remove(hold);
    if (counts().revoked() > 0) {
      update(hold.first(), hold.end(), e -> GranuleEntry.busy(e) ? e : GranuleEntry.restored(e));
    }
  }

  /**
   * Tells whether a hold has taken permissions in a range, and accesses may go on there that have
   * not noticed: its handshake is still to come, or it makes none.
   */
  boolean isExposed(long from, long to) {
    for (Hold hold : holds) {
      if (hold.exposed() && hold.overlaps(from, to)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Tells whether a device holds anything of it.
   *
   * @param slot the device
   * @return true if it does
   */
  public boolean isOn(DeviceSlot slot) {
    monitor.lock();
    try {
      return counts().onDevice(slot.index()) > 0;
    } finally {
      monitor.unlock();
    }
  }

  boolean hasHolds() {
    return !holds.isEmpty();
  }

  /** Tells whether a goal has to wait for a launch at a granule. */
  boolean heldAgainst(long granule, Goal goal) {
    for (Hold hold : holds) {
      if (hold.overlaps(granule, granule + 1) && hold.excludes(goal, table.get(granule))) {
        return true;
      }
    }
    return false;
  }

  /**
   * The first granule of a run at which a goal has to wait for a launch, or the end of the run.
   *
   * @param entry what all of the run is
   */
  long heldFrom(long first, long end, long entry, Goal goal) {
    long from = end;
    for (Hold hold : holds) {
      if (hold.overlaps(first, from) && hold.excludes(goal, entry)) {
        from = Math.max(first, hold.first());
      }
    }
    return from;
  }

  /** The first granule after one, up to a limit, at which a hold begins or ends. */
  long nextHoldEdge(long granule, long limit) {
    long edge = limit;
    for (Hold hold : holds) {
      if (hold.end() > granule) {
        edge = Math.min(edge, hold.first() > granule ? hold.first() : hold.end());
      }
    }
    return edge;
  }

  /** Writes entries, less the permissions that holds take away. */
  void settle(long first, long end, long entry) {
    update(first, end, old -> GranuleEntry.withHintsOf(entry, old));
  }

  /** In one step, for the CPU looks without the monitor: what holds take is never there. */
  private void update(long first, long end, LongUnaryOperator change) {
    for (long at = first; at < end; at = nextHoldEdge(at, end)) {
      long from = at;
      table.update(from, nextHoldEdge(from, end), e -> lessHeld(from, change.applyAsLong(e)));
    }
  }

  private long lessHeld(long granule, long entry) {
    long less = entry;
    for (Hold hold : holds) {
      less = hold.overlaps(granule, granule + 1) ? GranuleEntry.revoked(less, hold.own()) : less;
    }
    return less;
  }

  // ---- hints ----

  /** Changes what has been advised about a range. */
  void advise(long first, long end, UnaryOperator<Hints> change) {
    table.update(first, end, e -> GranuleEntry.withHints(e, change.apply(GranuleEntry.hints(e))));
  }

  /**
   * Tells whether a device uses all of a range in the host's frames, by advice.
   *
   * @param first first granule
   * @param end granule after the last
   * @param slot the device
   * @return true if it does
   */
  public boolean isAccessedRemotely(long first, long end, DeviceSlot slot) {
    return table.all(
        first, end, e -> (GranuleEntry.hints(e).accessedBy() & 1 << slot.index()) != 0);
  }

  // ---- gate ----

  /**
   * Makes the gate at least as tight as asked.
   *
   * @return 0, or the number of pins that prevent it
   */
  int tighten(GateLevel wanted) {
    boolean tighter = wanted.compareTo(level) > 0;
    if (wanted == GateLevel.OPEN || !tighter && !lazy) {
      return 0;
    }
    GateLevel next = tighter ? wanted : level;
    int pinned = region.tighten(next);
    if (pinned == 0) {
      level = next;
      lazy = false;
    }
    return pinned;
  }

  /**
   * Makes the gate at least as tight as asked, for whoever comes after this.
   *
   * @return 0, or the number of pins that prevent it
   */
  int tightenLazily(GateLevel wanted) {
    if (wanted.compareTo(level) <= 0) {
      return 0;
    }
    int pinned = region.tightenLazily(wanted);
    if (pinned == 0) {
      level = wanted;
      lazy = true;
    }
    return pinned;
  }

  /** Makes sure that everybody looks at the gate who has passed it before it was tightened. */
  void tightenForAll() {
    tighten(level);
  }

  /** Makes the gate as loose as the table allows. */
  void loosen() {
    GateLevel needed = needed();
    if (needed.compareTo(level) < 0) {
      region.loosen(needed);
      level = needed;
      lazy &= needed != GateLevel.OPEN;
    }
  }

  private GateLevel needed() {
    if (closing || counts().lackingRead() > 0) {
      return GateLevel.ALL;
    }
    return counts().lackingWrite() > 0 ? GateLevel.WRITES : GateLevel.OPEN;
  }

  /** Opens the gate, with a pin, if the table allows it. */
  boolean openPinned() {
    if (needed() != GateLevel.OPEN) {
      return false;
    }
    region.openPinned();
    level = GateLevel.OPEN;
    lazy = false;
    pins++;
    return true;
  }

  /**
   * Returns the counters.
   *
   * @return a snapshot
   */
  public AllocationStatistics statistics() {
    monitor.lock();
    try {
      return new AllocationStatistics(
          hostReadFaults,
          hostWriteFaults,
          deviceFaults,
          bytesToDevices,
          bytesToHost,
          revocations,
          evictedBytes,
          prefetchedBytes,
          bounced,
          rests);
    } finally {
      monitor.unlock();
    }
  }

  /** How often it was pinned through the slow path, the memory of its table, and what is lost. */
  public record Upkeep(long pins, long tableBytes, long lostBytes) {}

  /** Counts it at one moment. */
  public Upkeep upkeep() {
    monitor.lock();
    try {
      return new Upkeep(pins, table.bytes(), counts().poisoned() << granuleShift);
    } finally {
      monitor.unlock();
    }
  }
}
