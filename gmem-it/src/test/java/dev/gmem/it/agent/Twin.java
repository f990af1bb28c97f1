package dev.gmem.it.agent;

import dev.gmem.core.host.GateLevel;
import dev.gmem.core.host.GatedRegion;
import dev.gmem.core.host.HostFaults;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.host.HostPlatforms;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * The smallest thing that moves memory: a gated host range, and a twin of it that plays the device.
 * Each granule lives in one of them, or can be read in both.
 *
 * <p>When a granule leaves the host its host copy is filled with {@link #POISON}: an access that
 * the gate missed reads nonsense, and a write that it missed is lost.
 *
 * <p>Any thread may call any method. One transition runs at a time.
 */
final class Twin implements HostFaults, AutoCloseable {
  /** What the host holds of a granule that lives on the device. */
  static final byte POISON = 0x7f;

  private static final int NONE = 0;
  private static final int READ = 1;
  private static final int READ_WRITE = 2;

  private final HostPlatform platform = HostPlatforms.installed();
  private final LongAdder faults = new LongAdder();
  private final long bytes;
  private final long granuleBytes;
  private final long hostAddress;
  private final long deviceAddress;
  private final MemorySegment host;
  private final MemorySegment device;
  private final GatedRegion region;
  private final AtomicIntegerArray permissions;

  /** True while a transition copies. Guarded by this object's monitor. */
  private boolean busy;

  /** A fault runs it first, if it is not null. */
  private volatile Runnable onFault;

  /** A fault throws it, if it is not null. */
  private volatile RuntimeException failure;

  Twin(long bytes, long granuleBytes) {
    this.bytes = bytes;
    this.granuleBytes = granuleBytes;
    this.hostAddress = platform.reserve(bytes, granuleBytes);
    platform.commit(hostAddress, bytes);
    this.deviceAddress = platform.reserve(bytes, granuleBytes);
    platform.commit(deviceAddress, bytes);
    this.host = platform.raw(hostAddress, bytes);
    this.device = platform.raw(deviceAddress, bytes);
    this.permissions = new AtomicIntegerArray(Math.toIntExact(bytes / granuleBytes));
    for (int i = 0; i < permissions.length(); i++) {
      permissions.set(i, READ_WRITE);
    }
    this.region = platform.gate(hostAddress, bytes, this);
  }

  /** The memory as users see it. */
  MemorySegment segment() {
    return region.segment();
  }

  /** The device's copy, without a gate. */
  MemorySegment device() {
    return device;
  }

  /** The host's copy, without a gate. */
  MemorySegment host() {
    return host;
  }

  GatedRegion region() {
    return region;
  }

  /** How many faults have been taken, pins included. */
  long faults() {
    return faults.sum();
  }

  void onFault(Runnable action) {
    onFault = action;
  }

  void failFaults(RuntimeException e) {
    failure = e;
  }

  /** Moves everything to the device. */
  void toDevice() {
    migrate(0, bytes, NONE);
  }

  /** Moves the granules of a range to the device. */
  void toDevice(long offset, long count) {
    migrate(offset, count, NONE);
  }

  /** Copies everything to the device; the host may still read. */
  void toBoth() {
    migrate(0, bytes, READ);
  }

  private void migrate(long offset, long count, int permission) {
    int first = (int) (offset / granuleBytes);
    int last = (int) ((offset + count - 1) / granuleBytes);
    int[] before = claim(first, last, permission);
    region.quiesce();
    for (int i = first; i <= last; i++) {
      if (before[i - first] == READ_WRITE) {
        copy(host, device, i);
      }
      if (permission == NONE && before[i - first] != NONE) {
        host.asSlice(i * granuleBytes, granuleBytes).fill(POISON);
      }
    }
    release();
  }

  /** Runs an action if a granule lives on the device, and keeps it there meanwhile. */
  void whileOnDevice(int granule, Runnable action) {
    synchronized (this) {
      awaitIdle();
      if (permissions.get(granule) != NONE) {
        return;
      }
      busy = true;
    }
    action.run();
    release();
  }

  private synchronized int[] claim(int first, int last, int permission) {
    awaitIdle();
    // A pin can only be waited for: nothing is announced to whoever takes it back.
    while (region.tighten(permission == NONE ? GateLevel.ALL : GateLevel.WRITES) > 0) {
      Thread.onSpinWait();
    }
    int[] before = new int[last - first + 1];
    for (int i = first; i <= last; i++) {
      before[i - first] = permissions.get(i);
      permissions.set(i, Math.min(permission, before[i - first]));
    }
    busy = true;
    return before;
  }

  private synchronized void release() {
    busy = false;
    notifyAll();
  }

  private void awaitIdle() {
    while (busy) {
      try {
        wait();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private void copy(MemorySegment from, MemorySegment to, int granule) {
    MemorySegment.copy(from, granule * granuleBytes, to, granule * granuleBytes, granuleBytes);
  }

  @Override
  public boolean admits(long address, long count, boolean write) {
    int needed = write ? READ_WRITE : READ;
    int last = granule(address + count - 1);
    for (int i = granule(address); i <= last; i++) {
      if (permissions.get(i) < needed) {
        return false;
      }
    }
    return true;
  }

  @Override
  public long granuleBytes() {
    return granuleBytes;
  }

  @Override
  public synchronized void fault(long address, long count, boolean write) {
    awaitIdle();
    if (onFault != null) {
      onFault.run();
    }
    if (failure != null) {
      throw failure;
    }
    faults.increment();
    int last = granule(address + count - 1);
    for (int i = granule(address); i <= last; i++) {
      home(i);
    }
    for (int i = 0; i < permissions.length(); i++) {
      if (permissions.get(i) != READ_WRITE) {
        return;
      }
    }
    region.loosen(GateLevel.OPEN);
  }

  @Override
  public synchronized void pin() {
    awaitIdle();
    faults.increment();
    for (int i = 0; i < permissions.length(); i++) {
      home(i);
    }
    region.openPinned();
  }

  private void home(int granule) {
    if (permissions.get(granule) == NONE) {
      copy(device, host, granule);
    }
    permissions.set(granule, READ_WRITE);
  }

  private int granule(long address) {
    return (int) ((address - hostAddress) / granuleBytes);
  }

  @Override
  public void close() {
    while (region.tighten(GateLevel.ALL) > 0) {
      Thread.onSpinWait();
    }
    region.close();
    platform.unreserve(hostAddress, bytes);
    platform.unreserve(deviceAddress, bytes);
  }
}
