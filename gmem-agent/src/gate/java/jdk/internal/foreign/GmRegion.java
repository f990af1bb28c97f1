package jdk.internal.foreign;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.internal.misc.ScopedMemoryAccess;
import jdk.internal.misc.ScopedMemoryAccess.ScopedAccessError;
import jdk.internal.util.Architecture;
import jdk.internal.vm.annotation.Hidden;

/**
 * A range of memory with a session and a gate of its own.
 *
 * <p>The owner serialises the methods that change the gate ({@link #tighten}, {@link #open}, {@link
 * #gateWritesOnly}, {@link #openPinned}, {@link #close}); pins come and go at any time while it is
 * open. Everything else may be called by any thread.
 */
public final class GmRegion {
  private static final ScopedMemoryAccess SCOPED_MEMORY_ACCESS =
      ScopedMemoryAccess.getScopedMemoryAccess();

  /**
   * For tests only: leaves out the handshake, and with it what makes the gate safe. A test that
   * loses updates under this property, and only under it, is a test that can fail.
   */
  private static final boolean HANDSHAKE = !Boolean.getBoolean("gmem.test.noHandshake");

  /** False where the processor keeps loads in their order. */
  private static final boolean LOADS_REORDER = !Architecture.isX64() && !Architecture.isX86();

  /** A session that guards nothing. */
  private static final MemorySessionImpl NOBODYS = MemorySessionImpl.createShared();

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
    int word = GmGate.word(session);
    if (session.state < MemorySessionImpl.OPEN) {
      throw MemorySessionImpl.alreadyClosed();
    }
    if (GmGateWord.passes(word, write) || word == GmGateWord.CLOSED) {
      return null;
    }
    // Not null: a region leaves the table when its state is closed and all seats have been left.
    GmRegion region = find(session, word);
    GmCounters.add(GmCounters.SLOW_CALLS);
    return region.admits(from, bytes, write) ? null : region;
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
    int gated = GmGateWord.gated(slot, writesOnly);
    while (true) {
      int word = GmGate.word(session);
      if (GmGateWord.isOpen(word) && GmGateWord.pins(word) > 0) {
        return GmGateWord.pins(word);
      }
      if (!GmGateWord.isOpen(word) && word <= gated) {
        return 0;
      }
      if (GmGate.replaceWord(session, word, gated)) {
        return 0;
      }
    }
  }

  /** Opens the gate. Leaves the pins of one that is open already. */
  public void open() {
    int word = GmGate.word(session);
    if (!GmGateWord.isOpen(word)) {
      GmGate.replaceWord(session, word, GmGateWord.OPEN);
    }
  }

  /** Gates writes only, if all accesses are gated; otherwise does nothing. */
  public void gateWritesOnly() {
    int word = GmGate.word(session);
    if (!GmGateWord.passes(word, false)) {
      orderLoads();
      GmGate.replaceWord(session, word, GmGateWord.gated(slot, true));
    }
  }

  /** Opens the gate, if it is not open, and adds one pin. */
  public void openPinned() {
    orderLoads();
    while (true) {
      int word = GmGate.word(session);
      int open = GmGateWord.isOpen(word) ? word : GmGateWord.OPEN;
      if (GmGate.replaceWord(session, word, open + 1)) {
        return;
      }
    }
  }

  /**
   * Makes sure that a thread that finds the gate open on the fast way also finds what was written
   * to the region before. Its two loads, of the word and of the memory, have no fence between them;
   * where the processor may reorder them, every thread has to pass one. Handshakes come between
   * accesses.
   */
  private static void orderLoads() {
    if (LOADS_REORDER) {
      SCOPED_MEMORY_ACCESS.closeScope(NOBODYS, GmGate.RETRY);
    }
  }

  /**
   * Waits until no access that passed the gate before it was tightened is under way. Plain accesses
   * are unwound, and made again; those that must happen exactly once are waited for.
   *
   * <p>A thread that was caught may go on to its access nevertheless (see {@link GmInterrupts}). So
   * handshakes are repeated until one has caught nobody: by then whoever was caught before has made
   * the access, or has been unwound. Of virtual threads nobody can tell; there two handshakes have
   * to do, the second of which finds such a thread some hundred instructions later.
   */
  public void quiesce() {
    if (HANDSHAKE) {
      unwind(GmGate.RETRY);
      GmInFlight.drain();
    }
  }

  private void unwind(ScopedAccessError error) {
    synchronized (GmInterrupts.class) { // what one handshake sets, no other may set back
      GmInterrupts.prepare();
      int handshakes = GmInterrupts.areVirtualThreadsCarried() ? 2 : 1;
      boolean caught;
      do {
        GmCounters.add(GmCounters.HANDSHAKES);
        SCOPED_MEMORY_ACCESS.closeScope(session, error);
        caught = GmInterrupts.settle();
        handshakes--;
      } while (caught || handshakes > 0);
    }
  }

  /**
   * Closes the session for good. The gate must be tightened to all accesses. Accesses under way are
   * unwound; this and all later ones throw {@code Already closed}. Runs the session's close
   * actions.
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
    unwind(MemorySessionImpl.ALREADY_CLOSED);
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

  /** Pins a gated region. Returns false if it has been closed instead. */
  @Hidden
  boolean pin() {
    handler.pin();
    return session.state >= MemorySessionImpl.OPEN;
  }
}
