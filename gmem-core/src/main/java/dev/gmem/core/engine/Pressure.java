package dev.gmem.core.engine;

import dev.gmem.SpaceOptions;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * Whether a device is short of memory, and whether somebody is to do something about it: the state
 * that the {@link Reclaimer} works by.
 *
 * <p>From the first time that somebody finds no room the device is pressed, until {@value
 * #RELIEVED} times its high watermark are free. Only then uses are stamped and memory is reclaimed:
 * what fits stays. The watermarks follow from the quota that the device has at the time. Any thread
 * may call any method, with or without a monitor.
 */
final class Pressure {
  /**
   * The low watermark is this part of the quota, in whole pages; the high one is twice as much. A
   * memory of fewer pages has none, and is never reclaimed from.
   */
  static final int LOW_FRACTION = 64;

  private static final int RELIEVED = 4;

  /** After how many takings of room at most it is tried again to reclaim something. */
  private static final int PATIENCE_MAX = 1024;

  private final DeviceSlot slot;
  private final LongAdder bytesReclaimed = new LongAdder();
  private final AtomicBoolean reclaiming = new AtomicBoolean();
  private volatile boolean pressed;
  private volatile int patience;
  private int nextPatience = 1; // of the thread that reclaims

  Pressure(DeviceSlot slot) {
    this.slot = slot;
  }

  private long lowBytes() {
    long quota = slot.quotaBytes();
    return quota == Long.MAX_VALUE ? 0 : quota / LOW_FRACTION & -SpaceOptions.GRANULE_BYTES_MIN;
  }

  private long freeBytes() {
    return slot.quotaBytes() - slot.usedBytes();
  }

  /** Somebody has found no room. */
  void press() {
    pressed = true;
  }

  /** Tells whether somebody has found no room, and there is not much of it since. */
  boolean isPressed() {
    return pressed;
  }

  /** Tells whether less than the low watermark is free, and that matters. */
  boolean wantsReclaim() {
    if (!pressed || slot.isLeaving()) {
      return false;
    }
    if (patience > 0) {
      patience--; // races lose a count, no more
      return false;
    }
    long low = lowBytes();
    long free = freeBytes();
    if (free >= RELIEVED * 2 * low) {
      pressed = false;
    }
    return free < low;
  }

  /** Returns how much is to be evicted up to the high watermark; at most 0 if nothing is. */
  long shortBytes() {
    return slot.isLeaving() ? 0 : 2 * lowBytes() - freeBytes();
  }

  /** Tells whether the caller is to reclaim, and nobody else. */
  boolean beginReclaim() {
    return !reclaiming.get() && reclaiming.compareAndSet(false, true);
  }

  /** Tells whether a thread reclaims. */
  boolean isReclaiming() {
    return reclaiming.get();
  }

  void endReclaim() {
    reclaiming.set(false);
  }

  /**
   * Takes note of what could be reclaimed. If that was nothing, the next tries come ever later, so
   * that a device whose memory cannot be had costs no thread each time that somebody takes room.
   */
  void reclaimed(long bytes) {
    bytesReclaimed.add(bytes);
    nextPatience = bytes > 0 ? 1 : Math.min(PATIENCE_MAX, 2 * nextPatience);
    patience = bytes > 0 ? 0 : nextPatience;
  }

  /** Returns what has been reclaimed so far. */
  long bytesReclaimed() {
    return bytesReclaimed.sum();
  }
}
