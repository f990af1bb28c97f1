package dev.gmem.core.space;

import dev.gmem.AddressSpaceExhaustedException;
import dev.gmem.AllocationStatistics;
import dev.gmem.DeviceException;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.SpaceOptions;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.DeviceTable;
import dev.gmem.core.engine.FaultEngine;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.engine.VmaMap;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.sync.LockRank;
import dev.gmem.core.sync.Monitor;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes and frees VMAs: addresses, memory, and the consent of every device.
 *
 * <p><b>Guarantees.</b> An allocation that fails leaves nothing behind. A range is given to a new
 * VMA only after the old one's session is closed and every device has been told.
 */
final class Allocations {
  /** How many places to try when devices refuse one. */
  private static final int PLACES_MAX = 8;

  private final HostPlatform platform;
  private final SpaceOptions options;
  private final DeviceTable devices;
  private final FaultEngine engine;
  private final VmaMap vmas;
  private final Monitor monitor;
  private final long reserved;
  private final FreeAddresses free;
  private long allocatedBytes;
  private AllocationStatistics past = new AllocationStatistics(0, 0, 0, 0, 0, 0, 0);
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
   * @return the VMA, open
   */
  Vma allocate(long bytes, long alignment) {
    List<GmRange> refused = new ArrayList<>();
    charge(bytes);
    boolean done = false;
    try {
      while (true) {
        GmRange range = take(bytes, alignment);
        List<DeviceSlot> told = new ArrayList<>();
        GmStatus status = announce(range, told);
        if (status == GmStatus.SUCCESS) {
          Vma vma = commit(range, told);
          done = true;
          return vma;
        }
        refused.add(range);
        if (status != GmStatus.PAGE_EXIST || refused.size() == PLACES_MAX) {
          throw refusal(range, status);
        }
      }
    } finally {
      monitor.lock();
      refused.forEach(r -> free.giveBack(r.address(), r.bytes()));
      if (!done) {
        allocatedBytes -= bytes;
      }
      monitor.unlock();
    }
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

  /** Asks every device; on refusal takes back what the others agreed to. */
  private GmStatus announce(GmRange range, List<DeviceSlot> told) {
    for (DeviceSlot slot : devices.all()) {
      GmStatus status = announce(range, slot);
      if (status != GmStatus.SUCCESS) {
        told.forEach(s -> s.device().mmu().peerVaFree(range));
        told.clear();
        return status;
      }
      told.add(slot);
    }
    return GmStatus.SUCCESS;
  }

  private static GmStatus announce(GmRange range, DeviceSlot slot) {
    try {
      return slot.device().mmu().peerVaAlloc(range);
    } catch (RuntimeException e) {
      throw new DeviceException(
          "the device failed to reserve addresses",
          slot.device().id(),
          GmStatus.FAILURE_UNKNOWN,
          range.address(),
          range.bytes(),
          null,
          e);
    }
  }

  private RuntimeException refusal(GmRange range, GmStatus status) {
    String ids = devices.all().stream().map(s -> s.device().id()).toList().toString();
    return status == GmStatus.NOMEM
        ? new DeviceMemoryExhaustedException(
            "a device cannot take an allocation of this size",
            ids,
            status,
            range.address(),
            range.bytes(),
            null,
            null)
        : new DeviceException(
            "the devices agree on no place for an allocation",
            ids,
            status,
            range.address(),
            range.bytes(),
            null,
            null);
  }

  private Vma commit(GmRange range, List<DeviceSlot> told) {
    boolean committed = false;
    try {
      platform.commit(range.address(), range.bytes());
      committed = true;
    } finally {
      if (!committed) {
        told.forEach(s -> s.device().mmu().peerVaFree(range));
        monitor.lock();
        free.giveBack(range.address(), range.bytes());
        monitor.unlock();
      }
    }
    Vma vma = vmas.enter(range, engine);
    told.forEach(s -> vma.announce(s.index()));
    announceToNewcomers(vma);
    return vma;
  }

  /** A device that was attached meanwhile has been told by {@link #admit}, or is told here. */
  private void announceToNewcomers(Vma vma) {
    for (DeviceSlot slot : devices.all()) {
      if (vma.announce(slot.index())) {
        GmStatus status = announce(vma.range(), slot);
        if (status != GmStatus.SUCCESS) {
          vma.renounce(slot.index());
          engine.beginClose(vma);
          free(vma);
          throw refusal(vma.range(), status);
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
    devices.enter(slot);
    for (Vma vma : vmas.all()) {
      if (!vma.announce(slot.index())) {
        continue;
      }
      GmStatus status = announce(vma.range(), slot);
      if (status != GmStatus.SUCCESS) {
        vma.renounce(slot.index());
        dismiss(slot);
        throw new DeviceException(
            "the device cannot take an allocation that exists already",
            slot.device().id(),
            status,
            vma.address(),
            vma.bytes(),
            null,
            null);
      }
    }
  }

  /**
   * Removes a device that holds nothing.
   *
   * @param slot the device
   */
  void dismiss(DeviceSlot slot) {
    devices.remove(slot);
    for (Vma vma : vmas.all()) {
      if (vma.renounce(slot.index())) {
        slot.device().mmu().peerVaFree(vma.range());
      }
    }
  }

  /**
   * Frees a VMA.
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
    vmas.remove(vma);
    for (DeviceSlot slot : devices.all()) {
      slot.forget(vma);
      try {
        if (vma.renounce(slot.index())) {
          slot.device().mmu().peerVaFree(vma.range());
        }
      } catch (RuntimeException e) {
        failure = failure == null ? e : failure;
      }
    }
    platform.decommit(vma.address(), vma.bytes());
    AllocationStatistics last = vma.statistics();
    long[] pins = vma.pinsAndTableBytes();
    monitor.lock();
    free.giveBack(vma.address(), vma.bytes());
    allocatedBytes -= vma.bytes();
    past = sum(past, last);
    pastPins += pins[0];
    monitor.unlock();
    if (failure != null) {
      throw failure;
    }
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
        a.evictions() + b.evictions());
  }
}
