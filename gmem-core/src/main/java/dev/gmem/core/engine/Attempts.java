package dev.gmem.core.engine;

import dev.gmem.DeviceException;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.PinnedMemoryException;
import dev.gmem.TransferException;
import dev.gmem.core.engine.Claim.Failure;
import dev.gmem.core.sync.Pause;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;

/**
 * The patience of one request: how long it waits for pins, how often it tries again after a status
 * that allows it, and what it throws when it gives up. Called with no monitor held.
 */
final class Attempts {
  private static final long PIN_WAIT_NANOS_MIN = 20_000;
  private static final long PIN_WAIT_NANOS_MAX = 1_000_000;
  private static final int MIGRATING_TRIES_MAX = 10_000;

  /**
   * Where the quota is short this much is evicted at a time: the rest may not be needed, after all.
   */
  private static final long BATCH_BYTES = 256 << 10;

  private static final long MIGRATING_WAIT_NANOS = 100_000;

  private final long pinTimeoutNanos;
  private long pinWaitNanos = PIN_WAIT_NANOS_MIN;
  private long pinnedSince;
  private boolean waiting;
  private int migrating;

  Attempts(long pinTimeoutNanos) {
    this.pinTimeoutNanos = pinTimeoutNanos;
  }

  /** Takes note that no pin is in the way any more. */
  void unpinned() {
    waiting = false;
    pinWaitNanos = PIN_WAIT_NANOS_MIN;
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
    vma.monitor().lock();
    try {
      vma.monitor().awaitNanos(pinWaitNanos);
    } finally {
      vma.monitor().unlock();
    }
    pinWaitNanos = Math.min(2 * pinWaitNanos, PIN_WAIT_NANOS_MAX);
  }

  /**
   * Makes room for what is left of a request, or waits until somebody else may have.
   *
   * @param claim the claim that found no room
   * @throws DeviceMemoryExhaustedException if there is nothing to evict and nothing to wait for
   */
  void makeRoom(Evictor evictor, Request request, Claim claim) {
    DeviceSlot slot = claim.target();
    slot.pressure().press();
    // What is being reclaimed goes by age, too, and hides from others what it chooses from.
    if (slot.pressure().isReclaiming()
        && slot.awaitChange(claim.changes(), request.ownLaunches())) {
      return;
    }
    long needed = request.vma().bytesOf(request.first(), request.end());
    Evictor.Outcome evicted = evictor.makeRoom(slot, Math.min(needed, BATCH_BYTES));
    if (evicted.freedBytes() == 0 && !slot.awaitChange(claim.changes(), request.ownLaunches())) {
      throw exhausted(request, slot, evicted.failure());
    }
  }

  /** As above, for a run that the device itself has refused; or asks for less at a time. */
  private static void makeRoom(Evictor evictor, Request request, Claim claim, Failure refused) {
    DeviceSlot slot = refused.slot();
    // The device says which run it has no room for: half of that would be asked for in vain.
    long wanted = claim.vma().bytesOf(refused.step().first(), refused.step().end());
    Evictor.Outcome evicted = evictor.makeRoom(slot, wanted);
    if (evicted.freedBytes() == 0
        && !slot.awaitRelease(claim.releases(), request.ownLaunches())
        && !request.narrow(refused.step().end() - refused.step().first())) {
      throw exhausted(request, slot, evicted.failure());
    }
  }

  private static DeviceMemoryExhaustedException exhausted(
      Request request, DeviceSlot slot, Failure failure) {
    Vma vma = request.vma();
    GmRange run = vma.run(request.first(), request.end());
    return new DeviceMemoryExhaustedException(
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
        GranuleEntry.state(vma.table().get(request.first())),
        failure == null ? null : exception(failure));
  }

  /** Returns if the claim that failed is worth another try; throws otherwise. */
  void recover(Claim claim, Request request, Evictor evictor) {
    Failure failure = claim.failure();
    if (failure.mapping() && failure.status() == GmStatus.NOMEM && !failure.slot().isLost()) {
      makeRoom(evictor, request, claim, failure);
      return;
    }
    recover(failure);
  }

  /**
   * Returns if the call that failed is worth another try, after a while; throws otherwise. If its
   * device is lost the table tells by now what that means: maybe nothing.
   */
  void recover(Failure failure) {
    if (failure.slot().isLost()) {
      return;
    }
    if (failure.status() == GmStatus.MIGRATING && migrating++ < MIGRATING_TRIES_MAX) {
      Pause.nanos(MIGRATING_WAIT_NANOS);
      return;
    }
    throw exception(failure);
  }

  static DeviceException exception(Failure failure) {
    GmRange run = failure.vma().run(failure.step().first(), failure.step().end());
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
