package dev.gmem.core.engine;

import dev.gmem.PageState;
import dev.gmem.PoisonedMemoryException;
import dev.gmem.core.engine.Claim.Step;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.spi.GmStatus;

/**
 * Takes claims and commits them: the first and the third step of a transition, both under the VMA's
 * monitor.
 *
 * <p>A claim is a contiguous part of a request, free of other claims and of launches that are in
 * the way. Taking one waits for these; it never waits while it has one.
 */
final class Claims {
  private final HostPlatform platform;
  private final DeviceTable devices;

  Claims(HostPlatform platform, DeviceTable devices) {
    this.platform = platform;
    this.devices = devices;
  }

  /** Claims the next part of a request; null if there is nothing left to do. */
  Claim take(Request request, Attempts attempts) {
    Vma vma = request.vma();
    vma.monitor().lock();
    try {
      while (true) {
        boolean impatient = request.goal() instanceof Goal.Evict leave && !leave.patient();
        if (vma.isClosed() || (vma.isReleasing() && impatient)) {
          return closed(request.goal());
        }
        if (vma.isReleasing() && !(request.goal() instanceof Goal.Release)) {
          vma.monitor().await();
          continue;
        }
        request.first(skipDone(request));
        if (request.first() == request.end()) {
          return null;
        }
        if (mustWait(vma, request.first(), request.goal())) {
          vma.monitor().await();
          continue;
        }
        refuse(request);
        request.open();
        Claim claim = collect(request);
        if (!reserve(claim)) {
          return Claim.NEEDS_ROOM;
        }
        int pins = vma.tighten(claim.gate());
        if (pins == 0) {
          mark(claim);
          return claim;
        }
        if (request.goal() instanceof Goal.ToDevice wish) {
          wish.slot().giveBack(claim.roomBytes());
        }
        attempts.awaitPins(vma, pins);
      }
    } finally {
      vma.monitor().unlock();
    }
  }

  private static Claim closed(Goal goal) {
    if (goal instanceof Goal.ToDevice) {
      throw new IllegalStateException("Already closed");
    }
    return null;
  }

  /** The first granule of a request that something has to be done about. */
  private static long skipDone(Request request) {
    Vma vma = request.vma();
    long at = request.first();
    while (at < request.end()) {
      long entry = vma.table().get(at);
      if (!skips(vma, at, entry, request.goal())) {
        return at;
      }
      at = vma.hasHolds() ? at + 1 : vma.table().runEnd(at, request.end());
    }
    return at;
  }

  private static boolean skips(Vma vma, long granule, long entry, Goal goal) {
    return switch (goal) {
      case Goal.Evict leave ->
          GranuleEntry.poisoned(entry)
              || Plan.of(entry, goal) == null && !GranuleEntry.busy(entry)
              || !leave.patient() && mustWait(vma, granule, goal);
      case Goal.Release() ->
          !GranuleEntry.busy(entry)
              && (GranuleEntry.poisoned(entry) || Plan.of(entry, goal) == null);
      case Goal.ToHost ignored -> isDone(entry, goal);
      case Goal.ToDevice ignored -> isDone(entry, goal);
    };
  }

  static boolean isDone(long entry, Goal goal) {
    return !GranuleEntry.busy(entry)
        && !GranuleEntry.poisoned(entry)
        && Plan.of(entry, goal) == null;
  }

  private static boolean mustWait(Vma vma, long granule, Goal goal) {
    return GranuleEntry.busy(vma.table().get(granule)) || vma.heldAgainst(granule, goal);
  }

  private void refuse(Request request) {
    long entry = request.vma().table().get(request.first());
    if (request.goal() instanceof Goal.ToDevice wish && wish.slot().leaving()) {
      throw new IllegalStateException(
          "the device is being detached: device=" + wish.slot().device().id());
    }
    if (GranuleEntry.poisoned(entry) && !(request.goal() instanceof Goal.Release)) {
      throw new PoisonedMemoryException(
          "the only valid copy of this memory was lost with its device",
          devices.slot(GranuleEntry.owner(entry)) == null
              ? "detached"
              : devices.slot(GranuleEntry.owner(entry)).device().id(),
          GmStatus.FAILURE_UNKNOWN,
          request.vma().run(request.first(), request.first() + 1).address(),
          request.vma().granuleBytes(),
          PageState.DEVICE,
          null);
    }
  }

