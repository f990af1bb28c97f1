package dev.gmem.core.engine;

import dev.gmem.DeviceStatistics;
import dev.gmem.core.sync.LockRank;
import dev.gmem.core.sync.Monitor;
import dev.gmem.spi.GmAttachMode;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * A device as the engine sees it: its number, its quota, what was mapped on it and when, its
 * counters.
 *
 * <p>Room is reserved before a run is mapped and given back when it is unmapped, so that {@code
 * usedBytes} never exceeds the quota. {@code pending} counts transitions under way, {@code running}
 * launches that hold their arguments: as long as there is either, room may still turn up.
 */
public final class DeviceSlot {
  private final int index;
  private final GmDevice device;
  private final GmAttachMode mode;
  private final long quotaBytes;
  private final AtomicLong usedBytes = new AtomicLong();
  private final LongAdder faults = new LongAdder();
  private final LongAdder bytesIn = new LongAdder();
  private final LongAdder bytesOut = new LongAdder();
  private final LongAdder bytesEvicted = new LongAdder();
  private final LongAdder launches = new LongAdder();
  private final LongAdder kernelNanos = new LongAdder();
  private final Semaphore taking = new Semaphore(1, true);
  private final Monitor monitor;
  private final ArrayDeque<Mapped> history = new ArrayDeque<>();
  private long changes;
  private final AtomicInteger pending = new AtomicInteger();
  private int running;
  private volatile boolean leaving;

  /**
   * Makes one.
   *
   * @param index its number, below the number of devices an entry can name
   * @param device the device
   * @param monitors makes its monitor
   */
  public DeviceSlot(int index, GmDevice device, Monitor.Factory monitors) {
    this.index = index;
    this.device = device;
    this.mode = device.attachMode();
    this.quotaBytes = device.memoryBytes();
    this.monitor = monitors.create(LockRank.DEVICE);
  }

  /** A run that was mapped. What is left of it has to be looked up in the table. */
  record Mapped(Vma vma, long first, long end) {}

  /**
   * Returns the number of the device in entries.
   *
   * @return from 0
   */
  public int index() {
    return index;
  }

  /**
   * Returns the device.
   *
   * @return the device
   */
  public GmDevice device() {
    return device;
  }

  /**
   * Returns how it shares.
   *
   * @return its attach mode
   */
  public GmAttachMode mode() {
    return mode;
  }

  /**
   * Tells whether its kernels may touch what is not mapped.
   *
   * @return true if it makes faults
   */
  public boolean replayable() {
    return device.capabilities().contains(GmCapability.REPLAYABLE_FAULTS);
  }

  /**
   * Tells whether an access must make the device the only owner.
   *
   * @param writes whether the access writes
   * @return true if it must
   */
  public boolean owns(boolean writes) {
    return writes || mode == GmAttachMode.COHERENT_EXCLUSIVE;
  }

  /**
   * Returns the quota.
   *
   * @return bytes
   */
  public long quotaBytes() {
    return quotaBytes;
  }

  /**
   * Returns what is reserved or mapped.
   *
   * @return bytes
   */
  public long usedBytes() {
    return usedBytes.get();
  }

  /** Refuses new mappings from now on. */
  public void leave() {
    leaving = true;
  }

  /** Takes new mappings again. */
  public void stay() {
    leaving = false;
  }

  boolean leaving() {
    return leaving;
  }

  /**
   * Reserves room.
   *
   * @param unitBytes what the result is a multiple of
   * @param bytes how much is wanted
   * @return how much was reserved; 0 if there is none
   */
  long reserve(long unitBytes, long bytes) {
    while (true) {
      long used = usedBytes.get();
      long granted = Math.min(bytes, (quotaBytes - used) / unitBytes * unitBytes);
      if (granted <= 0) {
        return 0;
      }
      if (usedBytes.compareAndSet(used, used + granted)) {
        return granted;
      }
    }
  }

  void giveBack(long bytes) {
    usedBytes.addAndGet(-bytes);
  }

  void countFault() {
    faults.increment();
  }

  void countIn(long bytes) {
    bytesIn.add(bytes);
  }

  void countOut(long bytes) {
    bytesOut.add(bytes);
  }

