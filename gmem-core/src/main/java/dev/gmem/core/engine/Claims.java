package dev.gmem.core.engine;

import dev.gmem.PageState;
import dev.gmem.PoisonedMemoryException;
import dev.gmem.PrefetchPolicy;
import dev.gmem.core.engine.Claim.Step;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.sync.Monitor;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.util.List;

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
  private final Frames frames;
  private final long residencyNanosMin;
  private final Prefetcher prefetcher = new Prefetcher();

  Claims(HostPlatform platform, DeviceTable devices, Frames frames, long residencyNanosMin) {
    this.residencyNanosMin = residencyNanosMin;
    this.frames = frames;
    this.platform = platform;
    this.devices = devices;
  }

  /**
   * Claims the next part of a request. A claim with an obstacle has not been taken; it goes back to
   * {@link #drop}.
   *
   * @return the claim, or null if there is nothing left to do
   */
  Claim take(Request request) {
    Vma vma = request.vma();
    vma.monitor().lock();
    try {
      while (true) {
        if (vma.isClosed()) {
          return closed(request.goal());
        }
        checkAlive(request);
        if (mustWait(vma, request.goal())) {
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
        long restNanos = restNanos(request);
        if (restNanos > 0) {
          Claim later = new Claim(vma, request.goal());
          later.rests(restNanos);
          return later;
        }
        if (prefetcher.open(request)) {
          askProgram(request);
          continue;
        }
        Claim claim = collect(request);
        if (!reserve(claim)) {
          claim.needsRoom();
          return claim;
        }
        int pins = vma.tighten(claim.gate());
        if (pins == 0) {
          mark(claim);
        } else {
          claim.pinned(pins);
        }
        return claim;
      }
    } finally {
      vma.monitor().unlock();
    }
  }

  /** How long a fault leaves a granule that bounces to who has it; a fault is asked once. */
  private long restNanos(Request request) {
    Vma vma = request.vma();
    int node = request.faultingNode();
    if (vma.bounces == null
        || request.hasRested()
        || node < 0
        || !vma.bounces.mayRest(request.first(), node)) {
      return 0;
    }
    request.rested();
    long nanos = vma.bounces.restNanos(request.first(), node, platform.nanoTime());
    vma.rests += nanos > 0 ? 1 : 0;
    return nanos;
  }

  /** Takes note of a granule that a fault has taken from somebody. */
  private void noteTaken(Claim claim, Request request) {
    int node = request.faultingNode();
    if (node < 0 || residencyNanosMin == 0 || !claim.succeeded()) {
      return;
    }
    Vma vma = claim.vma();
    for (Step step : claim.steps()) {
      if (step.first() <= claim.first() && claim.first() < step.end()) {
        if (step.plan().takesAway()) {
          if (vma.bounces == null) {
            vma.bounces = new Bounces(residencyNanosMin);
          }
          vma.bounced += vma.bounces.taken(claim.first(), node, platform.nanoTime()) ? 1 : 0;
        }
        return;
      }
    }
  }

  /** Who waits for others looks again, and finds out. */
  private static void checkAlive(Request request) {
    DeviceSlot slot =
        switch (request.goal()) {
          case Goal.ToDevice wish -> wish.slot();
          case Goal.InPlace wish -> wish.slot();
          default -> null;
        };
    if (slot != null && slot.isLost()) {
      GmRange run = request.vma().run(request.first(), request.end());
      throw slot.fate().exception(run.address(), run.bytes(), null);
    }
  }

  /** Asks the program's policy without the monitor, which is held before and after. */
  private void askProgram(Request request) {
    Monitor monitor = request.vma().monitor();
    List<PrefetchPolicy.Span> answer = List.of();
    monitor.unlock();
    try {
      answer = prefetcher.ask(request);
    } finally {
      monitor.lock();
    }
    prefetcher.choose(request, answer);
  }

  /** Tells whether a goal has to wait for the whole VMA. */
  private static boolean mustWait(Vma vma, Goal goal) {
    return switch (goal) {
      case Goal.Release() -> vma.hasHolds();
      case Goal.Evict ignored -> false;
      case Goal.Discard ignored -> false;
      case Goal.ToHost ignored -> vma.isReleasing();
      case Goal.Home() -> vma.isReleasing();
      case Goal.Drop() -> vma.isReleasing();
      case Goal.Renew() -> vma.isReleasing();
      case Goal.Stay ignored -> vma.isReleasing();
      case Goal.Unmap() -> vma.isReleasing();
      case Goal.Flush() -> vma.isReleasing() && vma.hasHolds(); // the last one comes then
      case Goal.Leave() -> vma.isReleasing();
      case Goal.Replace() -> vma.isReleasing();
      // A launch whose holds are in force goes on: the release waits for them.
      case Goal.ToDevice wish -> vma.isReleasing() && wish.launch() == Goal.NO_LAUNCH;
      case Goal.InPlace wish -> vma.isReleasing() && wish.launch() == Goal.NO_LAUNCH;
    };
  }

  /** Undoes what was begun for a claim that could not be taken. No monitor is held. */
  void drop(Claim claim) {
    for (DeviceSlot slot : claim.slots()) {
      long reserved = slot == claim.target() ? claim.roomBytes() : 0;
      slot.end(List.of(), reserved, false);
    }
  }

  private static Claim closed(Goal goal) {
    if (goal instanceof Goal.ToDevice
        || goal instanceof Goal.InPlace
        || goal instanceof Goal.Stay
        || goal instanceof Goal.Unmap
        || goal instanceof Goal.Leave
        || goal instanceof Goal.Replace) {
      throw new IllegalStateException("Already closed");
    }
    return null;
  }

  /**
   * The end of a run of equal entries, as it is at one moment: of a table that changes, some that
   * are claimed might be passed over.
   */
  static long runEnd(Vma vma, long first, long limit) {
    vma.monitor().lock();
    try {
      return vma.table().runEnd(first, limit);
    } finally {
      vma.monitor().unlock();
    }
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
      // What is held is left out by an eviction, granule by granule: not so what comes after it.
      long limit =
          request.goal() instanceof Goal.Evict
              ? vma.nextHoldEdge(at, request.end())
              : request.end();
      at = vma.table().runEnd(at, limit);
    }
    return at;
  }

  private static boolean skips(Vma vma, long granule, long entry, Goal goal) {
    return switch (goal) {
      case Goal.Evict leave ->
          GranuleEntry.poisoned(entry) && !(leave.patient() && GranuleEntry.blank(entry))
              || !leave.patient() && PinRules.keeps(entry, leave.slot())
              || Plan.of(entry, goal) == null && !GranuleEntry.busy(entry)
              || !leave.patient() && mustWait(vma, granule, goal);
      case Goal.Release() -> !GranuleEntry.busy(entry) && Plan.of(entry, goal) == null;
      case Goal.Renew() -> !GranuleEntry.busy(entry) && !GranuleEntry.poisoned(entry);
      case Goal.ToHost ignored -> isDone(entry, goal);
      case Goal.Home() -> isDone(entry, goal);
      case Goal.ToDevice ignored -> isDone(entry, goal);
      case Goal.InPlace ignored -> isDone(entry, goal);
      case Goal.Discard ignored -> isDone(entry, goal);
      case Goal.Unmap() -> GranuleEntry.unmapped(entry);
      case Goal.Flush() -> GranuleEntry.unmapped(entry) || isDone(entry, goal);
      case Goal.Drop() -> false;
      case Goal.Replace() -> false;
      case Goal.Leave() -> false;
      case Goal.Stay ignored -> false;
    };
  }

  static boolean isDone(long entry, Goal goal) {
    return !GranuleEntry.busy(entry)
        && !GranuleEntry.unmapped(entry)
        && (!GranuleEntry.poisoned(entry) || Plan.hasLost(entry, goal))
        && Plan.of(entry, goal) == null;
  }

  private static boolean mustWait(Vma vma, long granule, Goal goal) {
    return GranuleEntry.busy(vma.table().get(granule)) || vma.heldAgainst(granule, goal);
  }

  private void refuse(Request request) {
    long entry = request.vma().table().get(request.first());
    if (request.goal() instanceof Goal.ToDevice wish && wish.slot().hasLeft()) {
      throw new IllegalStateException(
          "the device is being detached: device=" + wish.slot().device().id());
    }
    if (GranuleEntry.unmapped(entry)) {
      throw Remapper.unmapped(request.vma(), request.first());
    }
    if (GranuleEntry.poisoned(entry) && Plan.of(entry, request.goal()) == null) {
      throw poisoned(request, devices.slot(GranuleEntry.lostWith(entry)));
    }
    if (PinRules.forbids(entry, request.goal(), devices)) {
      throw PinRules.exception(request, entry, devices);
    }
  }

  private static PoisonedMemoryException poisoned(Request request, DeviceSlot owner) {
    return new PoisonedMemoryException(
        "the only valid copy of this memory was lost with its device; overwrite whole granules of"
            + " it with AddressSpace.copy, MemorySegment.fill or a launch, drop the contents with"
            + " Advice.dontNeed(), after which they are zeros, or give the memory back",
        owner.device().id(),
        GmStatus.DEVICE_LOST,
        request.vma().run(request.first(), request.first() + 1).address(),
        request.vma().granuleBytes(),
        PageState.DEVICE,
        owner.fate().exception(0, 0, null).getCause());
  }

  /** Tells whether a goal has no use for what the range holds. */
  static boolean dropsContents(Goal goal) {
    return goal instanceof Goal.Drop
        || goal instanceof Goal.Unmap
        || goal instanceof Goal.Replace
        || goal instanceof Goal.Renew;
  }

  /** Gathers the runs from the start of a request that can be worked on together. */
  private Claim collect(Request request) {
    Vma vma = request.vma();
    Claim claim = new Claim(vma, request.goal());
    long reach = request.reach();
    long at = request.first();
    while (at < reach) {
      long entry = vma.table().get(at);
      Plan plan = GranuleEntry.busy(entry) ? null : Plan.of(entry, request.goal());
      if (plan == null || PinRules.forbids(entry, request.goal(), devices)) {
        break;
      }
      long end = vma.table().runEnd(at, reach);
      long free = vma.heldFrom(at, end, entry, request.goal());
      if (free > at) {
        claim.add(new Step(at, free, entry, plan));
      }
      at = free;
      if (free < end) {
        break;
      }
    }
    prefetcher.join(request, claim);
    return claim;
  }

  private static boolean reserve(Claim claim) {
    DeviceSlot target = claim.target();
    long wanted = target == null ? 0 : claim.roomBytes();
    if (wanted == 0) {
      return true;
    }
    claim.engage(target);
    long granted = target.reserve(claim.vma().granuleBytes(), wanted);
    if (granted < wanted) {
      claim.shrinkTo(granted);
    }
    return !claim.isEmpty();
  }

  /** Tells whether an access of the CPU that is still under way would be lost by the claim. */
  private static boolean reliesOnQuiet(Claim claim) {
    return claim.target() != null
        || claim.goal() instanceof Goal.Leave
        || dropsContents(claim.goal());
  }

  private void mark(Claim claim) {
    Vma vma = claim.vma();
    platform.enterClaim();
    claim.merge();
    boolean exposed = false;
    for (Step step : claim.steps()) {
      long revoked = step.before();
      if (step.plan().revokeWrite()) {
        revoked = GranuleEntry.revoked(revoked, step.plan().revokeRead());
      }
      if (revoked != step.before()) {
        claim.needsHandshake();
      }
      exposed |= vma.isExposed(step.first(), step.end());
      vma.table().set(step.first(), step.end(), GranuleEntry.claimed(revoked));
    }
    if (claim.handshake()) {
      vma.revocations++;
    }
    if (exposed && reliesOnQuiet(claim)) {
      vma.tightenForAll();
      claim.needsHandshake();
    }
    if (claim.target() != null) {
      claim.engage(claim.target());
    }
    for (int rest = claim.holders(); rest != 0; rest &= rest - 1) {
      claim.engage(devices.slot(Integer.numberOfTrailingZeros(rest)));
    }
  }

  /** Writes what has become of a claim, and lets go of it. */
  void commit(Claim claim, Request request) {
    try {
      noteEvictions(claim);
      settle(claim, request);
    } finally {
      platform.leaveClaim();
    }
    release(claim);
  }

  /** Before anybody can bring it back. */
  private static void noteEvictions(Claim claim) {
    if (claim.goal() instanceof Goal.Evict leave && !leave.patient()) {
      for (Step step : claim.steps()) {
        if (step.finished()) {
          leave.slot().evicted(claim.vma(), step.first(), step.end());
        }
      }
    }
  }

  private void settle(Claim claim, Request request) {
    Vma vma = claim.vma();
    vma.monitor().lock();
    try {
      for (Step step : claim.steps()) {
        long bytes = vma.bytesOf(step.first(), step.end());
        long after = GranuleEntry.restored(step.after());
        vma.settle(step.first(), step.end(), Losses.bereaved(devices, after, bytes));
        if (step.copiedOut()) {
          vma.bytesToHost += bytes;
        }
        if (step.finished()) {
          vma.prefetchedBytes += vma.bytesOf(0, step.along());
        }
        if (step.copiedIn() && step.finished()) {
          vma.bytesToDevices += bytes;
        }
        if (step.copiedOut() || step.copiedIn() && step.finished()) {
          request.moved(bytes);
        }
        if (claim.goal() instanceof Goal.Evict leave && !leave.patient() && step.finished()) {
          vma.evictedBytes += bytes;
          leave.slot().countEvicted(bytes);
        }
      }
      frames.settled(vma, claim.awayBytes());
      noteTaken(claim, request);
      if (claim.succeeded()) {
        request.done(claim);
      }
      vma.loosen();
      vma.monitor().signalAll();
    } finally {
      vma.monitor().unlock();
    }
  }

  private static void release(Claim claim) {
    for (DeviceSlot slot : claim.slots()) {
      boolean remains = claim.remainsOn(slot);
      boolean mapped = remains && slot == claim.target();
      slot.end(
          mapped ? claim.pieces() : List.of(),
          claim.freedBytes(slot),
          remains || claim.unmaps(slot));
    }
  }
}
