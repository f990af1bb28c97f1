package dev.gmem.core.space;

import dev.gmem.AddressSpaceExhaustedException;
import dev.gmem.AllocationStatistics;
import dev.gmem.DeviceException;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.FileBackingException;
import dev.gmem.SpaceOptions;
import dev.gmem.core.engine.Answer;
import dev.gmem.core.engine.Backing;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.DeviceTable;
import dev.gmem.core.engine.FaultEngine;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.engine.VmaMap;
import dev.gmem.core.engine.VmaOptions;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.sync.LockRank;
import dev.gmem.core.sync.Monitor;
import dev.gmem.core.sync.Pause;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Makes and frees VMAs: addresses, memory, and the consent of every device.
 *
 * <p><b>Guarantees.</b> An allocation that fails leaves nothing behind. A range is given to a new
 * VMA only after the old one's session is closed and every device has been told.
 */
final class Allocations {
  /** How many places to try when devices refuse one. */
  private static final int PLACES_MAX = 8;

  /** How often to ask a device that says that it is busy, and how long to wait in between. */
  private static final int TRIES_MAX = 1000;

  private static final long RETRY_NANOS = 100_000;

  private final HostPlatform platform;
  private final SpaceOptions options;
  private final DeviceTable devices;
  private final FaultEngine engine;
  private final VmaMap vmas;
  private final Monitor monitor;
  private final long reserved;
  private final FreeAddresses free;
  private long allocatedBytes;
  private int announcing;
  private boolean devicesChange;
  private AllocationStatistics past = new AllocationStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  private long pastPins;

  Allocations(
      HostPlatform platform,
      SpaceOptions options,
      DeviceTable devices,
      FaultEngine engine,
      VmaMap vmas,
      Monitor.Factory monitors) {
    this.platform = platform;
    this.options = options;
    this.devices = devices;
    this.engine = engine;
    this.vmas = vmas;
    this.monitor = monitors.create(LockRank.DIRECTORY);
    this.reserved = platform.reserve(options.reservedBytes(), SpaceOptions.GRANULE_BYTES_MAX);
    this.free = new FreeAddresses(reserved, options.reservedBytes());
  }

  /**
   * Makes a VMA.
   *
   * @param bytes its length, a multiple of the granule
   * @param alignment a power of two, at least the granule
   * @param chosen what has been chosen for it
   * @param backing the file that has its contents, closed with it; null if it is zero
   * @return the VMA, open
   */
  Vma allocate(long bytes, long alignment, VmaOptions chosen, Backing backing) {
    return allocate(bytes, () -> place(bytes, alignment, chosen, backing));
  }

  /**
   * Makes a VMA at a given place.
   *
   * @param range in the reservation, of whole granules
   * @param chosen what has been chosen for it
   * @return the VMA, open
   * @throws AddressSpaceExhaustedException if some of the range is taken
   * @throws DeviceException if a device refuses it
   */
  Vma allocateAt(GmRange range, VmaOptions chosen) {
    return allocate(range.bytes(), () -> placeAt(range, chosen));
  }

  private Vma allocate(long bytes, Supplier<Vma> place) {
    charge(bytes);
    Vma vma = null;
    try {
      beginAnnouncing();
      try {
        vma = place.get();
        return vma;
      } finally {
        endAnnouncing();
      }
    } finally {
      if (vma == null) {
        discharge(bytes);
      }
    }
  }

  /** Finds a place that all devices agree to, and makes a VMA there. */
  private Vma place(long bytes, long alignment, VmaOptions chosen, Backing backing) {
    List<GmRange> taken = new ArrayList<>();
    try {
      while (true) {
        GmRange range = take(bytes, alignment);
        taken.add(range);
        Refusal refusal = announce(range, chosen.granuleBytes());
        if (refusal == null) {
          Vma vma = commit(range, chosen, backing);
          taken.removeLast();
          return vma;
        }
        if (refusal.status() != GmStatus.PAGE_EXIST || taken.size() == PLACES_MAX) {
          throw exception(range, refusal);
        }
      }
    } finally {
      monitor.lock();
      taken.forEach(r -> free.giveBack(r.address(), r.bytes()));
      monitor.unlock();
    }
  }

  private Vma placeAt(GmRange range, VmaOptions chosen) {
    monitor.lock();
    try {
      free.takeAt(range.address(), range.bytes());
    } finally {
      monitor.unlock();
    }
    Vma vma = null;
    try {
      Refusal refusal = announce(range, chosen.granuleBytes());
      if (refusal != null) {
        throw refusal.status() == GmStatus.PAGE_EXIST
            ? exception("a device cannot use these addresses; choose others", range, refusal)
            : exception(range, refusal);
      }
      vma = commit(range, chosen, null);
      return vma;
    } finally {
      if (vma == null) {
        monitor.lock();
        free.giveBack(range.address(), range.bytes());
        monitor.unlock();
      }
    }
  }

  // ---- who knows of what ----