  /** Gathers the runs from the start of a request that can be worked on together. */
  private static Claim collect(Request request) {
    Vma vma = request.vma();
    Claim claim = new Claim(vma, request.goal(), request.fault());
    long last = vma.table().get(request.end() - 1);
    long at = request.first();
    while (at < request.reach()) {
      long entry = vma.table().get(at);
      Plan plan = GranuleEntry.busy(entry) ? null : Plan.of(entry, request.goal());
      boolean joins = at < request.end() || entry == last;
      if (plan == null || GranuleEntry.poisoned(entry) || !joins) {
        break;
      }
      long end = vma.table().runEnd(at, at < request.end() ? request.end() : request.reach());
      long free = freeUntil(vma, at, end, request.goal());
      if (free > at) {
        claim.add(new Step(at, free, entry, plan));
      }
      at = free;
      if (free < end) {
        break;
      }
    }
    return claim;
  }

  /** The first granule of a run that a launch holds against a goal, or the end of the run. */
  private static long freeUntil(Vma vma, long first, long end, Goal goal) {
    if (!vma.hasHolds()) {
      return end;
    }
    long at = first;
    while (at < end && !vma.heldAgainst(at, goal)) {
      at++;
    }
    return at;
  }

  private static boolean reserve(Claim claim) {
    if (!(claim.goal() instanceof Goal.ToDevice wish)) {
      return true;
    }
    long wanted = claim.roomBytes();
    if (wanted == 0) {
      return true;
    }
    long granted = wish.slot().reserve(claim.vma().granuleBytes(), wanted);
    if (granted < wanted) {
      claim.shrinkTo(granted);
    }
    if (claim.steps().isEmpty()) {
      wish.slot().giveBack(granted);
      return false;
    }
    return true;
  }

  private void mark(Claim claim) {
    Vma vma = claim.vma();
    platform.enterClaim();
    for (Step step : claim.steps()) {
      long revoked = step.before();
      if (step.plan().revokeWrite()) {
        revoked = GranuleEntry.revoked(revoked, step.plan().revokeRead());
      }
      if (revoked != step.before()) {
        claim.needsHandshake();
      }
      vma.table().set(step.first(), step.end(), GranuleEntry.claimed(revoked));
    }
    if (claim.handshake()) {
      vma.revocations++;
    }
    for (int rest = claim.devices(); rest != 0; rest &= rest - 1) {
      devices.slot(Integer.numberOfTrailingZeros(rest)).begin();
    }
  }

  /** Writes what has become of a claim, and lets go of it. */
  void commit(Claim claim) {
    try {
      settle(claim);
    } finally {
      platform.leaveClaim();
    }
    release(claim);
  }

  private void settle(Claim claim) {
    Vma vma = claim.vma();
    vma.monitor().lock();
    try {
      for (Step step : claim.steps()) {
        vma.settle(step.first(), step.end(), GranuleEntry.restored(step.after()));
        long bytes = vma.bytesOf(step.first(), step.end());
        if (step.copiedOut()) {
          vma.bytesToHost += bytes;
        }
        if (step.copiedIn() && !step.stopped()) {
          vma.bytesToDevices += bytes;
        }
        if (claim.goal() instanceof Goal.Evict leave && !leave.patient() && !step.stopped()) {
          vma.evictedBytes += bytes;
          leave.slot().countEvicted(bytes);
        }
      }
      vma.loosen();
      vma.monitor().signalAll();
    } finally {
      vma.monitor().unlock();
    }
  }

  private void release(Claim claim) {
    Vma vma = claim.vma();
    int target = claim.goal() instanceof Goal.ToDevice wish ? wish.slot().index() : Plan.NONE;
    for (int rest = claim.devices(); rest != 0; rest &= rest - 1) {
      DeviceSlot slot = devices.slot(Integer.numberOfTrailingZeros(rest));
      boolean mapped = slot.index() == target;
      boolean failedToLeave = !mapped && claim.failure() != null;
      slot.end(
          mapped ? new DeviceSlot.Mapped(vma, claim.first(), claim.end()) : null, !failedToLeave);
    }
  }
}
