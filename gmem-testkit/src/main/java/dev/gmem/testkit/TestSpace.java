package dev.gmem.testkit;

import dev.gmem.Access;
import dev.gmem.DeviceException;
import dev.gmem.IllegalDeviceAccessException;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmFaultHandler;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmMove;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The least that a device can be attached to: host memory, a record of what is mapped, and a fault
 * handler that maps one granule at a time. It stands for the core in the contract, and makes none
 * of the core's decisions.
 *
 * <p>Unified addresses are the addresses of the host frames, as in the core. There is one device,
 * so nothing is ever invalidated; while a granule is mapped writable, its host frame is stale.
 *
 * <p>Threads: any; as the core does, callers must not have two operations under way on overlapping
 * ranges. Faults are served one at a time.
 */
public final class TestSpace implements GmFaultHandler, AutoCloseable {
  /**
   * A fault that was served.
   *
   * @param address first byte needed
   * @param bytes how many
   * @param access what for
   */
  public record Fault(long address, long bytes, Access access) {}

  /** What kernels may do with a granule, and whether they may have written it by now. */
  private record Mapping(boolean writable, boolean owned) {}

  /** Host frames, and the units in which they are moved. */
  private record Allocation(MemorySegment frames, int granuleBytes) {}

  private final GmDevice device;
  private final int granuleBytes;
  private final Arena arena = Arena.ofShared();
  private final ConcurrentSkipListMap<Long, Allocation> allocations = new ConcurrentSkipListMap<>();

  /** Mapped granules by address. */
  private final ConcurrentSkipListMap<Long, Mapping> mapped = new ConcurrentSkipListMap<>();

  private final List<Fault> faults = new CopyOnWriteArrayList<>();
  private final List<GmDevice> losses = new CopyOnWriteArrayList<>();
  private volatile Access faultMapping = Access.READ_WRITE;
  private final boolean closesDevice;
  private boolean closed;

  private TestSpace(GmDevice device, int granuleBytes, boolean closesDevice) {
    this.device = device;
    this.granuleBytes = granuleBytes;
    this.closesDevice = closesDevice;
  }

  /**
   * Attaches a device to a new space.
   *
   * @param device not attached; belongs to the space from now on
   * @param granuleBytes granule of the space
   * @return the space
   */
  public static TestSpace attach(GmDevice device, int granuleBytes) {
    return attach(new TestSpace(device, granuleBytes, true));
  }

  /**
   * Attaches a device to a new space that leaves it open.
   *
   * @param device not attached
   * @param granuleBytes granule of the space
   * @return the space
   */
  public static TestSpace attachUnowned(GmDevice device, int granuleBytes) {
    return attach(new TestSpace(device, granuleBytes, false));
  }

  private static TestSpace attach(TestSpace space) {
    space.device.attach(new GmAttachment(space.granuleBytes, 1, space));
    return space;
  }

  /**
   * Returns the device.
   *
   * @return the one that was attached
   */
  public GmDevice device() {
    return device;
  }

  /**
   * Returns the granule.
   *
   * @return bytes
   */
  public int granuleBytes() {
    return granuleBytes;
  }

  /**
   * Allocates host frames and tells the device.
   *
   * @param granules how many
   * @return the allocation, filled with zeros, nothing of it mapped
   */
  public GmRange allocate(long granules) {
    return allocate(granules, granuleBytes);
  }

  /**
   * Allocates host frames that are moved in larger units, and tells the device.
   *
   * @param granules how many of these units
   * @param unitBytes a power of two, at least the granule
   * @return the allocation, filled with zeros, nothing of it mapped
   */
  public GmRange allocate(long granules, int unitBytes) {
    MemorySegment frames = arena.allocate(granules * unitBytes, unitBytes);
    GmRange range = new GmRange(frames.address(), frames.byteSize());
    GmStatus status = device.mmu().peerVaAlloc(range, unitBytes);
    if (status != GmStatus.SUCCESS) {
      throw new IllegalStateException("peerVaAlloc: status=" + status + " range=" + range);
    }
    allocations.put(range.address(), new Allocation(frames, unitBytes));
    return range;
  }

  /**
   * Tells the device of an allocation of another space, whose host frames the two share.
   *
   * @param range the whole allocation
   * @param other the space it belongs to; closed after this one
   */
  public void adopt(GmRange range, TestSpace other) {
    Allocation shared = other.allocation(range.address());
    GmStatus status = device.mmu().peerVaAlloc(range, shared.granuleBytes());
    if (status != GmStatus.SUCCESS) {
      throw new IllegalStateException("peerVaAlloc: status=" + status + " range=" + range);
    }
    allocations.put(range.address(), shared);
  }

