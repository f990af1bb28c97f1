package jdk.internal.foreign;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.internal.misc.ScopedMemoryAccess;
import jdk.internal.misc.Unsafe;
import jdk.internal.vm.annotation.Hidden;

/**
 * A range of memory with a session and a gate of its own.
 *
 * <p>The owner serialises the methods that change the gate ({@link #tighten}, {@link #loosen},
 * {@link #openPinned}, {@link #close}); pins come and go at any time while it is open. Everything
 * else may be called by any thread.
 */
public final class GmRegion {
  private static final Unsafe UNSAFE = Unsafe.getUnsafe();
  private static final ScopedMemoryAccess SCOPED_MEMORY_ACCESS =
      ScopedMemoryAccess.getScopedMemoryAccess();

  /**
   * For tests only: leaves out the handshake, and with it what makes the gate safe. A test that
   * loses updates under this property, and only under it, is a test that can fail.
   */
  private static final boolean HANDSHAKE = !Boolean.getBoolean("gmem.test.noHandshake");

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

  /**
   * Set after the handler's {@code admits} has run once, deep. Before that it could load and
   * initialise classes, and a handshake that unwinds an initialiser breaks the class for ever.
   */
  private volatile boolean warm;

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
      GmGate.replaceWord(session, word, GmGateWord.gated(slot, true));
    }
  }

  /** Opens the gate, if it is not open, and adds one pin. */
  public void openPinned() {
    while (true) {
      int word = GmGate.word(session);
      int open = GmGateWord.isOpen(word) ? word : GmGateWord.OPEN;
      if (GmGate.replaceWord(session, word, open + 1)) {
        return;
      }
    }
  }

  /**
   * Waits until no access that passed the gate before it was tightened is under way. Plain accesses
   * are unwound, and made again; those that must happen exactly once are waited for.
   */
  public void quiesce() {
    if (HANDSHAKE) {
      GmCounters.add(GmCounters.HANDSHAKES);
      SCOPED_MEMORY_ACCESS.closeScope(session, GmGate.RETRY);
      GmInFlight.drain();
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
    SCOPED_MEMORY_ACCESS.closeScope(session, MemorySessionImpl.ALREADY_CLOSED);
    GmInFlight.drain();
    synchronized (LOCK) {
      regions[slot] = null; // nobody is between reading a word of this region and its slot any more
      lowestFree = Math.min(lowestFree, slot);
    }
    session.resourceList.cleanup();
  }

  /** Asks the handler, near the top of the stack of an access. */
  boolean admits(long from, long bytes, boolean write) {
    long first = Math.max(from, address);
    long count = Math.min(from + bytes, endExclusive) - first;
    return count <= 0 || (warm && handler.admits(first, count, write));
  }

  /** Serves a fault, deep in the stack of an access. */
  @Hidden
  void fault(long from, long bytes, boolean write) {
    long first = Math.max(from, address);
    long count = Math.min(from + bytes, endExclusive) - first;
    if (!warm) {
      boolean admitted = handler.admits(first, count, write);
      warm = true;
      if (admitted) {
        return;
      }
    }
    GmCounters.add(GmCounters.FAULTS);
    handler.fault(first, count, write);
  }

  /** Pins a gated region. Returns false if it has been closed instead. */
  boolean pin() {
    handler.pin();
    return session.state >= MemorySessionImpl.OPEN;
  }
}
