package dev.gmem.core.engine;

import dev.gmem.core.sync.Monitor;

/**
 * Evicts in the background from devices that are short of memory, so that those who fault there
 * find room and need not wait for a copy.
 *
 * <p><b>States</b> of a device: <em>idle</em>; <em>pressed</em>, from the first time that somebody
 * found no room; <em>reclaiming</em>, while a thread evicts. A device that is pressed becomes
 * reclaiming when room is taken and less than the low watermark is left; the thread ends at the
 * high watermark, or when nothing can be evicted now. There is no thread in any other state, and
 * none that waits: who takes room next starts another, if nothing could be had the last time only
 * after a while.
 *
 * <p><b>Rules.</b> It waits for nobody, like any eviction: what is claimed, held or pinned stays.
 * It never evicts from a device that has had room for everything. It needs nobody to wait for it
 * either: what it has claimed is busy, which closing and detaching wait for; and what is closed, or
 * leaves, it finds no more. Who finds no room while it evicts waits for what that comes to, and
 * evicts, too, if that was nothing. So everything goes on without it, slower.
 */
final class Reclaimer {
  /** So much at a time; then it looks whether it is still needed. */
  private static final long BATCH_BYTES = 256 << 10;

  private final Evictor evictor;
  private final Monitor.Factory threads;

  Reclaimer(Evictor evictor, Monitor.Factory threads) {
    this.evictor = evictor;
    this.threads = threads;
  }

  /** To be called when room has been taken, with no monitor held. */
  void roomTaken(DeviceSlot slot) {
    if (!slot.pressure().wantsReclaim() || !slot.pressure().beginReclaim()) {
      return;
    }
    boolean started = false;
    try {
      threads.start(() -> reclaim(slot));
      started = true;
    } catch (OutOfMemoryError e) {
      // No thread to be had: those who find no room evict themselves, as they do without this.
    } finally {
      if (!started) {
        slot.pressure().endReclaim();
      }
    }
  }

  private void reclaim(DeviceSlot slot) {
    do {
      try {
        if (!toHighWatermark(slot)) {
          return;
        }
      } finally {
        slot.pressure().endReclaim();
      }
      // Whoever took room after the last look, and before the end, has started nobody.
    } while (slot.pressure().wantsReclaim() && slot.pressure().beginReclaim());
  }

  /** Returns whether it came there. */
  private boolean toHighWatermark(DeviceSlot slot) {
    for (long wanted = slot.pressure().shortBytes();
        wanted > 0;
        wanted = slot.pressure().shortBytes()) {
      long freed = evictor.makeRoom(slot, Math.min(wanted, BATCH_BYTES)).freedBytes();
      slot.pressure().reclaimed(freed);
      if (freed == 0) {
        return false;
      }
    }
    return true;
  }
}
