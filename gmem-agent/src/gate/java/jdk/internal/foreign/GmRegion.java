package jdk.internal.foreign;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.internal.util.Architecture;
import jdk.internal.vm.Continuation;
import jdk.internal.vm.annotation.Hidden;

/**
 * A range of memory with a session and a gate of its own.
 *
 * <p>The owner serialises the methods that change the gate ({@link #tighten}, {@link #open}, {@link
 * #gateWritesOnly}, {@link #openPinned}, {@link #close}); pins come and go at any time while it is
 * open. Everything else may be called by any thread.
 */
public final class GmRegion {
  /**
   * For tests only: leaves out what makes a tight gate safe, the change of mode and the wait for
   * accesses under way. A test that loses updates under this property, and only under it, is a test
   * that can fail.
   */
  static final boolean TRUST_ALL = Boolean.getBoolean("gmem.test.trustAll");

  /** False where the processor keeps loads in their order. */
  private static final boolean LOADS_REORDER = !Architecture.isX64() && !Architecture.isX86();

  // Changes of a gate. Those that tighten it are the word that it gets, which is negative.
  private static final int OPENED = 0;
  private static final int OPENED_TO_READS = 1;
  private static final int OPENED_AND_PINNED = 2;

  /** Regions by slot. Read without a lock; replaced, and changed, under {@link #LOCK}. */
  private static volatile GmRegion[] regions = new GmRegion[64];

  /** No slot below it is free. Under {@link #LOCK}. */
  private static int lowestFree;

  private static final Object LOCK = new Object();

  private final MemorySessionImpl session;
  private final GmGateHandler handler;
  private final long address;
  private final long endExclusive;
  private final int slot;

  private GmRegion(long address, long bytes, GmGateHandler handler, int slot) {
    this.session = MemorySessionImpl.createShared();
    this.handler = handler;
    this.address = address;
    this.endExclusive = address + bytes;
    this.slot = slot;
  }

  /**
   * Makes a region. Its gate is open.
   *
   * @param address first byte
   * @param bytes how many
   * @param handler serves what the gate sends to the slow path
   * @return the region, to be closed
   */
  public static GmRegion create(long address, long bytes, GmGateHandler handler) {
    synchronized (LOCK) {
      GmRegion[] table = regions;
      int slot = lowestFree;
      while (slot < table.length && table[slot] != null) {
        slot++;
      }
      if (slot == table.length) {
        table = Arrays.copyOf(table, Math.multiplyExact(table.length, 2));
      }
      GmRegion region = new GmRegion(address, bytes, handler, slot);
      GmGate.replaceWord(region.session, 0, GmGateWord.OPEN);
      table[slot] = region;
      lowestFree = slot + 1;
      regions = table; // publishes the slot: those who see a gated word with it have read this
      return region;
    }
  }

  /**
   * Returns the session, as the rewritten JDK takes it.
   *
   * @return a shared session
   */
  public MemorySessionImpl session() {
    return session;
  }

  /**
   * Counts the regions that have not been closed. For statistics: looks at every slot.
   *
   * @return how many slots are taken now
   */
  public static int count() {
    int count = 0;
    for (GmRegion region : regions) {
      count += region == null ? 0 : 1;
    }
    return count;
  }

  /** Returns the region of a gated word, or null if the session has been closed meanwhile. */
  static GmRegion find(MemorySessionImpl session, int word) {
    GmRegion region = regions[GmGateWord.slot(word)];
    return region != null && region.session == session ? region : null;
  }

  /**
   * Finds the region that keeps an access from being made. Called on a seat.
   *
   * @param session or null
   * @return null if nothing does
   * @throws IllegalStateException if the session is closed
   */
  static GmRegion obstacle(MemorySessionImpl session, long from, long bytes, boolean write) {
    if (session == null || !GmGate.isUnified(session)) {
      return null;
    }
    long epoch = GmSeat.epoch();
    int word = GmGate.word(session);
    if (session.state < MemorySessionImpl.OPEN) {
      throw MemorySessionImpl.alreadyClosed();
    }
    if (word == GmGateWord.CLOSED) {
      // The JDK closes an ordinary session: the count first, then the state. No way back.
      while (session.state >= MemorySessionImpl.OPEN) {
        Thread.onSpinWait();
      }
      throw MemorySessionImpl.alreadyClosed();
    }
    if (GmGateWord.passes(word, write)) {
      return null;
    }
    // Not null: a region leaves the table when its state is closed and all seats have been left.
    GmRegion region = find(session, word);
    GmCounters.add(GmCounters.SLOW_CALLS);
    if (!region.admits(from, bytes, write)) {
      return region;
    }
    GmSeat seat = GmSeat.mine();
    if (seat != null && from >= region.address) {
      seat.remember(epoch, from, region.handler.granuleBytes(), write);
    }
    return null;
  }

  /**
   * Returns the whole region as users see it.
   *
   * @return a native segment
   */
  public MemorySegment segment() {
    return SegmentFactories.makeNativeSegmentUnchecked(address, endExclusive - address, session);
  }

  /**
   * Returns memory that no gate guards.
   *
   * @param address first byte
   * @param bytes how many
   * @return a native segment in the global scope
   */
  public static MemorySegment ungated(long address, long bytes) {
    return SegmentFactories.makeNativeSegmentUnchecked(address, bytes);
  }

  /**
   * Gates writes, or all accesses. Never loosens.
   *
   * @param writesOnly false for all accesses
   * @return 0 if done; otherwise the number of pins, and nothing has changed
   */
  public int tighten(boolean writesOnly) {
    return change(GmGateWord.gated(slot, writesOnly));
  }

