package dev.gmem.sim;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The device's memory: how many pages may be mapped, and the frames behind those that were written.
 *
 * <p>Room is reserved per page when a run is mapped; a frame is taken when the page gets contents.
 * So room is what the device promises, frames are what the simulation really spends. Frames that
 * come back are kept, with whatever they hold, and handed out again.
 *
 * <p>A frame is an array of longs. Stores narrower than that are a compare-and-set of the long
 * around them: exact atomics for every width, and no dependence on the memory segments that this
 * library itself instruments.
 *
 * <p>Threads: any.
 */
final class FramePool {
  private final int frameLongs;
  private final long roomPages;
  private final AtomicLong usedPages = new AtomicLong();
  private final AtomicLong frames = new AtomicLong();
  private final ArrayDeque<long[]> free = new ArrayDeque<>();

  FramePool(long memoryBytes, int granuleBytes) {
    frameLongs = granuleBytes / Long.BYTES;
    roomPages = memoryBytes / granuleBytes;
  }

  /** Reserves room for some pages, or changes nothing. */
  boolean reserve(long pages) {
    long used;
    do {
      used = usedPages.get();
      if (pages > roomPages - used) {
        return false;
      }
    } while (!usedPages.compareAndSet(used, used + pages));
    return true;
  }

  /** Gives room back. */
  void release(long pages) {
    usedPages.addAndGet(-pages);
  }

  /** Takes a frame that holds anything. */
  long[] takeAny() {
    long[] frame = poll();
    return frame != null ? frame : fresh();
  }

  /** Takes a frame that holds zeros. */
  long[] takeZeroed() {
    long[] frame = poll();
    if (frame == null) {
      return fresh();
    }
    Arrays.fill(frame, 0L);
    return frame;
  }

  /** Takes a frame back. */
  void give(long[] frame) {
    synchronized (free) {
      free.push(frame);
    }
  }

  /** Returns how many pages have room reserved. */
  long usedPages() {
    return usedPages.get();
  }

  /** Returns how many frames exist, taken or free. */
  long frames() {
    return frames.get();
  }

  private long[] poll() {
    synchronized (free) {
      return free.poll();
    }
  }

  private long[] fresh() {
    long[] frame = new long[frameLongs];
    frames.incrementAndGet();
    return frame;
  }
}
