package dev.gmem.core.engine;

import java.util.concurrent.atomic.AtomicReference;

/**
 * How much of a device a space may use, and how much it does. Both change in one step, so that
 * nobody takes room which a smaller quota has just taken away. Any thread may call any method, with
 * or without a monitor.
 */
final class Quota {
  private final AtomicReference<Room> room;

  /** More may be used than the quota, once that has become smaller; then nobody takes any. */
  private record Room(long bytes, long usedBytes) {}

  Quota(long bytes) {
    room = new AtomicReference<>(new Room(bytes, 0));
  }

  long bytes() {
    return room.get().bytes();
  }

  long usedBytes() {
    return room.get().usedBytes();
  }

  void change(long bytes) {
    room.updateAndGet(now -> new Room(bytes, now.usedBytes()));
  }

  /** Takes as much as there is, in units; returns how much, 0 if there is none. */
  long reserve(long unitBytes, long bytes) {
    while (true) {
      Room now = room.get();
      long free = now.bytes() - now.usedBytes();
      long granted = Math.min(bytes, free / unitBytes * unitBytes);
      if (granted <= 0) {
        return 0;
      }
      if (room.compareAndSet(now, new Room(now.bytes(), now.usedBytes() + granted))) {
        return granted;
      }
    }
  }

  void giveBack(long bytes) {
    if (bytes != 0) {
      room.updateAndGet(now -> new Room(now.bytes(), now.usedBytes() - bytes));
    }
  }
}