  void countEvicted(long bytes) {
    bytesEvicted.add(bytes);
  }

  /**
   * Counts what was copied to the device.
   *
   * @return bytes so far
   */
  public long bytesIn() {
    return bytesIn.sum();
  }

  /**
   * Lets one launch at a time take room for its arguments.
   *
   * @return a fair semaphore of one permit
   */
  public Semaphore taking() {
    return taking;
  }

  /**
   * Counts a kernel.
   *
   * @param nanos how long it ran
   */
  public void countLaunch(long nanos) {
    launches.increment();
    kernelNanos.add(nanos);
  }

  /**
   * Returns the counters.
   *
   * @return a snapshot
   */
  public DeviceStatistics statistics() {
    return new DeviceStatistics(
        faults.sum(),
        bytesIn.sum(),
        bytesOut.sum(),
        bytesEvicted.sum(),
        launches.sum(),
        kernelNanos.sum(),
        usedBytes.get());
  }

  /** A transition that concerns this device begins. */
  void begin() {
    // Without the monitor: the caller has a VMA's, and must not block with it. Nobody waits for
    // more
    // transitions to begin, so there is no one to wake.
    pending.incrementAndGet();
  }

  /**
   * A transition has ended.
   *
   * @param mapped what it mapped here, or null
   * @param madeRoom whether there may be more room than before
   */
  void end(Mapped mapped, boolean madeRoom) {
    monitor.lock();
    pending.decrementAndGet();
    if (mapped != null) {
      history.addLast(mapped);
      forgetStale();
    }
    if (madeRoom) {
      changes++;
    }
    monitor.signalAll();
    monitor.unlock();
  }

  /** A launch holds its arguments from now on. */
  public void beginRunning() {
    monitor.lock();
    running++;
    monitor.unlock();
  }

  /** A launch has let go of its arguments. */
  public void endRunning() {
    monitor.lock();
    running--;
    changes++;
    monitor.signalAll();
    monitor.unlock();
  }

  /** Keeps the history from growing without bound when the same granules come and go. */
  private void forgetStale() {
    if (history.size() > 1024 && history.size() > 4 * (usedBytes.get() >>> 12)) {
      history.removeIf(m -> m.vma().isClosed() || !m.vma().holdsAny(m.first(), m.end(), index));
    }
  }

  /**
   * Returns what {@link #awaitChange} compares with.
   *
   * @return the number of changes so far
   */
  long changes() {
    monitor.lock();
    try {
      return changes;
    } finally {
      monitor.unlock();
    }
  }

  /**
   * Waits until something has changed that may have made room.
   *
   * @param since what {@link #changes} returned before looking for room
   * @return false at once if nothing is under way that could make room
   */
  boolean awaitChange(long since) {
    monitor.lock();
    try {
      while (changes == since) {
        if (pending.get() == 0 && running == 0) {
          return false;
        }
        monitor.await();
      }
      return true;
    } finally {
      monitor.unlock();
    }
  }

  /**
   * Takes the run that was mapped longest ago out of the history.
   *
   * @return the run, or null if there is none
   */
  Mapped oldest() {
    monitor.lock();
    try {
      return history.pollFirst();
    } finally {
      monitor.unlock();
    }
  }

  /**
   * Puts a run back that could not be evicted now.
   *
   * @param run the run
   */
  void postpone(Mapped run) {
    monitor.lock();
    history.addLast(run);
    monitor.unlock();
  }

  /**
   * Puts the rest of a run back where it was taken from.
   *
   * @param run the rest
   */
  void putBack(Mapped run) {
    monitor.lock();
    history.addFirst(run);
    monitor.unlock();
  }

  int historySize() {
    monitor.lock();
    try {
      return history.size();
    } finally {
      monitor.unlock();
    }
  }

  /**
   * Forgets a VMA that is gone.
   *
   * @param vma the VMA
   */
  public void forget(Vma vma) {
    monitor.lock();
    for (Iterator<Mapped> i = history.iterator(); i.hasNext(); ) {
      if (i.next().vma() == vma) {
        i.remove();
      }
    }
    monitor.unlock();
  }
}
