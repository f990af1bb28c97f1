package dev.gmem.core.space;

import dev.gmem.Access;
import dev.gmem.AddressSpace;
import dev.gmem.Advice;
import dev.gmem.AllocationStatistics;
import dev.gmem.ArenaOptions;
import dev.gmem.Device;
import dev.gmem.IllegalDeviceAccessException;
import dev.gmem.Residency;
import dev.gmem.SpaceOptions;
import dev.gmem.SpaceStatistics;
import dev.gmem.Transfer;
import dev.gmem.UnmappedMemoryException;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.DeviceTable;
import dev.gmem.core.engine.FaultEngine;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.engine.VmaMap;
import dev.gmem.core.engine.VmaOptions;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.launch.LaunchQueue;
import dev.gmem.core.launch.Transfers;
import dev.gmem.core.sync.LockRank;
import dev.gmem.core.sync.Monitor;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmFaultHandler;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** The address space: puts the parts together, and looks segments up. */
public final class Space implements AddressSpace {
  private final SpaceOptions options;
  private final HostPlatform platform;
  private final Monitor.Factory monitors;
  private final DeviceTable deviceTable = new DeviceTable();
  private final FaultEngine engine;
  private final LaunchQueue launches;
  private final Transfers transfers;
  private final VmaMap vmas;
  private final Allocations allocations;
  private final SpaceDevices devices;
  private final Advisor advisor;
  private final Copies copies;
  private final Remaps remaps;
  private final Files files;
  private final Monitor monitor;
  private final Set<SpaceArena> arenas = new LinkedHashSet<>();
  private boolean closed;

  /**
   * Opens a space.
   *
   * @param options its layout
   * @param platform the host
   * @param monitors makes its monitors
   */
  public Space(SpaceOptions options, HostPlatform platform, Monitor.Factory monitors) {
    this.options = options;
    this.platform = platform;
    this.monitors = monitors;
    this.monitor = monitors.create(LockRank.SPACE);
    this.engine = new FaultEngine(platform, deviceTable, options, monitors);
    this.launches = new LaunchQueue(engine, monitors);
    engine.losses().concern(() -> vmas().all(), launches::deviceLost);
    this.transfers = new Transfers(engine, launches);
    this.vmas = new VmaMap(platform, monitors);
    this.allocations = new Allocations(platform, options, deviceTable, engine, vmas, monitors);
    this.devices = new SpaceDevices(this, deviceTable, monitors);
    this.advisor = new Advisor(engine.advising(), transfers, devices);
    this.copies = new Copies(this, transfers);
    this.remaps = new Remaps(this, transfers);
    this.files = new Files(this, transfers);
  }

  FaultEngine engine() {
    return engine;
  }

  LaunchQueue launches() {
    return launches;
  }

  Allocations allocations() {
    return allocations;
  }

  VmaMap vmas() {
    return vmas;
  }

  @Override
  public SpaceOptions options() {
    return options;
  }

  @Override
  public Arena arena() {
    return arena(ArenaOptions.defaults());
  }

  @Override
  public Arena arena(ArenaOptions chosen) {
    VmaOptions layout =
        new VmaOptions(
            chosen.granuleBytes().orElse(options.granuleBytes()),
            chosen.prefetch().orElse(options.prefetch()));
    SpaceArena arena = new SpaceArena(this, layout, monitors);
    monitor.lock();
    try {
      checkOpen();
      arenas.add(arena);
    } finally {
      monitor.unlock();
    }
    return arena;
  }

  @Override
  public long reservedAddress() {
    return allocations.reservedAddress();
  }

  @Override
  public MemorySegment allocateAt(Arena arena, long address, long byteSize) {
    return own(arena).allocateAt(address, byteSize);
  }

  private SpaceArena own(Arena arena) {
    if (arena instanceof SpaceArena own && own.isOf(this)) {
      return own;
    }
    throw new IllegalArgumentException(
        "the arena must be one of this space; open it with space.arena(): arena=" + arena);
  }

  @Override
  public MemorySegment map(Arena arena, Path file, MapMode mode, long position, long byteSize) {
    return files.map(own(arena), file, mode, position, byteSize);
  }

  @Override
  public void flush(MemorySegment segment) {
    files.flush(segment);
  }

  void forget(SpaceArena arena) {
    monitor.lock();
    arenas.remove(arena);
    monitor.unlock();
  }

  // ---- devices ----

  @Override
  public Device device() {
    checkOpenNow();
    return devices.first();
  }

  @Override
  public Device device(String id) {
    checkOpenNow();
    return devices.byId(id);
  }

  @Override
  public List<Device> devices() {
    return List.copyOf(devices.list());
  }

  @Override
  public Device attach(GmDevice device) {
    checkOpenNow();
    return devices.attach(device, false);
  }

  @Override
  public void detach(Device device) {
    devices.detach(device);
  }

  @Override
  public void abandon(Device device) {
    devices.abandon(device);
  }

  @Override
  public void quota(Device device, long bytes) {
    checkOpenNow();
    devices.quota(device, bytes);
  }

  /** What devices are given to call. */
  GmFaultHandler faults() {
    return new GmFaultHandler() {
      @Override
      public void devFault(GmDevice device, long address, long bytes, Access access) {
        deviceFault(device, address, bytes, access);
      }

      @Override
      public void deviceLost(GmDevice device, Throwable cause) {
        DeviceSlot slot = deviceTable.find(device);
        if (slot != null) {
          slot.fate().lose(cause);
        }
      }
    };
  }

