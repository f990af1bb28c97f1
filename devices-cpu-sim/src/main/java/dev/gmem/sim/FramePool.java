package dev.gmem.sim;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The device's memory: how much may be mapped, and the frames behind pages that were written.
 *
 * <p>Room is reserved when a run is mapped; a frame is taken when a page gets contents. So room is
 * what the device promises, frames are what the simulation really spends. Frames that come back are
 * kept, with whatever they hold, and handed out again; those of one size make place for those of
 * another when there would be more of all than the device has memory.
 *
 * <p>A frame is an array of longs. Stores narrower than that are a compare-and-set of the long
 * around them: exact atomics for every width, and no dependence on the memory segments that this
 * library itself instruments.
 *
 * <p>Threads: any.
 */
final class FramePool {
  private final long memoryBytes;
  private final AtomicLong usedBytes = new AtomicLong();

  /** Frames that nobody has, by the binary logarithm of their size. Guarded by itself. */
  private final ArrayDeque<long[]>[] free;

  /** Guarded by {@link #free}. */
  private long frameBytes;

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
  FramePool(long memoryBytes) {
    this.memoryBytes = memoryBytes;
    free = new ArrayDeque[Integer.SIZE];
    Arrays.setAll(free, shift -> new ArrayDeque<>());
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

  /** Takes a frame that holds anything. */
  long[] takeAny(int shift) {
    long[] frame = poll(shift);
    return frame != null ? frame : fresh(shift);
  }

  /** Takes a frame that holds zeros. */
  long[] takeZeroed(int shift) {
    long[] frame = poll(shift);
    if (frame == null) {
      return fresh(shift);
    }
    Arrays.fill(frame, 0L);
    return frame;
  }

  /** Takes a frame back. */
  void give(long[] frame) {
    synchronized (free) {
      free[shift(frame)].push(frame);
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

  private long[] poll(int shift) {
    synchronized (free) {
      return free[shift].poll();
    }
  }

  private long[] fresh(int shift) {
    long bytes = 1L << shift;
    synchronized (free) {
      for (ArrayDeque<long[]> others : free) {
        while (frameBytes > memoryBytes - bytes && !others.isEmpty()) {
          frameBytes -= (long) others.pop().length * Long.BYTES;
        }
      }
      frameBytes += bytes;
    }
    return new long[(int) (bytes / Long.BYTES)];
  }

  private static int shift(long[] frame) {
    return Integer.numberOfTrailingZeros(frame.length) + 3;
  }
}
