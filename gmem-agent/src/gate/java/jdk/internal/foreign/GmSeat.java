package jdk.internal.foreign;

import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import jdk.internal.access.JavaLangAccess;
import jdk.internal.access.SharedSecrets;
import jdk.internal.misc.Unsafe;
import jdk.internal.vm.annotation.Contended;
import jdk.internal.vm.annotation.ForceInline;

/**
 * The seat of one platform thread: shows whether an access of it is under way, and remembers what
 * the table has admitted, as a TLB does.
 *
 * <p>Nobody but its owner takes it, so that taking it is a plain store. What such a store lacks is
 * an order towards the loads that follow it, and the other side supplies that: whoever takes memory
 * away lets {@linkplain GmFence a fence} run on every processor that runs this program. Where there
 * is no such fence no thread has a seat of its own, and {@link GmInFlight} has others.
 *
 * <p>The owner is a carrier, never a virtual thread: nothing between {@link #sit} and {@link
 * #leave} unmounts one.
 *
 * <p><b>Memory order.</b>
 *
 * <pre>
 *   owner                                    whoever takes memory away
 *   under way = epoch          (acquire,     take permission or gate  (volatile)
 *                               opaque)
 *   look at gate or TLB entry  (volatile)    epoch + 1                (volatile)
 *   access memory                            fence on all processors
 *   under way = 0              (release)     under way: 0, or the new epoch? else wait (volatile)
 * </pre>
 *
 * <p>If the owner's first store comes before the fence, the other side sees it; if it comes after,
 * so does the owner's look, which then finds what has been taken away, and an epoch that is not
 * that of its TLB entry. An access that began in the new epoch is not waited for: that bounds the
 * wait. It need not be, because it looks after it has read the epoch (acquire), and whoever reads
 * the new epoch also sees what was taken away before.
 */
@Contended // written at each access of one thread, by nobody else
final class GmSeat {
  private static final Unsafe UNSAFE = Unsafe.getUnsafe();
  private static final JavaLangAccess THREADS = SharedSecrets.getJavaLangAccess();

  /** Whether threads have seats of their own. */
  private static final boolean OWNED = GmFence.isThere();

  /** By the low bits of the owner's number. */
  private static final GmSeat[] SEATS = new GmSeat[1 << 14];

  private static final long UNDER_WAY = UNSAFE.objectFieldOffset(GmSeat.class, "underWay");
  private static final long OWNER = UNSAFE.objectFieldOffset(GmSeat.class, "ownerId");

  /** In place of an owner's number, while a seat is being taken over. */
  private static final long CHANGING = -1;

  // The TLB: entries of four words. Direct, by a hash of the address of a block of 64 KiB.
  private static final int TLB_ENTRIES_LOG2 = 6;
  private static final int BLOCK_SHIFT = 16;
  private static final long HASH = 0x9E37_79B9_7F4A_7C15L; // 2^64 divided by the golden ratio
  private static final int EPOCH = 0;
  private static final int FIRST = 1;
  private static final int READ_END = 2;
  private static final int WRITE_END = 3;

  /** All seats there ever were, by {@link #next}. Those of dead threads are taken over. */
  private static final AtomicReference<GmSeat> ALL = new AtomicReference<>();

  private static final AtomicLong CURRENT_EPOCH = new AtomicLong(1);

  private final GmSeat next;
  private final long[] tlb = new long[4 << TLB_ENTRIES_LOG2];
  private volatile WeakReference<Thread> owner;
  private volatile long ownerId;

  /** The epoch in which the access under way began, or 0. */
  private long underWay;

  private GmSeat(Thread first, GmSeat next) {
    this.owner = new WeakReference<>(first);
    this.ownerId = first.threadId();
    this.next = next;
  }

  /** Returns the seat of the thread that calls, or null if it has none (yet). */
  @ForceInline
  static GmSeat mine() {
    if (!OWNED) {
      return null;
    }
    long id = THREADS.currentCarrierThread().threadId();
    GmSeat seat = SEATS[(int) id & SEATS.length - 1];
    return seat != null && seat.ownerId == id ? seat : null;
  }

  /**
   * As above; gets one if need be. Null if threads have none, or if the place of this one is that
   * of another thread that lives.
   */
  static GmSeat mineOrNew() {
    GmSeat mine = mine();
    if (mine != null || !OWNED) {
      return mine;
    }
    Thread me = THREADS.currentCarrierThread();
    int place = (int) me.threadId() & SEATS.length - 1;
    GmSeat there = SEATS[place];
    if (there != null && there.place() == place && there.isTaken()) {
      return null;
    }
    GmSeat seat = takeOver(me);
    if (seat == null) {
      seat = add(me);
    }
    // For this thread to find. Of two that come at once one finds the other's, and shares seats.
    SEATS[place] = seat;
    return seat;
  }

