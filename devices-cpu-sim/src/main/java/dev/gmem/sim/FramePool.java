package dev.gmem.sim;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The device's memory: how much may be mapped, and the frames behind pages that were written.
 *
 * <p>Room is reserved when a run is mapped; a frame is taken when a page gets contents. So room is
 * what the device promises, frames are what the simulation really spends. Frames that come back are
 * kept, with whatever they hold, and handed out again; those of one size make place for those of
 * another when there would be more of all than the device has memory.
 *
 * <p>Frames come in {@linkplain Slab slabs}. A run gets frames that follow each other as far as
 * there are such: of what is free the smallest that is enough; else of a new slab, as long as there
 * is memory and no more is free than is taken; else several.
 *
 * <p>A frame is a part of an array of longs. Stores narrower than that are a compare-and-set of the
 * long around them: exact atomics for every width, and no dependence on the memory segments that
 * this library itself instruments.
 *
 * <p>Threads: any.
 */
final class FramePool {
  private static final long SLAB_BYTES_MAX = 16 << 20;

  private static final Comparator<Slab.Free> BY_COUNT =
      Comparator.comparingInt(Slab.Free::count)
          .thenComparingLong(free -> free.slab().number())
          .thenComparingInt(Slab.Free::first);

  /** Comes before all others. */
  private static final Slab NONE = new Slab(-1, 3, 0);

  private final long memoryBytes;
  private final AtomicLong usedBytes = new AtomicLong();

  /** Frames that nobody has, by the binary logarithm of their size. Guarded by itself. */
  private final TreeSet<Slab.Free>[] free;

  /** Guarded by {@link #free}, as is the next one. */
  private long frameBytes;

  private long freeBytes;

  private long slabs;

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
  FramePool(long memoryBytes) {
    this.memoryBytes = memoryBytes;
    free = new TreeSet[Integer.SIZE];
    Arrays.setAll(free, shift -> new TreeSet<>(BY_COUNT));
  }

  /** Frames that follow each other in a slab, and that the caller has. */
  record Run(Slab slab, int first, int count) {
    MemorySegment content() {
      long bytes = (long) count << slab.shift();
      return MemorySegment.ofArray(slab.words()).asSlice((long) first << slab.shift(), bytes);
    }
  }

  /** Reserves room, or changes nothing. */
  boolean reserve(long bytes) {
    long used;
    do {
      used = usedBytes.get();
      if (bytes > memoryBytes - used) {
        return false;
      }
    } while (!usedBytes.compareAndSet(used, used + bytes));
    return true;
  }

  /** Gives room back. */
  void release(long bytes) {
    usedBytes.addAndGet(-bytes);
  }

  /** Takes frames that hold anything: all, or, if the Java heap has no more, none. */
  List<Run> take(int shift, int count) {
    List<Run> runs = new ArrayList<>();
    synchronized (free) {
      try {
        for (int rest = count; rest > 0; rest -= runs.getLast().count()) {
          runs.add(takeSome(shift, rest));
        }
      } catch (OutOfMemoryError e) {
        runs.forEach(this::give);
        throw e;
      }
    }
    return runs;
  }

  /** Takes a frame that holds zeros. */
  Run takeZeroed(int shift) {
    Run run = take(shift, 1).getFirst();
    int start = run.slab().start(run.first());
    Arrays.fill(run.slab().words(), start, run.slab().start(run.first() + 1), 0L);
    return run;
  }

  /** Takes frames back. */
  void give(Run run) {
    synchronized (free) {
      TreeSet<Slab.Free> ours = free[run.slab().shift()];
      ours.add(run.slab().give(run.first(), run.count(), ours::remove));
      freeBytes += (long) run.count() << run.slab().shift();
    }
  }

  /** Returns how much room is reserved. */
  long usedBytes() {
    return usedBytes.get();
  }

  /** Returns the size of all frames, taken or free. */
  long frameBytes() {
    synchronized (free) {
      return frameBytes;
    }
  }

  private Run takeSome(int shift, int count) {
    Slab.Free found = enough(shift, count);
    if (found == null) {
      int most = (int) Math.min(count, Math.max(1, SLAB_BYTES_MAX >> shift));
      long bytes = (long) most << shift;
      boolean none = free[shift].isEmpty();
      if (none || freeBytes <= frameBytes - freeBytes && frameBytes <= memoryBytes - bytes) {
        return fresh(shift, most);
      }
      found = free[shift].last();
    }
    int taken = Math.min(count, found.count());
    free[shift].remove(found);
    Slab.Free rest = found.slab().take(found, taken);
    if (rest != null) {
      free[shift].add(rest);
    }
    freeBytes -= (long) taken << shift;
    return new Run(found.slab(), found.first(), taken);
  }

  /** The least free frames that are enough, or null. */
  private Slab.Free enough(int shift, int count) {
    return free[shift].ceiling(new Slab.Free(NONE, 0, count));
  }

  private Run fresh(int shift, int count) {
    long bytes = (long) count << shift;
    for (TreeSet<Slab.Free> others : free) {
      for (Iterator<Slab.Free> i = others.iterator(); i.hasNext(); ) {
        Slab.Free some = i.next();
        if (frameBytes <= memoryBytes - bytes) {
          break;
        }
        if (some.isAll()) {
          i.remove();
          frameBytes -= some.slab().bytes();
          freeBytes -= some.slab().bytes();
        }
      }
    }
    Run run = new Run(new Slab(slabs++, shift, count), 0, count);
    frameBytes += bytes;
    return run;
  }
}
