package dev.gmem.opencl;

import java.util.concurrent.atomic.AtomicLong;

/** The device memory that may be mapped at a time. Threads: any. */
final class Room {
  private final long limitBytes;
  private final AtomicLong usedBytes = new AtomicLong();

  Room(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /** Takes room, or changes nothing: not even for a moment, in which another take would fail. */
  boolean take(long bytes) {
    long used;
    do {
      used = usedBytes.get();
      if (bytes > limitBytes - used) {
        return false;
      }
    } while (!usedBytes.compareAndSet(used, used + bytes));
    return true;
  }

  void give(long bytes) {
    usedBytes.addAndGet(-bytes);
  }

  long usedBytes() {
    return usedBytes.get();
  }

  long limitBytes() {
    return limitBytes;
  }
}
