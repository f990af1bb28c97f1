package dev.gmem.core.engine;

import dev.gmem.PageState;
import dev.gmem.Residency.Extent;
import dev.gmem.core.engine.Claim.Step;
import dev.gmem.core.host.GateLevel;
import dev.gmem.core.host.HostFaults;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.spi.GmAttachMode;
import dev.gmem.spi.GmRange;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Serves faults: claims granules, has the {@link Migrator} move them, commits. One per space.
 *
 * <p><b>Guarantees.</b> At any time at most one claim covers a granule. No call to a device and no
 * handshake happens under a monitor. A method that waits holds no claim. What fails leaves the
 * valid copy, and its state, as they were.
 *
 * <p><b>Threads.</b> Any, virtual ones included. All methods may block.
 */
public final class FaultEngine {
  private final HostPlatform platform;
  private final DeviceTable devices;
  private final Claims claims;
  private final Migrator migrator;
  private final Evictor evictor;
  private final long pinTimeoutNanos;

  /**
   * Makes one.
   *
   * @param platform the host
   * @param devices the devices of the space
   * @param pinTimeoutNanos how long to wait for pins
   */
  public FaultEngine(HostPlatform platform, DeviceTable devices, long pinTimeoutNanos) {
    this.platform = platform;
    this.devices = devices;
    this.claims = new Claims(platform, devices);
    this.migrator = new Migrator(platform, devices);
    this.evictor = new Evictor(this);
    this.pinTimeoutNanos = pinTimeoutNanos;
  }

  /**
   * Returns what serves the CPU's accesses to a VMA.
   *
   * @param vma the VMA
   * @return its handler
   */
  public HostFaults faultsOf(Vma vma) {
    return new HostFaults() {
      @Override
      public boolean admits(long address, long bytes, boolean write) {
        long first = Math.max(address, vma.address());
        long end = Math.min(address + bytes, vma.address() + vma.bytes());
        return first >= end || vma.admits(first, end - first, write);
      }

      @Override
      public void fault(long address, long bytes, boolean write) {
        long first = Math.max(address, vma.address());
        long end = Math.min(address + bytes, vma.address() + vma.bytes());
        if (first < end) {
          hostFault(vma, first, end - first, write);
        }
      }

      @Override
      public void pin() {
        FaultEngine.this.pin(vma);
      }
    };
  }

  private void hostFault(Vma vma, long address, long bytes, boolean write) {
    long first = vma.granuleOf(address);
    long end = vma.granuleEnd(address, bytes);
    drive(new Request(vma, first, end, new Goal.ToHost(write), true));
  }

  /**
   * Serves a device's fault.
   *
   * @param slot the device
   * @param vma the VMA that the address lies in
   * @param address first byte needed
   * @param bytes how many; all within the VMA
   * @param write whether it writes
   * @throws IllegalStateException if the VMA is closed
   */
  public void deviceFault(DeviceSlot slot, Vma vma, long address, long bytes, boolean write) {
    Goal goal = toDevice(slot, write, false, Goal.NO_LAUNCH);
    drive(new Request(vma, vma.granuleOf(address), vma.granuleEnd(address, bytes), goal, true));
  }

  /**
   * Brings a range to a device without a fault.
   *
   * @param slot the device
   * @param vma the VMA
   * @param first first granule
   * @param end granule after the last
   * @param writes whether the device will write
   * @throws IllegalStateException if the VMA is closed
   */
  public void prefetch(DeviceSlot slot, Vma vma, long first, long end, boolean writes) {
    drive(new Request(vma, first, end, toDevice(slot, writes, false, Goal.NO_LAUNCH), false));
  }

  /**
   * Brings a range to the host without a fault.
   *
   * @param vma the VMA
   * @param first first granule
   * @param end granule after the last
   */
  public void prefetchToHost(Vma vma, long first, long end) {
    drive(new Request(vma, first, end, new Goal.ToHost(false), false));
  }

  /**
   * Brings the range of a hold to the device of a launch.
   *
   * @param slot the device
   * @param hold the hold, in force
   * @param launch number of the launch
   * @param overwriteFrom first granule whose contents do not matter
   * @param overwriteEnd granule after the last of these; empty if not after the first
   */
  public void moveHeld(
      DeviceSlot slot, Hold hold, long launch, long overwriteFrom, long overwriteEnd) {
    Vma vma = hold.vma();
    vma.monitor().lock();
    hold.activate();
    vma.monitor().unlock();
    long from = Math.max(overwriteFrom, hold.first());
    long to = Math.max(from, Math.min(overwriteEnd, hold.end()));
    Goal keep = new Goal.ToDevice(slot, hold.own(), false, launch);
    Goal overwrite = new Goal.ToDevice(slot, hold.own(), true, launch);
    if (from == to) {
      drive(new Request(vma, hold.first(), hold.end(), keep, true));
      return;
    }
    drive(new Request(vma, hold.first(), from, keep, true));
    drive(new Request(vma, from, to, overwrite, true));
    drive(new Request(vma, to, hold.end(), keep, true));
  }