  /** Serves a device's fault: finds the VMA, and says what is wrong if there is none. */
  private void deviceFault(GmDevice device, long address, long bytes, Access access) {
    Vma vma = vmas.find(address);
    if (vma == null || bytes <= 0 || address - vma.address() > vma.bytes() - bytes) {
      throw unmapped(device, address, bytes, null);
    }
    DeviceSlot slot = deviceTable.find(device);
    if (slot == null) {
      throw new IllegalStateException("the device is not attached: device=" + device.id());
    }
    try {
      engine.deviceFault(slot, vma, address, bytes, access.writes());
    } catch (UnmappedMemoryException e) {
      throw unmapped(device, address, bytes, e);
    } catch (IllegalStateException e) {
      throw vma.isClosed() ? unmapped(device, address, bytes, e) : e;
    }
  }

  private static IllegalDeviceAccessException unmapped(
      GmDevice device, long address, long bytes, Throwable cause) {
    return new IllegalDeviceAccessException(
        "a kernel touched memory that is not allocated, or no longer",
        device.id(),
        GmStatus.FAILURE_UNKNOWN,
        address,
        bytes,
        null,
        cause);
  }

  // ---- segments ----

  @Override
  public boolean contains(MemorySegment segment) {
    return segment.isNative() && allocations.reserves(segment.address(), segment.byteSize());
  }

  Vma resolve(MemorySegment segment, String what) {
    if (!contains(segment)) {
      throw new IllegalArgumentException(
          what
              + " must be unified memory of this space; allocate it from space.arena(): segment="
              + segment);
    }
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("Already closed");
    }
    if (segment.byteSize() == 0) {
      throw new IllegalArgumentException(what + " must not be empty: segment=" + segment);
    }
    Vma vma = vmas.find(segment.address());
    if (vma == null || !vma.region().segment().scope().equals(segment.scope())) {
      throw segment.scope().isAlive()
          ? new IllegalArgumentException(
              what
                  + " must keep the scope it was allocated with; it was reinterpreted: segment="
                  + segment)
          : new IllegalStateException("Already closed");
    }
    return vma;
  }

  @Override
  public Transfer prefetch(MemorySegment segment, Device device) {
    Vma vma = resolve(segment, "the segment");
    return transfers.prefetch(devices.slotOf(device), vma, segment.address(), segment.byteSize());
  }

  @Override
  public Transfer prefetchToHost(MemorySegment segment) {
    Vma vma = resolve(segment, "the segment");
    return transfers.prefetchToHost(vma, segment.address(), segment.byteSize());
  }

  @Override
  public Transfer advise(MemorySegment segment, Advice advice) {
    Objects.requireNonNull(advice, "advice");
    Vma vma = resolve(segment, "the segment");
    return advisor.advise(vma, segment.address(), segment.byteSize(), advice);
  }

  @Override
  public void copy(MemorySegment destination, MemorySegment source) {
    copies.copy(destination, source, true).join();
  }

  @Override
  public Transfer copyAsync(MemorySegment destination, MemorySegment source) {
    return copies.copy(destination, source, false);
  }

  @Override
  public void unmap(MemorySegment segment) {
    remaps.unmap(segment);
  }

  @Override
  public void remap(MemorySegment target, MemorySegment source) {
    remaps.remap(target, source);
  }

  // ---- introspection ----

  @Override
  public Residency residency(MemorySegment segment) {
    Vma vma = resolve(segment, "the segment");
    return new Residency(
        vma.granuleBytes(),
        engine.pins(vma),
        engine.extents(vma, segment.address(), segment.address() + segment.byteSize()));
  }

  @Override
  public AllocationStatistics statistics(MemorySegment segment) {
    return resolve(segment, "the segment").statistics();
  }

  @Override
  public SpaceStatistics statistics() {
    Allocations.Past past = allocations.past();
    AllocationStatistics total = past.statistics();
    long pins = past.pins();
    long tableBytes = 0;
    long poisonedBytes = 0;
    for (Vma vma : vmas.all()) {
      total = Allocations.sum(total, vma.statistics());
      Vma.Upkeep upkeep = vma.upkeep();
      pins += upkeep.pins();
      tableBytes += upkeep.tableBytes();
      poisonedBytes += upkeep.lostBytes();
    }
    return new SpaceStatistics(
        total,
        platform.waits(),
        pins,
        past.allocatedBytes(),
        poisonedBytes,
        engine.frames().bytesGivenBack(),
        tableBytes,
        platform.gates(),
        devices.statistics());
  }

  // ---- closing ----

  @Override
  public void close() {
    List<SpaceArena> open;
    monitor.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      open = new ArrayList<>(arenas);
    } finally {
      monitor.unlock();
    }
    boolean done = false;
    try {
      for (SpaceArena arena : open) {
        arena.closeIfOpen();
      }
      devices.detachAll();
      done = true;
    } finally {
      if (!done) {
        monitor.lock();
        closed = false;
        monitor.unlock();
      }
    }
    allocations.close();
  }

  void checkOpenNow() {
    monitor.lock();
    try {
      checkOpen();
    } finally {
      monitor.unlock();
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the address space is closed");
    }
  }
}
