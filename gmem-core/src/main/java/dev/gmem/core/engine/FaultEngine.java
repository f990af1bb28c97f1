package dev.gmem.core.engine;

import dev.gmem.DeviceException;
import dev.gmem.FileBackingException;
import dev.gmem.PoisonedMemoryException;
import dev.gmem.Residency.Extent;
import dev.gmem.SpaceOptions;
import dev.gmem.core.engine.Claim.Failure;
import dev.gmem.core.host.GateLevel;
import dev.gmem.core.host.HostFaults;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.sync.Monitor;
import dev.gmem.spi.GmAttachMode;
import dev.gmem.spi.GmStatus;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
  private final Reclaimer reclaimer;
  private final Quotas quotas;
  private final Holds holds;
  private final Advising advising;
  private final Copier copier;
  private final Remapper remapper;
  private final Frames frames;
  private final Losses losses;
  private final long pinTimeoutNanos;

  /**
   * Makes one.
   *
   * @param platform the host
   * @param devices the devices of the space
   * @param options of the space
   * @param threads for what is done in the background
   */
  public FaultEngine(
      HostPlatform platform, DeviceTable devices, SpaceOptions options, Monitor.Factory threads) {
    this.platform = platform;
    this.pinTimeoutNanos = TimeUnit.MILLISECONDS.toNanos(options.pinTimeoutMillis());
    this.frames = new Frames(platform, devices, options.retainedBytesMax());
    this.devices = devices;
    this.claims = new Claims(platform, devices, frames, options.residencyNanosMin());
    this.migrator = new Migrator(platform, devices, frames);
    this.evictor = new Evictor(this);
    this.reclaimer = new Reclaimer(evictor, threads);
    this.quotas = new Quotas(evictor, pinTimeoutNanos);
    this.holds = new Holds(this, pinTimeoutNanos);
    this.advising = new Advising(this, devices);
    this.copier = new Copier(this, platform, devices, claims, migrator);
    this.remapper = new Remapper(this, platform, devices, claims, migrator, pinTimeoutNanos);
    this.losses = new Losses(threads);
  }

  /**
   * Returns what launches keep for themselves.
   *
   * @return the holds
   */
  public Holds holds() {
    return holds;
  }

  /**
   * Returns what changes quotas.
   *
   * @return the quotas
   */
  public Quotas quotas() {
    return quotas;
  }

  /**
   * Returns what programs have advised.
   *
   * @return the advice
   */
  public Advising advising() {
    return advising;
  }

  /**
   * Returns what gives host frames back.
   *
   * @return the frames
   */
  public Frames frames() {
    return frames;
  }

  /**
   * Returns what copies without moving.
   *
   * @return the copier
   */
  public Copier copier() {
    return copier;
  }

  /**
   * Returns what gives parts back and moves contents.
   *
   * @return the remapper
   */
  public Remapper remapper() {
    return remapper;
  }

  /**
   * Returns what follows when devices are lost.
   *
   * @return the losses
   */
  public Losses losses() {
    return losses;
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
      public long granuleBytes() {
        return vma.granuleBytes();
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
      public void overwrites(long address, long bytes) {
        renew(vma, address, bytes);
      }

      @Override
      public void pin() {
        FaultEngine.this.pin(vma);
      }
    };
  }

  /**
   * Makes zeros of what is lost in a range that is about to be overwritten: whole granules of it.
   */
  private void renew(Vma vma, long address, long bytes) {
    long first = WholeGranules.first(vma, address);
    long end = WholeGranules.end(vma, address, bytes);
    if (first < end) {
      drive(new Request(vma, first, end, new Goal.Renew(), false));
    }
  }

  private void hostFault(Vma vma, long address, long bytes, boolean write) {
    drive(Request.fault(vma, address, bytes, new Goal.ToHost(write)));
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
    drive(Request.fault(vma, address, bytes, toDevice(slot, write)));
  }

  /**
   * Brings a range to a device without a fault.
   *
   * @param slot the device
   * @param vma the VMA
   * @param first first granule
   * @param end granule after the last
   * @param writes whether the device will write
   * @return bytes copied from one node to another
   * @throws IllegalStateException if the VMA is closed
   */
  public long prefetch(DeviceSlot slot, Vma vma, long first, long end, boolean writes) {
    return serve(vma, first, end, toDevice(slot, writes));
  }

  /**
   * Brings a range to the host without a fault.
   *
   * @param vma the VMA
   * @param first first granule
   * @param end granule after the last
   * @return bytes copied from one node to another
   */
  public long prefetchToHost(Vma vma, long first, long end) {
    return serve(vma, first, end, new Goal.Home());
  }

  /** Brings a range to a goal without a fault; returns the bytes copied between nodes. */
  long serve(Vma vma, long first, long end, Goal goal) {
    Request request = new Request(vma, first, end, goal, false);
    drive(request);
    return request.movedBytes();
  }

  /** Brings a part of the range of a hold to where the device of its launch can reach it. */
  void bring(Hold hold, long first, long end, boolean overwrite) {
    if (first < end) {
      drive(new Request(hold.vma(), first, end, hold.goal(overwrite), true));
    }
  }

  /** Takes off the device what a launch that has failed was to overwrite. */
  void discard(Hold hold) {
    Goal goal = new Goal.Discard(hold.slot());
    drive(new Request(hold.vma(), hold.overwriteFirst(), hold.overwriteEnd(), goal, false));
  }

  private static Goal toDevice(DeviceSlot slot, boolean writes) {
    return slot.mode() == GmAttachMode.SHARE
        ? new Goal.InPlace(slot, writes, Goal.NO_LAUNCH)
        : new Goal.ToDevice(slot, slot.owns(writes), false, Goal.NO_LAUNCH, mayWrite(slot, writes));
  }

  /**
   * Tells whether a device may write what it is given, before anybody hears of it again. One that
   * owns what it reads may, if its kernels run without holds.
   */
  private static boolean mayWrite(DeviceSlot slot, boolean writes) {
    return writes || slot.owns(false) && !slot.holdsArguments();
  }

  private void drive(Request request) {
    Attempts attempts = new Attempts(pinTimeoutNanos);
    while (request.first() < request.end()) {
      Claim claim = take(request, attempts);
      if (claim == null) {
        return;
      }
      work(claim, request);
      if (claim.failedAlong()) {
        request.alone();
      } else if (claim.failure() != null) {
        attempts.recover(claim, request, evictor);
      }
    }
  }

  /** Claims the next part of a request; waits for what is in the way; null if nothing is left. */
  private Claim take(Request request, Attempts attempts) {
    while (true) {
      Claim claim = claims.take(request);
      if (claim == null || claim.obstacle() == null) {
        attempts.unpinned();
        return claim;
      }
      claims.drop(claim);
      switch (claim.obstacle()) {
        case RESIDENCY -> platform.rest(claim.restNanos());
        case PINS -> attempts.awaitPins(request.vma(), claim.pins());
        case ROOM -> attempts.makeRoom(evictor, request, claim);
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

  /**
   * Asks a device for something outside of any claim.
   *
   * @param slot the device
   * @param call the call
   * @return its answer, whatever it throws
   */
  public Answer ask(DeviceSlot slot, Supplier<GmStatus> call) {
    return callDevice(() -> slot.fate().ask(call));
  }

  /** Does the work of a claim, and lets go of it whatever happens. */
  private void work(Claim claim, Request request) {
    try {
      migrator.execute(claim);
    } finally {
      claims.commit(claim, request);
    }
    if (claim.target() != null) {
      reclaimer.roomTaken(claim.target());
    }
  }

  /** Evicts what can be had of a range without waiting, until enough has been freed. */
  Evictor.Outcome evict(DeviceSlot slot, Vma vma, long first, long end, long wantedBytes) {
    Request request = new Request(vma, first, end, new Goal.Evict(slot, false), false);
    Failure failure = null;
    long freed = 0;
    while (request.first() < end && freed < wantedBytes) {
      request.limit((wantedBytes - freed) / vma.granuleBytes());
      Claim claim = claims.take(request);
      if (claim == null) {
        request.first(end);
        break;
      }
      work(claim, request);
      freed += claim.freedBytes(slot);
      failure = failure == null ? claim.failure() : failure;
      request.first(claim.end());
    }
    vma.monitor().lock();
    boolean remains = vma.holdsAny(first, request.first(), slot.index());
    vma.monitor().unlock();
    return new Evictor.Outcome(freed, request.first(), remains, failure);
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
   * Writes to the file of a VMA what that does not hold yet.
   *
   * @param vma mapped from a file that gets back what is written
   * @param first first granule
   * @param end granule after the last
   * @return bytes that have come home from devices
   * @throws FileBackingException if the file cannot be written: what it has not got is still to be
   *     written
   */
  public long flush(Vma vma, long first, long end) {
    long bytes = serve(vma, first, end, new Goal.Flush());
    vma.backing().sync();
    return bytes;
  }

  /**
   * As {@link #flush}, but what is lost with its device is no failure.
   *
   * @param vma mapped from a file that gets back what is written
   * @param first first granule
   * @param end granule after the last
   * @return bytes that have come home from devices
   * @throws FileBackingException as above
   */
  long flushWhatIsLeft(Vma vma, long first, long end) {
    Request request = new Request(vma, first, end, new Goal.Flush(), false);
    RuntimeException failure = finish(request);
    if (failure != null && !(failure instanceof PoisonedMemoryException)) {
      throw failure;
    }
    vma.backing().sync();
    return request.movedBytes();
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
    return Whereabouts.of(vma, from, to, devices);
  }

  /**
   * Counts the native calls and I/O operations that pin a VMA.
   *
   * @param vma the VMA
   * @return how many
   */
  public int pins(Vma vma) {
    vma.monitor().lock();
    try {
      return vma.isClosed() ? 0 : vma.region().pins();
    } finally {
      vma.monitor().unlock();
    }
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
        if (vma.isClosed()) {
          return;
        }
        Remapper.checkWhole(vma);
        if (vma.openPinned()) {
          return;
        }
      } finally {
        vma.monitor().unlock();
      }
      drive(new Request(vma, 0, vma.granules(), goal, false));
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
   * Ends a close: writes to a file what it has yet to get, takes the VMA off the devices, then
   * closes its memory. Waits for launches that hold some of it; those that wait for it fail.
   *
   * @param vma a closing VMA
   * @throws dev.gmem.DeviceException if a device would not let go of some of it; the rest is closed
   *     all the same
   * @throws FileBackingException if some of it could not be written to its file, which is lost
   */
  public void finishClose(Vma vma) {
    vma.monitor().lock();
    vma.releasing();
    vma.monitor().unlock();
    RuntimeException failure = null;
    try {
      failure = vma.isFlushed() ? null : finish(vma, new Goal.Flush());
      RuntimeException next = finish(vma, new Goal.Release());
      failure = failure == null ? next : failure;
    } finally {
      vma.region().close();
      vma.monitor().lock();
      vma.closed();
      frames.closed(vma);
      vma.monitor().signalAll();
      vma.monitor().unlock();
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Does what can be done before the end; returns the first failure, or null. */
  private RuntimeException finish(Vma vma, Goal goal) {
    return finish(new Request(vma, 0, vma.granules(), goal, false));
  }

  private RuntimeException finish(Request request) {
    Attempts attempts = new Attempts(pinTimeoutNanos);
    RuntimeException first = null;
    while (request.first() < request.end()) {
      Claim claim = null;
      try {
        claim = take(request, attempts);
        if (claim == null) {
          break;
        }
        work(claim, request);
        if (claim.failure() != null) {
          attempts.recover(claim, request, evictor);
        }
      } catch (DeviceException | FileBackingException e) {
        first = first == null ? e : first;
        // Without a claim, the run has been refused.
        request.first(
            claim == null
                ? Claims.runEnd(request.vma(), request.first(), request.end())
                : claim.end());
      }
    }
    return first;
  }
}
