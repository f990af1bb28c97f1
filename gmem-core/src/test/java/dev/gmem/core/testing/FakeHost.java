package dev.gmem.core.testing;

import dev.gmem.core.host.GatedRegion;
import dev.gmem.core.host.HostFaults;
import dev.gmem.core.host.HostPlatform;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Host memory without an agent: bytes in arrays, at addresses that nobody could use for real, and
 * gates that work as {@code GmGate} does. The test makes the CPU's accesses through {@link #read},
 * {@link #write} and {@link #pin}.
 *
 * <p>An access is what the JVM makes of it: look at the gate word, unless a look that found it open
 * is still good; if it is tight, ask {@code admits}, unless it {@linkplain FakeTlb remembers} the
 * answer; if that says no, fault and start again; then the access. Between any two of these others
 * may run. A {@link GatedRegion#quiesce} sends every access that has begun and not ended back to
 * its start, and lets everybody forget.
 */
public final class FakeHost implements HostPlatform {
  /** What may be wrong with a host, to see that the tests notice. */
  public enum Flaw {
    /** Nothing. */
    NONE,
    /** The handshake does nothing. */
    NO_HANDSHAKE,
    /** The gate stays open. */
    NO_GATE,
    /** What the CPU remembers of the table outlives a revocation. */
    STALE_TLB,
    /** Who has found the gate open goes on, even if it is tightened for all. */
    TRUST
  }

  private static final long FIRST_ADDRESS = 1L << 40;
  static final long PAGE_BYTES = 4096;

  /** Blocks above this have no bytes: what copies them fails. */
  private static final long BACKED_BYTES_MAX = 64 << 20;

  private record Block(long address, long bytes, byte[] content, boolean[] touched) {}

  private final Schedule schedule;
  private final Flaw flaw;
  private final Reference reference;
  private final FakeTlb tlb;
  private final TreeMap<Long, Block> blocks = new TreeMap<>();
  private final TreeMap<Long, FakeRegion> regions = new TreeMap<>();
  private final TreeMap<Long, Long> reservations = new TreeMap<>();
  private final AtomicLong waits = new AtomicLong();
  private final AtomicLong handshakes = new AtomicLong();
  private final AtomicLong time = new AtomicLong();
  private volatile Runnable onRest = () -> {};
  private long nextAddress = FIRST_ADDRESS;
  private int gatesMade;
  private RuntimeException nextCommitFailure;
  private RuntimeException nextGateFailure;
  private RuntimeException nextMoveFailure;
  private RuntimeException nextDiscardFailure;
  private int moves;

  /** Makes a host for tests with real threads. */
  public FakeHost() {
    this(Schedule.FREE, Flaw.NONE);
  }

  /**
   * Makes one.
   *
   * @param schedule where others may run
   * @param flaw what is wrong with it
   */
  public FakeHost(Schedule schedule, Flaw flaw) {
    this.schedule = schedule;
    this.flaw = flaw;
    this.reference = new Reference(schedule);
    this.tlb = new FakeTlb(schedule);
  }

  FakeTlb tlb() {
    return tlb;
  }

  /**
   * Returns what memory should hold.
   *
   * @return shared by the CPU and all devices
   */
  public Reference reference() {
    return reference;
  }

  Schedule schedule() {
    return schedule;
  }

  Flaw flaw() {
    return flaw;
  }

  /**
   * Counts handshakes.
   *
   * @return so far
   */
  public long handshakes() {
    return handshakes.get();
  }

  void countHandshake() {
    handshakes.incrementAndGet();
  }

  void countRetry() {
    waits.incrementAndGet();
  }

  /**
   * Lets the next commit fail.
   *
   * @param failure what it throws
   */
  public void failNextCommit(RuntimeException failure) {
    nextCommitFailure = failure;
  }

  /**
   * Lets the next gate fail.
   *
   * @param failure what it throws
   */
  public void failNextGate(RuntimeException failure) {
    nextGateFailure = failure;
  }

  /**
   * Lets the next move of frames fail.
   *
   * @param failure what it throws
   */
  public void failNextMove(RuntimeException failure) {
    nextMoveFailure = failure;
  }

  /**
   * Lets the next discarding fail.
   *
   * @param failure what it throws
   */
  public void failNextDiscard(RuntimeException failure) {
    nextDiscardFailure = failure;
  }

  /** How often frames have moved. */
  public synchronized int moves() {
    return moves;
  }

  /**
   * Says what is done while somebody rests.
   *
   * @param action called on the thread that rests
   */
  public void onRest(Runnable action) {
    onRest = action;
  }

  /**
   * Lets time pass.
   *
   * @param nanos how much
   */
  public void pass(long nanos) {
    time.addAndGet(nanos);
  }

  // ---- the platform ----

  @Override
  public long nanoTime() {
    return time.get();
  }

  /** Under a scheduler time stands still, and others run. */
  @Override
  public void rest(long nanos) {
    schedule.point("rest");
    if (schedule == Schedule.FREE) {
      time.addAndGet(nanos);
    }
    onRest.run();
  }

  @Override
  public synchronized long reserve(long bytes, long alignmentBytes) {
    long address = (nextAddress + alignmentBytes - 1) & -alignmentBytes;
    nextAddress = address + bytes;
    reservations.put(address, bytes);
    return address;
  }

  @Override
  public synchronized void unreserve(long address, long bytes) {
    if (!reservations.remove(address, bytes)) {
      throw new AssertionError("not reserved: " + Long.toHexString(address));
    }
    if (!blocks.subMap(address, address + bytes).isEmpty()) {
      throw new AssertionError("still committed: " + blocks.keySet());
    }
  }

  @Override
  public synchronized void commit(long address, long bytes) {
    RuntimeException failure = nextCommitFailure;
    nextCommitFailure = null;
    if (failure != null) {
      throw failure;
    }
    Map.Entry<Long, Long> reservation = reservations.floorEntry(address);
    if (reservation == null || address + bytes > reservation.getKey() + reservation.getValue()) {
      throw new AssertionError("commit outside of the reservation");
    }
    Map.Entry<Long, Block> before = blocks.lowerEntry(address + bytes);
    if (before != null && before.getKey() + before.getValue().bytes() > address) {
      throw new AssertionError("committed twice: " + Long.toHexString(address));
    }
    boolean backed = bytes <= BACKED_BYTES_MAX;
    blocks.put(
        address,
        new Block(
            address,
            bytes,
            backed ? new byte[(int) bytes] : null,
            backed ? new boolean[(int) (bytes / PAGE_BYTES)] : null));
  }

  @Override
  public synchronized void decommit(long address, long bytes) {
    Block block = blocks.remove(address);
    if (block == null || block.bytes() != bytes) {
      throw new AssertionError("not committed: " + Long.toHexString(address));
    }
    FakeRegion region = regions.get(address);
    if (region != null && !region.isClosed()) {
      throw new AssertionError("decommitted with its gate open");
    }
  }

  @Override
  public void discard(long address, long bytes) {
    schedule.point("discard " + Long.toHexString(address));
    synchronized (this) {
      reference.clear(address, bytes); // who drops it wants zeros, whatever the system says
      RuntimeException failure = nextDiscardFailure;
      nextDiscardFailure = null;
      if (failure != null) {
        throw failure;
      }
      Block block = block(address, bytes);
      for (long page = address; page < address + bytes; page += PAGE_BYTES) {
        schedule.writes(bytesObject(page));
        int from = (int) (page - block.address());
        Arrays.fill(block.content(), from, from + (int) PAGE_BYTES, (byte) 0);
        block.touched()[from / (int) PAGE_BYTES] = false;
      }
    }
  }

  /** Leaves anything but what was there, so that whoever reads it is caught. */
  @Override
  public void giveBack(long address, long bytes) {
    schedule.point("give back " + Long.toHexString(address));
    synchronized (this) {
      RuntimeException failure = nextDiscardFailure;
      nextDiscardFailure = null;
      if (failure != null) {
        throw failure;
      }
      Block block = block(address, bytes);
      for (long page = address; page < address + bytes; page += PAGE_BYTES) {
        schedule.writes(bytesObject(page));
        int from = (int) (page - block.address());
        Arrays.fill(block.content(), from, from + (int) PAGE_BYTES, (byte) 0x5A);
        block.touched()[from / (int) PAGE_BYTES] = false;
      }
    }
  }

  @Override
  public void moveFrames(long from, long to, long bytes) {
    schedule.point("move frames " + Long.toHexString(from));
    synchronized (this) {
      RuntimeException failure = nextMoveFailure;
      nextMoveFailure = null;
      if (failure != null) {
        throw failure;
      }
      moves++;
      for (long at = 0; at < bytes; at += PAGE_BYTES) {
        schedule.writes(bytesObject(from + at));
        schedule.writes(bytesObject(to + at));
        Block target = block(to + at, PAGE_BYTES);
        Block source = block(from + at, PAGE_BYTES);
        int page = (int) ((to + at - target.address()) / PAGE_BYTES);
        // A device's copy touches pages, too, which the flags do not say.
        target.touched()[page] = touched(from + at, PAGE_BYTES) || isAnythingSet(from + at);
        raw(to + at, PAGE_BYTES).copyFrom(raw(from + at, PAGE_BYTES));
        raw(from + at, PAGE_BYTES).fill((byte) 0);
        source.touched()[(int) ((from + at - source.address()) / PAGE_BYTES)] = false;
      }
      reference.move(from, to, bytes);
    }
  }

  private boolean isAnythingSet(long page) {
    return raw(page, PAGE_BYTES).mismatch(MemorySegment.ofArray(new byte[(int) PAGE_BYTES])) >= 0;
  }

  @Override
  public synchronized boolean touched(long address, long bytes) {
    schedule.reads(bytesObject(address));
    Block block = block(address, bytes);
    for (long page = address; page < address + bytes; page += PAGE_BYTES) {
      if (block.touched() != null
          && block.touched()[(int) ((page - block.address()) / PAGE_BYTES)]) {
        return true;
      }
    }
    return false;
  }

  @Override
  public synchronized MemorySegment raw(long address, long bytes) {
    Block block = block(address, bytes);
    return block.content() == null
        ? MemorySegment.ofAddress(address).reinterpret(bytes)
        : MemorySegment.ofArray(block.content()).asSlice(address - block.address(), bytes);
  }

  @Override
  public GatedRegion gate(long address, long bytes, HostFaults faults) {
    RuntimeException failure = nextGateFailure;
    nextGateFailure = null;
    if (failure != null) {
      throw failure;
    }
    synchronized (this) {
      FakeRegion region = new FakeRegion(this, gatesMade++, address, bytes, faults);
      regions.subMap(address, address + bytes).clear();
      regions.put(address, region);
      return region;
    }
  }

  @Override
  public long waits() {
    return waits.get();
  }

  @Override
  public synchronized int gates() {
    return (int) regions.values().stream().filter(r -> !r.isClosed()).count();
  }

  private Block block(long address, long bytes) {
    Map.Entry<Long, Block> entry = blocks.floorEntry(address);
    if (entry == null || address + bytes > entry.getKey() + entry.getValue().bytes()) {
      throw new AssertionError("not committed: " + Long.toHexString(address) + " +" + bytes);
    }
    return entry.getValue();
  }

  /** The number of the bytes of a page: what the CPU and copies touch. */
  int bytesObject(long address) {
    return schedule.object("bytes " + address / PAGE_BYTES * PAGE_BYTES);
  }

  /** All blocks that are committed. */
  public synchronized int committedBlocks() {
    return blocks.size();
  }

  /**
   * Finds the gate of an address.
   *
   * @param address any address of an allocation, maybe one that is gone
   * @return its region
   */
  public synchronized FakeRegion region(long address) {
    return regions.floorEntry(address).getValue();
  }

  // ---- the CPU ----

  /**
   * Reads as ordinary code does.
   *
   * @param address first byte
   * @param bytes 1 to 8
   * @return the value, little endian
   */
  public long read(long address, int bytes) {
    long[] value = new long[1];
    region(address).access(address, bytes, false, () -> value[0] = load(address, bytes));
    return value[0];
  }

  /**
   * Writes as ordinary code does.
   *
   * @param address first byte
   * @param bytes 1 to 8
   * @param value the value, little endian
   */
  public void write(long address, int bytes, long value) {
    region(address).access(address, bytes, true, () -> store(address, bytes, value));
  }

  /**
   * Fills a range, all of it at once.
   *
   * @param address first byte
   * @param bytes how many
   * @param value of each
   */
  public void fill(long address, int bytes, byte value) {
    region(address)
        .overwrite(
            address,
            bytes,
            () -> {
              byte[] content = new byte[bytes];
              Arrays.fill(content, value);
              synchronized (this) {
                for (long page = address; page < address + bytes; page += PAGE_BYTES) {
                  schedule.writes(bytesObject(page));
                }
                raw(address, bytes).fill(value);
                reference.put(address, content);
              }
            });
  }

  /**
   * Pins an allocation, as a native call does that is given a segment.
   *
   * @param address any address of it
   * @throws IllegalStateException if it is closed
   */
  public void pin(long address) {
    region(address).pin();
  }

  /**
   * Reads under a pin, without a look at the gate.
   *
   * @param address first byte
   * @param bytes 1 to 8
   * @return the value
   */
  public long readPinned(long address, int bytes) {
    schedule.point("read under a pin");
    return load(address, bytes);
  }

  /**
   * Writes under a pin, without a look at the gate.
   *
   * @param address first byte
   * @param bytes 1 to 8
   * @param value the value
   */
  public void writePinned(long address, int bytes, long value) {
    schedule.point("write under a pin");
    store(address, bytes, value);
  }

  /**
   * Lets go of a pin.
   *
   * @param address any address of the allocation
   */
  public void unpin(long address) {
    region(address).unpin();
  }

  /** What the frame holds, gate or not: for checks. */
  public synchronized long peek(long address, int bytes) {
    return decode(raw(address, bytes), bytes);
  }

  private synchronized long load(long address, int bytes) {
    touchObjects(address, bytes, false);
    long value = decode(raw(address, bytes), bytes);
    reference.read(address, bytes, value, "the CPU");
    return value;
  }

  private synchronized void store(long address, int bytes, long value) {
    touchObjects(address, bytes, true);
    encode(raw(address, bytes), bytes, value);
    Block block = block(address, bytes);
    for (long at = address; at < address + bytes; at++) {
      block.touched()[(int) ((at - block.address()) / PAGE_BYTES)] = true;
    }
    reference.write(address, bytes, value);
  }

  private void touchObjects(long address, int bytes, boolean write) {
    for (long at = address; at < address + bytes; at++) {
      if (write) {
        schedule.writes(bytesObject(at));
      } else {
        schedule.reads(bytesObject(at));
      }
    }
  }

  static long decode(MemorySegment memory, int bytes) {
    long value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      value = value << 8 | memory.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
    }
    return value;
  }

  static void encode(MemorySegment memory, int bytes, long value) {
    for (int i = 0; i < bytes; i++) {
      memory.set(ValueLayout.JAVA_BYTE, i, (byte) (value >>> 8 * i));
    }
  }
}
