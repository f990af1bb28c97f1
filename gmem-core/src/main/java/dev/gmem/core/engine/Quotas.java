package dev.gmem.core.engine;

import dev.gmem.PinnedMemoryException;
import java.util.List;

/**
 * Changes quotas of devices that are in use.
 *
 * <p><b>Rules.</b> A new quota is in force at once: nobody takes room beyond it. What is beyond it
 * already is evicted, least recently used first; what cannot be had now, because it is claimed or a
 * launch keeps it, is waited for. Changes of one device's quota, and launches that take room there,
 * come one at a time: so no launch is overtaken by a smaller quota while its arguments move, and
 * who waits for a launch here waits for its kernel only. A change counts as something under way, so
 * nobody gives up for lack of room before it is known what becomes of it. If what is beyond the
 * quota cannot be had, the old quota is in force again.
 */
public final class Quotas {
  private final Evictor evictor;
  private final long pinTimeoutNanos;

  Quotas(Evictor evictor, long pinTimeoutNanos) {
    this.evictor = evictor;
    this.pinTimeoutNanos = pinTimeoutNanos;
  }

  /**
   * Changes a quota, and evicts down to it. Waits for launches; the caller has no claim.
   *
   * @param slot a device that must fit its memory
   * @param bytes the quota
   * @throws PinnedMemoryException if more than that is pinned to it; the quota is as before
   * @throws dev.gmem.DeviceException if the device does not give back what it holds; the quota is
   *     as before
   */
  public void change(DeviceSlot slot, long bytes) {
    slot.beginTaking();
    slot.begin();
    long before = slot.quotaBytes();
    boolean done = false;
    try {
      slot.quotaBytes(bytes);
      evictDownTo(slot, bytes);
      done = true;
    } finally {
      if (!done) {
        slot.quotaBytes(before);
      }
      slot.endEviction(List.of(), true); // there may be room for those who wait
      slot.endTaking();
    }
  }

  private void evictDownTo(DeviceSlot slot, long bytes) {
    Attempts attempts = new Attempts(pinTimeoutNanos);
    while (true) {
      slot.fate().check();
      long changes = slot.changes();
      long excess = slot.usedBytes() - bytes;
      if (excess <= 0) {
        return;
      }
      Evictor.Outcome evicted = evictor.makeRoom(slot, excess);
      if (evicted.freedBytes() == 0 && !slot.awaitChangeByOthers(changes)) {
        if (evicted.failure() == null) {
          throw stays(slot, bytes);
        }
        attempts.recover(evicted.failure());
      }
    }
  }

  private static PinnedMemoryException stays(DeviceSlot slot, long bytes) {
    return new PinnedMemoryException(
        "more than the quota is to be is pinned to the device by advice, or lost with it; unpin or"
            + " free some of it, or choose a larger quota: device="
            + slot.device().id()
            + " quotaBytes="
            + bytes
            + " usedBytes="
            + slot.usedBytes());
  }
}
