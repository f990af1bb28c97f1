package dev.gmem.sim;

import dev.gmem.Access;
import dev.gmem.IllegalDeviceAccessException;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmCompute;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmStatus;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/**
 * A simulated accelerator. Made by {@link Sim#builder}.
 *
 * <p>Guarantees: what {@link GmDevice} and its parts promise. Pages that were mapped without
 * contents and never written take none of this machine's memory. All threads are daemons; they
 * start with the first launch or transfer that needs one, and end with {@link #detach} or {@link
 * #close}.
 *
 * <p>Threads: any, under the rules of the SPI.
 */
public final class SimDevice implements GmDevice {
  private static final int COPY_THREADS = 2;

  private final Sim.Builder settings;
  private final Set<GmCapability> capabilities;
  private final SimMmu mmu = new SimMmu(this);
  private final SimCompute compute = new SimCompute(this);
  private final SimCounters counters = new SimCounters();
  private final ScheduledThreadPoolExecutor copyThreads;
  private volatile Attached attached;
  private boolean closed;

  /** What exists from attach to detach. */
  private record Attached(SimSpace space, Workers workers) {}

  SimDevice(Sim.Builder settings) {
    this.settings = settings;
    capabilities = settings.capabilities();
    copyThreads =
        new ScheduledThreadPoolExecutor(
            COPY_THREADS, Thread.ofPlatform().daemon().name(settings.id() + "-copy-", 0).factory());
  }

  @Override
  public String id() {
    return settings.id();
  }

  @Override
  public GmMmu mmu() {
    return mmu;
  }

  @Override
  public String description() {
    return "simulated accelerator, "
        + settings.workers()
        + " workers, "
        + settings.memoryBytes()
        + " bytes, "
        + settings.link();
  }

  @Override
  public Set<GmCapability> capabilities() {
    return capabilities;
  }

  @Override
  public long memoryBytes() {
    return settings.memoryBytes();
  }

  @Override
  public Optional<GmCompute> compute() {
    return capabilities.contains(GmCapability.COMPUTE) ? Optional.of(compute) : Optional.empty();
  }

  @Override
  public synchronized void attach(GmAttachment attachment) {
    if (closed) {
      throw new IllegalStateException("the device is closed: device=" + id());
    }
    if (attached != null) {
      throw new IllegalStateException("the device is attached already: device=" + id());
    }
    SimSpace space = new SimSpace(attachment, settings.memoryBytes(), settings.shootdownWaits());
    attached = new Attached(space, new Workers(this, space, settings.workers()));
  }

  /**
   * Leaves the address space. Waits for kernels that still run.
   *
   * @throws IllegalStateException if the device is not attached, or something is still mapped
   */
  @Override
  public synchronized void detach() {
    Attached leaving = require();
    if (leaving.space().mappedBytes() != 0) {
      throw new IllegalStateException(
          "everything must be unmapped before a device is detached: device="
              + id()
              + " mappedBytes="
              + leaving.space().mappedBytes());
    }
    leave(leaving);
  }

  /** Waits for kernels that still run, drops all memory, and ends the device's threads. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (attached != null) {
      leave(attached);
    }
    copyThreads.shutdown();
  }

  private void leave(Attached leaving) {
    leaving.workers().close();
    counters.tlbHits.add(leaving.workers().tlbHits());
    counters.tlbMisses.add(leaving.workers().tlbMisses());
    counters.shootdowns.add(leaving.space().shootdown().count());
    attached = null;
  }

  /**
   * Returns what the device has done so far.
   *
   * @return a snapshot
   */
  public SimStatistics statistics() {
    Attached now = attached;
    return new SimStatistics(
        counters.maps.sum(),
        counters.unmaps.sum(),
        counters.protects.sum(),
        counters.copies.sum(),
        counters.bytesToDevice.sum(),
        counters.bytesToHost.sum(),
        counters.bytesBetweenDevices.sum(),
        counters.readFaults.sum(),
        counters.writeFaults.sum(),
        counters.tlbHits.sum() + (now == null ? 0 : now.workers().tlbHits()),
        counters.tlbMisses.sum() + (now == null ? 0 : now.workers().tlbMisses()),
        counters.shootdowns.sum() + (now == null ? 0 : now.space().shootdown().count()),
        counters.launches.sum(),
        now == null ? 0 : now.space().mappedBytes(),
        now == null ? 0 : now.space().frameBytes());
  }

  /** Tells whether it can copy from another one without the host. */
  boolean reaches(SimDevice other) {
    return other == this
        || capabilities.contains(GmCapability.PEER_COPY)
            && other.capabilities.contains(GmCapability.PEER_COPY);
  }

  SimSpace space() {
    return require().space();
  }

  Workers workers() {
    return require().workers();
  }

  SimCounters counters() {
    return counters;
  }

  SimLink link() {
    return settings.link();
  }

  ScheduledThreadPoolExecutor copyThreads() {
    return copyThreads;
  }

  /** Brings a page in, or throws. Called by a worker outside of any section. */
  void fault(SimSpace space, long address, int bytes, Access access) {
    (access == Access.READ ? counters.readFaults : counters.writeFaults).increment();
    if (!capabilities.contains(GmCapability.REPLAYABLE_FAULTS)) {
      throw new IllegalDeviceAccessException(
          "a kernel on a device that cannot fault touched a page that is not mapped"
              + (access.writes() ? " writable" : "")
              + "; pass the memory as an argument with the access it needs",
          id(),
          GmStatus.FAILURE_UNKNOWN,
          address,
          bytes,
          null,
          null);
    }
    space.attachment().faults().devFault(this, address, bytes, access);
  }

  private Attached require() {
    Attached now = attached;
    if (now == null) {
      throw new IllegalStateException("the device is not attached to a space: device=" + id());
    }
    return now;
  }

  @Override
  public String toString() {
    return id();
  }
}