  /** Takes the seat of a dead thread over; null if there is none. */
  private static GmSeat takeOver(Thread me) {
    for (GmSeat seat = ALL.get(); seat != null; seat = seat.next) {
      long id = seat.ownerId;
      if (id != CHANGING
          && !seat.isTaken()
          && UNSAFE.compareAndSetLong(seat, OWNER, id, CHANGING)) { // numbers are not used again
        seat.owner = new WeakReference<>(me);
        Arrays.fill(seat.tlb, 0);
        seat.underWay = 0;
        seat.ownerId = me.threadId();
        return seat;
      }
    }
    return null;
  }

  private static GmSeat add(Thread me) {
    while (true) {
      GmSeat head = ALL.get();
      GmSeat seat = new GmSeat(me, head);
      if (ALL.compareAndSet(head, seat)) {
        return seat;
      }
    }
  }

  private int place() {
    return (int) ownerId & SEATS.length - 1;
  }

  /** Tells whether the owner lives. */
  private boolean isTaken() {
    Thread thread = owner.get();
    return thread != null && thread.isAlive();
  }

  /** An access begins. */
  @ForceInline
  void sit() {
    UNSAFE.putLongOpaque(this, UNDER_WAY, CURRENT_EPOCH.getAcquire());
  }

  /** The access has been made. */
  @ForceInline
  void leave() {
    UNSAFE.putLongRelease(this, UNDER_WAY, 0);
  }

  /**
   * As {@link #leave}, after code that may have faulted. A virtual thread that did may have come
   * back on another carrier: this seat is that of somebody else then, who may be on it.
   */
  @ForceInline
  void leaveIfMine() {
    if (this == mine()) {
      leave();
    }
  }

  /**
   * Tells whether a read may be made now. Called while seated.
   *
   * @return false if it is not known without asking the table, or there is no session to ask it for
   */
  @ForceInline
  boolean admitsRead(MemorySessionImpl session, long address, long bytes) {
    int word = GmGate.word(session);
    return session.state >= MemorySessionImpl.OPEN
        && word != GmGateWord.CLOSED // of an ordinary session, whose close does not look at seats
        && (GmGateWord.passes(word, false) || remembers(address, bytes, READ_END));
  }

  /** As above, for a write. */
  @ForceInline
  boolean admitsWrite(MemorySessionImpl session, long address, long bytes) {
    int word = GmGate.word(session);
    return session.state >= MemorySessionImpl.OPEN
        && word != GmGateWord.CLOSED
        && (GmGateWord.passes(word, true) || remembers(address, bytes, WRITE_END));
  }

  @ForceInline
  private boolean remembers(long address, long bytes, int end) {
    int entry = entry(address);
    return tlb[entry + EPOCH] == CURRENT_EPOCH.get()
        && tlb[entry + FIRST] <= address
        && address + bytes <= tlb[entry + end];
  }

  /**
   * Remembers what the table has admitted.
   *
   * @param asked the epoch before the table was asked
   * @param address what it was asked for
   * @param granuleBytes how far around its answer holds
   * @param write whether it was asked for a write
   */
  void remember(long asked, long address, long granuleBytes, boolean write) {
    int entry = entry(address);
    long reach = Math.min(granuleBytes, 1L << BLOCK_SHIFT);
    long first = address & -reach;
    tlb[entry + EPOCH] = 0;
    tlb[entry + FIRST] = first;
    tlb[entry + READ_END] = first + reach;
    tlb[entry + WRITE_END] = write ? first + reach : 0;
    tlb[entry + EPOCH] = asked;
  }

  private static int entry(long address) {
    return (int) ((address >>> BLOCK_SHIFT) * HASH >>> Long.SIZE - TLB_ENTRIES_LOG2) << 2;
  }

  /** Returns the number that changes whenever something is taken away. Never 0. */
  @ForceInline
  static long epoch() {
    return CURRENT_EPOCH.get();
  }

  /** Begins an epoch, in which no entry of an earlier one counts. Returns its number. */
  static long nextEpoch() {
    return CURRENT_EPOCH.incrementAndGet();
  }

  /** Waits for the accesses that began before an epoch. To be called after {@link GmFence#run}. */
  static void awaitOlder(long newest) {
    for (GmSeat seat = ALL.get(); seat != null; seat = seat.next) {
      long began = seat.began();
      if (began != 0 && began < newest) {
        GmCounters.add(GmCounters.WAITS);
        GmInFlight.Patience patience = new GmInFlight.Patience();
        do {
          patience.pause();
          began = seat.began();
        } while (began != 0 && began < newest && seat.isTaken());
      }
    }
  }

  private long began() {
    return UNSAFE.getLongVolatile(this, UNDER_WAY);
  }
}