  /**
   * Takes a range over from the device of another space.
   *
   * @param range granules, all mapped there and none here
   * @param from the other space, which shares the allocation
   * @return what the device said
   */
  public GmStatus move(GmRange range, TestSpace from) {
    return recordMoved(range, from, device.mmu().peerMove(new GmMove(range, from.device)));
  }

  /**
   * Takes a range over from the device of another space, returning at once where the device can.
   *
   * @param range granules, all mapped there and none here
   * @param from the other space, which shares the allocation
   * @return completes with what the device said
   */
  public CompletableFuture<GmStatus> moveAsync(GmRange range, TestSpace from) {
    return device
        .mmu()
        .peerMoveAsync(new GmMove(range, from.device))
        .thenApply(status -> recordMoved(range, from, status))
        .toCompletableFuture();
  }

  private GmStatus recordMoved(GmRange range, TestSpace from, GmStatus status) {
    from.recordUnmapped(range, status);
    return recordMapped(range, Access.READ_WRITE, status);
  }

  /**
   * Returns some granules of an allocation.
   *
   * @param allocation the allocation
   * @param first the first one, from 0
   * @param granules how many
   * @return their range
   */
  public GmRange part(GmRange allocation, long first, long granules) {
    return new GmRange(allocation.address() + first * granuleBytes, granules * granuleBytes);
  }

  /**
   * Returns the host frames of a range.
   *
   * @param range within one allocation
   * @return the frames, whatever is mapped
   */
  public MemorySegment host(GmRange range) {
    MemorySegment frames = allocation(range.address()).frames();
    return frames.asSlice(range.address() - frames.address(), range.bytes());
  }

  /**
   * Maps a range.
   *
   * @param range granules
   * @param copy whether the device must see the host's bytes
   * @param access what kernels may do
   * @return what the device said
   */
  public GmStatus map(GmRange range, boolean copy, Access access) {
    return recordMapped(range, access, tryMap(range, copy, access));
  }

  /**
   * Asks to map a range of which a part is mapped already. Unlike {@link #map}, it takes no note.
   *
   * @param range granules
   * @param copy whether the device must see the host's bytes
   * @param access what kernels may do
   * @return what the device said
   */
  public GmStatus tryMap(GmRange range, boolean copy, Access access) {
    return device.mmu().peerMap(new GmMapping(range, host(range), copy, access));
  }

  /**
   * As {@link #tryMap}, returning at once where the device can.
   *
   * @param range granules
   * @param copy whether the device must see the host's bytes
   * @param access what kernels may do
   * @return completes with what the device said
   */
  public CompletableFuture<GmStatus> tryMapAsync(GmRange range, boolean copy, Access access) {
    return device
        .mmu()
        .peerMapAsync(new GmMapping(range, host(range), copy, access))
        .toCompletableFuture();
  }

  /**
   * Maps a range, returning at once where the device can.
   *
   * @param range granules
   * @param copy whether the device must see the host's bytes
   * @param access what kernels may do
   * @return completes with what the device said
   */
  public CompletableFuture<GmStatus> mapAsync(GmRange range, boolean copy, Access access) {
    return tryMapAsync(range, copy, access)
        .thenApply(status -> recordMapped(range, access, status));
  }

  private GmStatus recordMapped(GmRange range, Access access, GmStatus status) {
    if (status == GmStatus.SUCCESS) {
      for (long a = range.address(); a < range.end(); a += granuleBytes) {
        mapped.merge(
            a,
            new Mapping(access.writes(), access.writes()),
            (before, after) -> new Mapping(after.writable(), before.owned() || after.owned()));
      }
    }
    return status;
  }

  /**
   * Unmaps a range.
   *
   * @param range granules, all mapped
   * @param copy whether the host must have the device's bytes afterwards
   * @return what the device said
   */
  public GmStatus unmap(GmRange range, boolean copy) {
    GmStatus status = device.mmu().peerUnmap(new GmUnmapping(range, host(range), copy));
    return recordUnmapped(range, status);
  }

  /**
   * Unmaps a range, returning at once where the device can.
   *
   * @param range granules, all mapped
   * @param copy whether the host must have the device's bytes afterwards
   * @return completes with what the device said
   */
  public CompletableFuture<GmStatus> unmapAsync(GmRange range, boolean copy) {
    return device
        .mmu()
        .peerUnmapAsync(new GmUnmapping(range, host(range), copy))
        .thenApply(status -> recordUnmapped(range, status))
        .toCompletableFuture();
  }

  private GmStatus recordUnmapped(GmRange range, GmStatus status) {
    if (status == GmStatus.SUCCESS) {
      for (long a = range.address(); a < range.end(); a += granuleBytes) {
        mapped.remove(a);
      }
    }
    return status;
  }