  private static Goal toDevice(DeviceSlot slot, boolean writes, boolean overwrite, long launch) {
    if (slot.mode() == GmAttachMode.SHARE) {
      return new Goal.ToHost(writes);
    }
    return new Goal.ToDevice(slot, slot.owns(writes), overwrite, launch);
  }

  private void drive(Request request) {
    Attempts attempts = new Attempts(pinTimeoutNanos);
    while (request.first() < request.end()) {
      DeviceSlot target = request.goal() instanceof Goal.ToDevice wish ? wish.slot() : null;
      long since = target == null ? 0 : target.changes();
      Claim claim = claims.take(request, attempts);
      if (claim == null) {
        return;
      }
      if (claim == Claim.NEEDS_ROOM) {
        attempts.makeRoom(evictor, target, since, request.vma(), request.first(), request.end());
        continue;
      }
      work(claim);
      if (claim.failure() == null) {
        request.done(claim);
      } else {
        attempts.recover(claim, evictor);
      }
    }
  }

  /**
   * Calls a device outside of any claim. A virtual thread may block in the call, but not unmount
   * with what the device may have locked.
   *
   * @param call the call
   * @param <T> what it returns
   * @return what it returns
   */
  public <T> T callDevice(Supplier<T> call) {
    platform.enterClaim();
    try {
      return call.get();
    } finally {
      platform.leaveClaim();
    }
  }

  /** Does the work of a claim, and lets go of it whatever happens. */
  private void work(Claim claim) {
    try {
      migrator.execute(claim);
    } finally {
      claims.commit(claim);
    }
  }

  /** Evicts what can be had of a range without waiting; returns how many bytes that was. */
  long evict(DeviceSlot slot, Vma vma, long first, long end) {
    Request request = new Request(vma, first, end, new Goal.Evict(slot, false), false);
    Attempts attempts = new Attempts(pinTimeoutNanos);
    long freed = 0;
    while (request.first() < request.end()) {
      Claim claim = claims.take(request, attempts);
      if (claim == null) {
        break;
      }
      work(claim);
      for (Step step : claim.steps()) {
        freed += step.stopped() ? 0 : vma.bytesOf(step.first(), step.end());
      }
      request.done(claim);
    }
    return freed;
  }

  /**
   * Brings home all that a device holds of a VMA. Waits for claims and launches.
   *
   * @param slot the device, leaving
   * @param vma the VMA
   * @throws dev.gmem.DeviceException if the device does not give it back
   */
  public void bringHome(DeviceSlot slot, Vma vma) {
    drive(new Request(vma, 0, vma.granules(), new Goal.Evict(slot, true), false));
  }

  /**
   * Tells where a range lives.
   *
   * @param vma the VMA
   * @param from first address
   * @param to address after the last
   * @return its extents, clipped
   */
  public List<Extent> extents(Vma vma, long from, long to) {
    List<Extent> extents = new ArrayList<>();
    vma.monitor().lock();
    try {
      vma.table()
          .forEachRun(
              vma.granuleOf(from),
              vma.granuleEnd(from, to - from),
              (first, end, entry) -> {
                GmRange run = vma.run(first, end);
                long start = Math.max(from, run.address());
                extents.add(
                    new Extent(
                        start,
                        Math.min(to, run.end()) - start,
                        GranuleEntry.state(entry),
                        idsOf(GranuleEntry.devices(entry)),
                        GranuleEntry.busy(entry) || vma.heldAgainst(first, new Goal.Release()),
                        GranuleEntry.poisoned(entry)));
              });
    } finally {
      vma.monitor().unlock();
    }
    return extents;
  }

  private Set<String> idsOf(int mask) {
    Set<String> ids = new HashSet<>();
    for (int rest = mask; rest != 0; rest &= rest - 1) {
      DeviceSlot slot = devices.slot(Integer.numberOfTrailingZeros(rest));
      if (slot != null) {
        ids.add(slot.device().id());
      }
    }
    return ids;
  }

  // ---- pins, holds, release ----

  private void pin(Vma vma) {
    Goal goal = new Goal.ToHost(true);
    while (true) {
      vma.monitor().lock();
      try {
        while (!vma.isClosed() && (vma.isClosing() || vma.hasHolds())) {
          vma.monitor().await();
        }
        if (vma.isClosed() || vma.openPinned()) {
          return;
        }
      } finally {
        vma.monitor().unlock();
      }
      drive(new Request(vma, 0, vma.granules(), goal, false));
    }
  }

  /** What became of a try to put a hold in force. */
  public enum Held {
    /** It is in force. */
    YES,
    /** It is in force, and {@link Vma#region()} must be quiesced before anything moves. */
    YES_QUIESCE,
    /** It is not: the VMA is pinned. */
    PINNED
  }

