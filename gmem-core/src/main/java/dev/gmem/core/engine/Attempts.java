package dev.gmem.core.engine;

import dev.gmem.DeviceException;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.PinnedMemoryException;
import dev.gmem.TransferException;
import dev.gmem.core.engine.Claim.Failure;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.util.concurrent.locks.LockSupport;

/**
 * The patience of one request: how long it waits for pins, how often it tries again after a status
 * that allows it, and what it throws when it gives up.
 */
final class Attempts {
  private static final long PIN_WAIT_NANOS_MIN = 20_000;
  private static final long PIN_WAIT_NANOS_MAX = 1_000_000;
  private static final int MIGRATING_TRIES_MAX = 10_000;

  /** More than one, because room may turn up between looking for it and looking for waiters. */
  private static final int DRY_TRIES_MAX = 3;

  private static final long MIGRATING_WAIT_NANOS = 100_000;

  private final long pinTimeoutNanos;
  private long pinWaitNanos = PIN_WAIT_NANOS_MIN;
  private long pinnedSince;
  private boolean waiting;
  private int migrating;
  private int dryTries;

  Attempts(long pinTimeoutNanos) {
    this.pinTimeoutNanos = pinTimeoutNanos;
  }

  /** Waits a little for pins to go. Pins come and go without a signal, so this polls. */
  void awaitPins(Vma vma, int pins) {
    long now = System.nanoTime();
    if (!waiting) {
      waiting = true;
      pinnedSince = now;
    } else if (now - pinnedSince > pinTimeoutNanos) {
      throw new PinnedMemoryException(
          "memory stayed pinned by a native call or an I/O operation for longer than"
              + " pinTimeoutMillis; let that call end, or give it memory of its own: address=0x"
              + Long.toHexString(vma.address())
              + " bytes="
              + vma.bytes()
              + " pins="
              + pins
              + " pinTimeoutMillis="
              + pinTimeoutNanos / 1_000_000);
    }
    vma.monitor().awaitNanos(pinWaitNanos);
    pinWaitNanos = Math.min(2 * pinWaitNanos, PIN_WAIT_NANOS_MAX);
  }

  /**
   * Makes room for a range, or waits until somebody else may have.
   *
   * @throws DeviceMemoryExhaustedException if there has been nothing to evict and nothing to wait
   *     for several times in a row
   */
  void makeRoom(Evictor evictor, DeviceSlot slot, long since, Vma vma, long first, long end) {
    if (evictor.makeRoom(slot, vma.bytesOf(first, end), vma.granuleBytes(), since)) {
      dryTries = 0;
    } else if (++dryTries >= DRY_TRIES_MAX) {
      GmRange run = vma.run(first, end);
      throw new DeviceMemoryExhaustedException(
          "the device has no room and nothing on it can be evicted; use a smaller working set or a"
              + " device with more memory: neededBytes="
              + run.bytes()
              + " quotaBytes="
              + slot.quotaBytes()
              + " usedBytes="
              + slot.usedBytes(),
          slot.device().id(),
          GmStatus.NOMEM,
          run.address(),
          run.bytes(),
          GranuleEntry.state(vma.table().get(first)),
          null);
    }
  }

  /** Returns if the claim that failed is worth another try; throws otherwise. */
  void recover(Claim claim, Evictor evictor) {
    Failure failure = claim.failure();
    if (failure.mapping() && failure.status() == GmStatus.NOMEM) {
      long since = failure.slot().changes();
      makeRoom(
          evictor,
          failure.slot(),
          since,
          claim.vma(),
          failure.step().first(),
          failure.step().end());
      return;
    }
    if (failure.status() == GmStatus.MIGRATING && migrating++ < MIGRATING_TRIES_MAX) {
      LockSupport.parkNanos(MIGRATING_WAIT_NANOS);
      return;
    }
    throw exception(claim, failure);
  }

  private static DeviceException exception(Claim claim, Failure failure) {
    GmRange run = claim.vma().run(failure.step().first(), failure.step().end());
    String id = failure.slot().device().id();
    var state = GranuleEntry.state(failure.step().after());
    return switch (failure.status()) {
      case DMA_ERROR ->
          new TransferException(
              "bytes could not be moved; the valid copy is untouched, try again",
              id,
              failure.status(),
              run.address(),
              run.bytes(),
              state,
              failure.cause());
      case NOMEM ->
          new DeviceMemoryExhaustedException(
              "the device has no room",
              id,
              failure.status(),
              run.address(),
              run.bytes(),
              state,
              failure.cause());
      default ->
          new DeviceException(
              failure.mapping()
                  ? "the device did not map a range; the valid copy is untouched"
                  : "the device did not unmap a range; the valid copy is untouched",
              id,
              failure.status(),
              run.address(),
              run.bytes(),
              state,
              failure.cause());
    };
  }
}