  /** An allocation or a free tells devices: which devices there are does not change meanwhile. */
  private void beginAnnouncing() {
    monitor.lock();
    try {
      while (devicesChange) {
        monitor.await();
      }
      announcing++;
    } finally {
      monitor.unlock();
    }
  }

  private void endAnnouncing() {
    monitor.lock();
    announcing--;
    monitor.signalAll();
    monitor.unlock();
  }

  /** A device comes or goes: which VMAs there are does not change meanwhile. */
  private void beginChange() {
    monitor.lock();
    try {
      while (devicesChange) {
        monitor.await();
      }
      devicesChange = true;
      while (announcing > 0) {
        monitor.await();
      }
    } finally {
      monitor.unlock();
    }
  }

  private void endChange() {
    monitor.lock();
    devicesChange = false;
    monitor.signalAll();
    monitor.unlock();
  }

  private void charge(long bytes) {
    monitor.lock();
    try {
      if (bytes > options.hostBytesMax() - allocatedBytes) {
        throw new AddressSpaceExhaustedException(
            "the limit on host memory is reached; free memory, or open the space with a higher"
                + " hostBytesMax: bytes="
                + bytes
                + " allocatedBytes="
                + allocatedBytes
                + " hostBytesMax="
                + options.hostBytesMax());
      }
      allocatedBytes += bytes;
    } finally {
      monitor.unlock();
    }
  }

  private GmRange take(long bytes, long alignment) {
    monitor.lock();
    try {
      return new GmRange(free.take(bytes, alignment), bytes);
    } finally {
      monitor.unlock();
    }
  }

  /**
   * Takes note that parts of a VMA have been given back.
   *
   * @param vma the VMA
   */
  void uncharge(Vma vma) {
    discharge(vma.uncharge(false));
  }

  private void discharge(long bytes) {
    monitor.lock();
    allocatedBytes -= bytes;
    monitor.unlock();
  }

  /** Why a device does not take an allocation, or does not let go of one. */
  private record Refusal(DeviceSlot slot, Answer answer, Refusal next) {
    Refusal(DeviceSlot slot, Answer answer) {
      this(slot, answer, null);
    }

    /** The same, after which another device has not forgotten what it had agreed to. */
    Refusal with(Refusal other) {
      return new Refusal(slot, answer, other);
    }

    GmStatus status() {
      return answer.status();
    }

    Throwable cause() {
      return answer.cause();
    }
  }

  /** Asks every device; on refusal takes back what the others agreed to. Null if all agree. */
  private Refusal announce(GmRange range, int granuleBytes) {
    List<DeviceSlot> told = new ArrayList<>();
    for (DeviceSlot slot : devices.all()) {
      Refusal refusal = announce(range, granuleBytes, slot);
      if (refusal != null) {
        return refusal.with(renounce(range, told));
      }
      told.add(slot);
    }
    return null;
  }

  /** A device that is lost has no objections. */
  private Refusal announce(GmRange range, int granuleBytes, DeviceSlot slot) {
    Answer answer = engine.ask(slot, () -> slot.device().mmu().peerVaAlloc(range, granuleBytes));
    for (int tries = 1; answer.status() == GmStatus.MIGRATING && tries < TRIES_MAX; tries++) {
      Pause.nanos(RETRY_NANOS);
      answer = engine.ask(slot, () -> slot.device().mmu().peerVaAlloc(range, granuleBytes));
    }
    return answer.isSuccess() || slot.isLost() ? null : new Refusal(slot, answer);
  }

  /** Tells devices to forget a range; returns the first that throws, or null. */
  private Refusal renounce(GmRange range, List<DeviceSlot> told) {
    Refusal failure = null;
    for (DeviceSlot slot : told) {
      Answer answer = engine.ask(slot, () -> slot.device().mmu().peerVaFree(range));
      boolean lost = answer.status() == GmStatus.DEVICE_LOST; // then it has forgotten everything
      if (answer.cause() != null && failure == null && !lost) {
        failure = new Refusal(slot, answer);
      }
    }
    return failure;
  }

  private static DeviceException exception(GmRange range, Refusal refusal) {
    return switch (refusal.status()) {
      case NOMEM -> {
        DeviceException full =
            new DeviceMemoryExhaustedException(
                "a device cannot take an allocation of this size",
                refusal.slot().device().id(),
                refusal.status(),
                range.address(),
                range.bytes(),
                null,
                refusal.cause());
        yield withNext(full, range, refusal);
      }
      case PAGE_EXIST ->
          exception("the devices agree on no place for an allocation", range, refusal);
      default -> exception("a device failed to reserve addresses", range, refusal);
    };
  }

  private static DeviceException exception(String message, GmRange range, Refusal refusal) {
    DeviceException exception =
        new DeviceException(
            message,
            refusal.slot().device().id(),
            refusal.status(),
            range.address(),
            range.bytes(),
            null,
            refusal.cause());
    return withNext(exception, range, refusal);
  }