  /**
   * Puts a hold in force: from now on the CPU faults on its range, and waits.
   *
   * @param hold the hold
   * @return what became of it
   * @throws IllegalStateException if the VMA is closed
   */
  public Held hold(Hold hold) {
    Vma vma = hold.vma();
    vma.monitor().lock();
    try {
      while (vma.isReleasing() && !vma.isClosed()) {
        vma.monitor().await();
      }
      if (vma.isClosed()) {
        throw new IllegalStateException("Already closed");
      }
      boolean[] revokes = {false};
      vma.table()
          .forEachRun(
              hold.first(),
              hold.end(),
              (first, end, entry) ->
                  revokes[0] |= GranuleEntry.revoked(entry, hold.own()) != entry);
      if (revokes[0] && vma.tighten(hold.own() ? GateLevel.ALL : GateLevel.WRITES) != 0) {
        return Held.PINNED;
      }
      vma.addHold(hold);
      vma.table()
          .update(hold.first(), hold.end(), entry -> GranuleEntry.revoked(entry, hold.own()));
      if (revokes[0]) {
        vma.revocations++;
      }
      return revokes[0] ? Held.YES_QUIESCE : Held.YES;
    } finally {
      vma.monitor().unlock();
    }
  }

  /**
   * Tells whether the range of a hold is where it has to be. Costs the same for any size if all of
   * the VMA is on the device.
   *
   * @param hold a hold in force
   * @param slot its device
   * @return true if nothing has to move
   */
  public boolean isInPlace(Hold hold, DeviceSlot slot) {
    Vma vma = hold.vma();
    Goal goal = new Goal.ToDevice(slot, hold.own(), false, Goal.NO_LAUNCH);
    vma.monitor().lock();
    try {
      long owned = vma.counts().inState(PageState.DEVICE);
      if (vma.counts().busy() == 0 && vma.counts().onDevice(slot.index()) == vma.granules()) {
        if (owned == vma.granules() || !hold.own() && owned == 0) {
          return activated(hold);
        }
      }
      for (long at = hold.first(); at < hold.end(); at = vma.table().runEnd(at, hold.end())) {
        if (!Claims.isDone(vma.table().get(at), goal)) {
          return false;
        }
      }
      return activated(hold);
    } finally {
      vma.monitor().unlock();
    }
  }

  private static boolean activated(Hold hold) {
    hold.activate();
    return true;
  }

  /**
   * Lifts a hold and wakes who waits for it.
   *
   * @param hold a hold in force
   */
  public void lift(Hold hold) {
    Vma vma = hold.vma();
    vma.monitor().lock();
    try {
      vma.lift(hold);
      vma.loosen();
      vma.monitor().signalAll();
    } finally {
      vma.monitor().unlock();
    }
  }

  /**
   * Waits until a VMA is not pinned, or it is no use waiting.
   *
   * @param vma the VMA
   * @throws dev.gmem.PinnedMemoryException if it takes too long
   */
  public void awaitUnpinned(Vma vma) {
    Attempts attempts = new Attempts(pinTimeoutNanos);
    vma.monitor().lock();
    try {
      while (!vma.isClosed()) {
        int pins = vma.tighten(GateLevel.WRITES);
        if (pins == 0) {
          vma.loosen();
          return;
        }
        attempts.awaitPins(vma, pins);
      }
    } finally {
      vma.monitor().unlock();
    }
  }

  /**
   * Begins to close a VMA: from now on nobody can pin it.
   *
   * @param vma the VMA
   * @return 0, or the number of pins that prevent it
   */
  public int beginClose(Vma vma) {
    vma.monitor().lock();
    try {
      int pins = vma.tighten(GateLevel.ALL);
      if (pins == 0) {
        vma.closing(true);
      }
      return pins;
    } finally {
      vma.monitor().unlock();
    }
  }

  /**
   * Calls a close off.
   *
   * @param vma a closing VMA
   */
  public void abortClose(Vma vma) {
    vma.monitor().lock();
    try {
      vma.closing(false);
      vma.loosen();
      vma.monitor().signalAll();
    } finally {
      vma.monitor().unlock();
    }
  }

  /**
   * Ends a close: takes the VMA off the devices, then closes its memory. Launches that use it have
   * ended.
   *
   * @param vma a closing VMA
   * @throws dev.gmem.DeviceException if a device would not let go; the memory is closed all the
   *     same
   */
  public void finishClose(Vma vma) {
    try {
      vma.monitor().lock();
      vma.releasing();
      vma.monitor().unlock();
      drive(new Request(vma, 0, vma.granules(), new Goal.Release(), false));
    } finally {
      vma.region().close();
      vma.monitor().lock();
      vma.closed();
      vma.monitor().signalAll();
      vma.monitor().unlock();
    }
  }
}
