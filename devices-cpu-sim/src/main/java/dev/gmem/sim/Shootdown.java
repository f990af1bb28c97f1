package dev.gmem.sim;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * TLB shootdown: makes sure that no worker can reach pages that have just left the page table.
 *
 * <p><b>Assumptions.</b> Each worker has a {@link Section} that only its thread enters. Between
 * {@link Section#enter} and {@link Section#leave} it looks up one page, in its TLB or in the table,
 * and makes one access; nothing in there waits, or calls a kernel or a fault handler (a page that
 * is written for the first time takes locks under which nothing waits). It reads {@link #epoch}
 * right after entering, and drops its whole TLB if the epoch is not the one its TLB was filled
 * under.
 *
 * <p><b>Guarantees.</b> Let U be a thread that removes pages from the table (or makes them
 * read-only) and then calls {@link #flushAndWait}. When that returns,
 *
 * <ol>
 *   <li>every access that used one of the old entries is over, and its effect is visible to U;
 *   <li>every later access finds the new entries.
 * </ol>
 *
 * <p><b>Why.</b> A worker W and the thread U shake hands as in Dekker's algorithm:
 *
 * <pre>
 *   W: (1) phase := odd   volatile       U: (3) table := new
 *      (2) read epoch     volatile          (4) epoch += 1       volatile
 *          look up, access                  (5) read phase       volatile
 *      (6) phase := even  release
 * </pre>
 *
 * <p>Volatile accesses have one total order. Either (1) comes before (5): then U sees an odd phase,
 * or a later one, and waits for a change, that is for (6), whose release makes W's access visible
 * to U: guarantee 1. Or (5) comes before (1): then (4) comes before (2), W reads the new epoch,
 * drops its TLB, and finds in the table what (3) wrote before (4): guarantee 2. An entry that W
 * puts into its TLB was read after its epoch was; if the entry is older than (3), so is the epoch
 * older than (4), and the next section drops it.
 *
 * <p>The plain access to the frame stays inside the section: it cannot move above the volatile read
 * (2), nor below the release (6).
 *
 * <p><b>Progress.</b> {@code enter} and {@code leave} are wait-free. {@code flushAndWait} waits for
 * at most one access of each worker: the phase counts, so a worker that has left and entered again
 * is not waited for. A worker that computes, sleeps or waits for a fault is outside, and costs one
 * read.
 *
 * <p>The handshake follows the idea of HdrHistogram's {@code WriterReaderPhaser}, with a phase per
 * worker in place of shared counters.
 */
final class Shootdown {
  private static final VarHandle EPOCH;

  static {
    try {
      EPOCH = MethodHandles.lookup().findVarHandle(Shootdown.class, "epoch", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static final int SPINS_MAX = 1_000;
  private static final long PARK_NANOS = 20_000;

  /**
   * What a worker is doing. Extended by the worker's view of memory, to keep both in one object.
   */
  abstract static class Section {
    private static final VarHandle PHASE;

    static {
      try {
        PHASE = MethodHandles.lookup().findVarHandle(Section.class, "phase", long.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    /** Odd while the worker is inside; never the same twice. Written by the worker only. */
    volatile long phase;

    /** Enters; returns what {@link #leave} needs. A section that was never left ends here. */
    final long enter() {
      long inside = phase + 2 | 1;
      phase = inside;
      return inside;
    }

    /**
     * Leaves. Whoever catches a failure between the two writes {@code phase = inside + 1} instead:
     * a call could fail once more, for want of stack.
     */
    final void leave(long inside) {
      PHASE.setRelease(this, inside + 1);
    }

    private boolean isInside(long seen) {
      return (seen & 1) != 0 && phase == seen;
    }
  }

  private final boolean waits;
  private final LongAdder shootdowns = new LongAdder();
  private volatile Section[] sections = new Section[0];
  private volatile long epoch;

  /**
   * Makes one.
   *
   * @param waits false drops guarantee 1, for tests that show what it is good for
   */
  Shootdown(boolean waits) {
    this.waits = waits;
  }

  /** Adds a worker. Called before it makes its first access. */
  synchronized void register(Section section) {
    Section[] longer = Arrays.copyOf(sections, sections.length + 1);
    longer[sections.length] = section;
    sections = longer;
  }

  /** Returns the number that TLB entries are valid under. */
  long epoch() {
    return epoch;
  }

  /** Returns how many shootdowns there were. */
  long count() {
    return shootdowns.sum();
  }

  /**
   * Drops all TLB entries and waits until no worker uses one. Called after the table was changed.
   */
  void flushAndWait() {
    shootdowns.increment();
    refill();
  }

  /** Has TLBs filled anew, in other units maybe. No page was taken away, so nothing is counted. */
  void refill() {
    EPOCH.getAndAdd(this, 1L);
    if (waits) {
      for (Section section : sections) {
        awaitOutside(section);
      }
    }
  }

  private static void awaitOutside(Section section) {
    long seen = section.phase;
    for (int spins = 0; section.isInside(seen); spins++) {
      if (spins < SPINS_MAX) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(PARK_NANOS);
      }
    }
  }
}