  private static DeviceException withNext(
      DeviceException exception, GmRange range, Refusal refusal) {
    if (refusal.next() != null) {
      exception.addSuppressed(forgotten(range, refusal.next()));
    }
    return exception;
  }

  /** Makes a VMA of a range that every device has been told of. */
  private Vma commit(GmRange range, VmaOptions chosen, Backing backing) {
    List<DeviceSlot> told = devices.all();
    boolean committed = false;
    boolean entered = false;
    try {
      platform.commit(range.address(), range.bytes());
      committed = true;
      Vma vma = vmas.enter(range, chosen, engine, told, backing);
      entered = true;
      return vma;
    } finally {
      if (!entered) {
        renounce(range, told);
        if (committed) {
          platform.decommit(range.address(), range.bytes());
        }
      }
    }
  }

  /**
   * Enters a device, and tells it of everything that exists.
   *
   * @param slot the device
   */
  void admit(DeviceSlot slot) {
    beginChange();
    try {
      devices.enter(slot);
      for (Vma vma : vmas.all()) {
        Refusal refusal = announce(vma.range(), vma.granuleBytes(), slot);
        if (refusal != null) {
          forget(slot);
          throw exception(vma.range(), refusal);
        }
        vma.announce(slot);
      }
      slot.fate().check(); // it is in the table, and stays there
    } finally {
      endChange();
    }
  }

  /**
   * Removes a device that holds nothing.
   *
   * @param slot the device
   * @throws DeviceException if the device threw something; it is removed all the same
   */
  void dismiss(DeviceSlot slot) {
    beginChange();
    DeviceException failure;
    try {
      failure = forget(slot);
    } finally {
      endChange();
    }
    if (failure != null) {
      throw failure;
    }
  }

  private DeviceException forget(DeviceSlot slot) {
    DeviceException failure = null;
    devices.remove(slot);
    for (Vma vma : vmas.all()) {
      if (vma.renounce(slot)) {
        DeviceException next = forgotten(vma.range(), renounce(vma.range(), List.of(slot)));
        failure = failure == null ? next : failure;
      }
    }
    return failure;
  }

  private static DeviceException forgotten(GmRange range, Refusal refusal) {
    return refusal == null
        ? null
        : exception("a device failed to give addresses back", range, refusal);
  }

  /**
   * Frees a VMA. If a device does not let go of some of it, its addresses are not used again.
   *
   * @param vma closing, used by no launch
   */
  void free(Vma vma) {
    RuntimeException failure = null;
    try {
      engine.finishClose(vma);
    } catch (RuntimeException e) {
      failure = e;
    }
    List<DeviceSlot> told = new ArrayList<>();
    boolean held = false;
    beginAnnouncing();
    try {
      for (DeviceSlot slot : devices.all()) {
        slot.forget(vma);
        if (slot.isLost()) {
          vma.renounce(slot);
        } else if (vma.isOn(slot)) {
          held = true;
        } else if (vma.renounce(slot)) {
          told.add(slot);
        }
      }
      RuntimeException thrown = forgotten(vma.range(), renounce(vma.range(), told));
      failure = failure == null ? thrown : failure;
      vmas.remove(vma);
    } finally {
      endAnnouncing();
    }
    platform.decommit(vma.address(), vma.bytes());
    settle(vma, !held);
    if (vma.backing() != null) {
      try {
        vma.backing().close();
      } catch (FileBackingException e) {
        failure = failure == null ? e : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void settle(Vma vma, boolean reusable) {
    AllocationStatistics last = vma.statistics();
    long pins = vma.upkeep().pins();
    long charged = vma.uncharge(true);
    monitor.lock();
    if (reusable) {
      free.giveBack(vma.address(), vma.bytes());
    }
    allocatedBytes -= charged;
    past = sum(past, last);
    pastPins += pins;
    monitor.unlock();
  }

  /** What has been counted for VMAs that are gone. */
  record Past(AllocationStatistics statistics, long pins, long allocatedBytes) {}

  Past past() {
    monitor.lock();
    try {
      return new Past(past, pastPins, allocatedBytes);
    } finally {
      monitor.unlock();
    }
  }

  boolean reserves(long address, long bytes) {
    return address >= reserved
        && bytes <= options.reservedBytes()
        && address - reserved <= options.reservedBytes() - bytes;
  }

  /** The first address of the reservation. */
  long reservedAddress() {
    return reserved;
  }

  void close() {
    platform.unreserve(reserved, options.reservedBytes());
  }

  static AllocationStatistics sum(AllocationStatistics a, AllocationStatistics b) {
    return new AllocationStatistics(
        a.hostReadFaults() + b.hostReadFaults(),
        a.hostWriteFaults() + b.hostWriteFaults(),
        a.deviceFaults() + b.deviceFaults(),
        a.bytesToDevices() + b.bytesToDevices(),
        a.bytesToHost() + b.bytesToHost(),
        a.revocations() + b.revocations(),
        a.evictions() + b.evictions(),
        a.prefetched() + b.prefetched(),
        a.bounces() + b.bounces(),
        a.rests() + b.rests());
  }
}