  /**
   * Changes what kernels may do with a range.
   *
   * @param range granules, all mapped
   * @param access {@link Access#READ} or {@link Access#READ_WRITE}
   * @return what the device said
   */
  public GmStatus protect(GmRange range, Access access) {
    GmStatus status = device.mmu().peerProtect(range, access);
    return status == GmStatus.SUCCESS ? recordMapped(range, access, status) : status;
  }

  /**
   * Unmaps what is mapped of a range, copying what kernels could have written.
   *
   * @param range granules
   * @throws DeviceException if the device refuses
   */
  public synchronized void bringHome(GmRange range) {
    int unitBytes = allocation(range.address()).granuleBytes();
    for (long a = range.address(); a < range.end(); a += unitBytes) {
      Mapping mapping = mapped.get(a);
      if (mapping != null) {
        GmRange granule = new GmRange(a, unitBytes);
        require(unmap(granule, mapping.owned()), "a granule cannot be brought home", granule);
      }
    }
  }

  /**
   * Tells whether a granule is mapped.
   *
   * @param address an address in it
   * @return true if it is
   */
  public boolean isMapped(long address) {
    return mapped.containsKey(address & -granuleBytes);
  }

  /**
   * Returns an address that belongs to no allocation.
   *
   * @return a multiple of the granule
   */
  public long unallocatedAddress() {
    return granuleBytes;
  }

  /**
   * Says how faults of reads map.
   *
   * @param access {@link Access#READ} to map replicas; otherwise, as by default, the device becomes
   *     the owner
   */
  public void mapReadFaultsAs(Access access) {
    faultMapping = access;
  }

  /**
   * Returns the faults so far.
   *
   * @return in the order in which they were served
   */
  public List<Fault> faults() {
    return List.copyOf(faults);
  }

  /**
   * Returns the devices that have been said to be lost.
   *
   * @return in the order in which that was said
   */
  public List<GmDevice> losses() {
    return List.copyOf(losses);
  }

  @Override
  public void deviceLost(GmDevice lost, Throwable cause) {
    losses.add(lost);
  }

  @Override
  public synchronized void devFault(GmDevice from, long address, long bytes, Access access) {
    faults.add(new Fault(address, bytes, access));
    if (from != device) {
      throw new IllegalStateException("a fault of a device that is not attached: " + from.id());
    }
    long end = address + bytes;
    for (long a = address; a < end; ) {
      int unitBytes = allocation(a).granuleBytes();
      serve(a & -unitBytes, unitBytes, access);
      a = (a & -unitBytes) + unitBytes;
    }
  }

  private void serve(long address, int unitBytes, Access access) {
    Mapping mapping = mapped.get(address);
    if (mapping != null && (mapping.writable() || !access.writes())) {
      return;
    }
    GmRange granule = new GmRange(address, unitBytes);
    if (mapping != null) {
      if (protect(granule, Access.READ_WRITE) == GmStatus.SUCCESS) {
        return;
      }
      require(unmap(granule, mapping.owned()), "a replica cannot be unmapped", granule);
    }
    Access granted = access.writes() ? Access.READ_WRITE : faultMapping;
    require(map(granule, true, granted), "a granule cannot be mapped", granule);
  }

  private void require(GmStatus status, String rule, GmRange range) {
    if (status != GmStatus.SUCCESS) {
      throw new DeviceException(
          rule, device.id(), status, range.address(), range.bytes(), null, null);
    }
  }

  private Allocation allocation(long address) {
    Map.Entry<Long, Allocation> entry = allocations.floorEntry(address);
    if (entry == null || address - entry.getKey() >= entry.getValue().frames().byteSize()) {
      throw new IllegalDeviceAccessException(
          "the address is not allocated",
          device.id(),
          GmStatus.FAILURE_UNKNOWN,
          address,
          1,
          null,
          null);
    }
    return entry.getValue();
  }

  /** Frees the host frames without asking the device, which is lost, and closed. */
  public synchronized void abandon() {
    if (!closed) {
      closed = true;
      arena.close();
    }
  }

  /** Unmaps everything, detaches the device, closes it if owned, and frees the host frames. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (arena) {
      while (!mapped.isEmpty()) {
        long address = mapped.firstKey();
        GmRange granule = new GmRange(address, allocation(address).granuleBytes());
        require(unmap(granule, false), "a granule cannot be unmapped at the end", granule);
      }
      for (Allocation allocation : allocations.values()) {
        MemorySegment frames = allocation.frames();
        GmRange range = new GmRange(frames.address(), frames.byteSize());
        require(device.mmu().peerVaFree(range), "addresses cannot be given back", range);
      }
      device.detach();
    } finally {
      if (closesDevice) {
        device.close();
      }
    }
  }
}