  /**
   * Gates writes, or all accesses, that come after this call in the order of the program. In
   * trusting mode other code may go on with a look that it has taken before, until {@link #tighten}
   * is called; but none can have been taken before this call and be used after it by the same
   * thread, or by one that has synchronised with it: the word is an ordinary field, whose writes
   * the memory model has them see.
   *
   * <p>Where the processor may reorder loads, {@link #open} has to be called in careful mode
   * anyhow; so this is no cheaper there.
   *
   * @param writesOnly false for all accesses
   * @return 0 if done; otherwise the number of pins, and nothing has changed
   */
  public int tightenLazily(boolean writesOnly) {
    int word = GmGateWord.gated(slot, writesOnly);
    return LOADS_REORDER ? change(word) : changeNow(word);
  }

  /** Has accesses that come after this call ask the handler, whatever it has admitted before. */
  public void forgetAnswers() {
    GmSeat.nextEpoch();
  }

  /** Opens the gate. Leaves the pins of one that is open already. */
  public void open() {
    loosen(OPENED);
  }

  /** Gates writes only, if all accesses are gated; otherwise does nothing. */
  public void gateWritesOnly() {
    loosen(OPENED_TO_READS);
  }

  /** Opens the gate, if it is not open, and adds one pin. */
  public void openPinned() {
    loosen(OPENED_AND_PINNED);
  }

  /**
   * A thread in trusting code that finds a gate open must also find what was written to the region
   * before. It loads the word, then memory, without a fence; where the processor may reorder the
   * two, it has to be careful.
   */
  private void loosen(int change) {
    if (LOADS_REORDER) {
      change(change);
    } else {
      changeNow(change);
    }
  }

  /** Changes the gate in careful mode. */
  private int change(int change) {
    boolean virtual = Thread.currentThread().isVirtual();
    if (virtual) {
      Continuation.pin(); // who holds the lock must not lose its carrier to those who wait for it
    }
    try {
      synchronized (GmMode.class) { // until the word has changed: trusting code may find it so
        GmMode.beCareful();
        return changeNow(change);
      }
    } finally {
      if (virtual) {
        Continuation.unpin();
      }
    }
  }

  /** Changes the gate. Returns 0, or the pins that forbid it. */
  private int changeNow(int change) {
    while (true) {
      int word = GmGate.word(session);
      if (change < 0 && GmGateWord.isOpen(word) && GmGateWord.pins(word) > 0) {
        return GmGateWord.pins(word);
      }
      int next = next(word, change);
      if (next == word || GmGate.replaceWord(session, word, next)) {
        return 0;
      }
    }
  }

  private int next(int word, int change) {
    boolean open = GmGateWord.isOpen(word);
    return switch (change) {
      case OPENED -> open ? word : GmGateWord.OPEN;
      case OPENED_TO_READS -> GmGateWord.passes(word, false) ? word : GmGateWord.gated(slot, true);
      case OPENED_AND_PINNED -> (open ? word : GmGateWord.OPEN) + 1;
      default -> open ? change : Math.min(word, change);
    };
  }

  /**
   * Counts the pins.
   *
   * @return how many there are now; 0 if the gate is not open
   */
  public int pins() {
    int word = GmGate.word(session);
    return GmGateWord.isOpen(word) ? GmGateWord.pins(word) : 0;
  }

  /** Waits until no access that passed the gate before it was tightened is under way. */
  public void quiesce() {
    if (TRUST_ALL) {
      GmSeat.nextEpoch();
      return;
    }
    GmCounters.add(GmCounters.REVOCATIONS);
    GmInFlight.drain();
  }

  /**
   * Closes the session for good. The gate must be tightened to all accesses. Those that are under
   * way end first; all later ones throw {@code Already closed}. Runs the session's close actions.
   *
   * @throws IllegalStateException if it is closed already
   */
  public void close() {
    synchronized (LOCK) {
      if (session.state < MemorySessionImpl.OPEN) {
        throw MemorySessionImpl.alreadyClosed();
      }
      // The state first: whoever meets the JDK's closed word must find the state that explains it.
      MemorySessionImpl.STATE.setVolatile(session, MemorySessionImpl.CLOSED);
      MemorySessionImpl.ACQUIRE_COUNT.setVolatile(session, GmGateWord.CLOSED);
    }
    GmInFlight.drain();
    synchronized (LOCK) {
      regions[slot] = null; // nobody who read the slot in the word is on a seat any more
      lowestFree = Math.min(lowestFree, slot);
    }
    session.resourceList.cleanup();
  }

  /**
   * Asks the handler. What lies outside of the region is let through: masked vectors reach there.
   */
  private boolean admits(long from, long bytes, boolean write) {
    long first = Math.max(from, address);
    long count = Math.min(from + bytes, endExclusive) - first;
    return count <= 0 || handler.admits(first, count, write);
  }

  /** Serves a fault. No seat is taken. */
  @Hidden
  void fault(long from, long bytes, boolean write) {
    GmCounters.add(GmCounters.FAULTS);
    long first = Math.max(from, address);
    handler.fault(first, Math.min(from + bytes, endExclusive) - first, write);
  }

  /**
   * Tells the handler that an operation is about to write a range, whatever it holds.
   *
   * @param from first byte of a part of the range, which is written next
   * @param to byte after the part's last
   * @param first first byte of the range
   * @param end byte after its last
   */
  @Hidden
  void overwrites(long from, long to, long first, long end) {
    long granule = handler.granuleBytes();
    long start = Math.max(first, from & -granule);
    long stop = Math.min(end, (to + granule - 1) & -granule);
    handler.overwrites(start, stop - start);
  }

  /** Pins a gated region. Returns false if it has been closed instead. */
  @Hidden
  boolean pin() {
    handler.pin();
    return session.state >= MemorySessionImpl.OPEN;
  }
}
