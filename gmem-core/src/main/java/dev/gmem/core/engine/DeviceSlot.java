package dev.gmem.core.engine;

import dev.gmem.DeviceStatistics;
import dev.gmem.core.sync.LockRank;
import dev.gmem.core.sync.Monitor;
import dev.gmem.spi.GmAttachMode;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmCopyTimes;
import dev.gmem.spi.GmDevice;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * A device as the engine sees it: its number, its quota, what was mapped on it and when, its
 * counters.
 *
 * <p>Room is reserved before a run is mapped and given back when it is unmapped, so that {@code
 * usedBytes} never exceeds the quota, and does not grow while a smaller quota is being enforced.
 * {@code pending} counts what is under way that may end with more room, or with more to evict:
 * transitions of what the device holds, and evictions. {@code running} counts launches that keep
 * their arguments there. Whoever finds neither room nor anything to evict waits for {@code changes}
 * while there is either, and gives up when there is neither. Whoever was refused by the device
 * itself waits for {@code releases}: a reservation that is given back makes no room there, and two
 * that wait for each other's would go on for ever.
 *
 * <p>In which order what it holds goes when there is no room, {@link Victims} know.
 */
public final class DeviceSlot {
  private final int index;
  private final GmDevice device;
  private final GmAttachMode mode;
  private final boolean concurrent;
  private final Quota quota;
  private final LongAdder faults = new LongAdder();
  private final LongAdder bytesIn = new LongAdder();
  private final LongAdder bytesOut = new LongAdder();
  private final LongAdder bytesFromPeers = new LongAdder();
  private final LongAdder bytesEvicted = new LongAdder();
  private final LongAdder launches = new LongAdder();
  private final LongAdder kernelNanos = new LongAdder();
  private final Monitor monitor;
  private final AtomicInteger pending = new AtomicInteger();
  private final AtomicLong clock = new AtomicLong();
  private final Pressure pressure = new Pressure(this);
  private final Fate fate = new Fate(this);
  private final Victims victims = new Victims(this);
  private volatile long changes;
  private volatile long releases;
  private int running;
  private long takersCome;
  private long takersGone;
  private volatile boolean leaving;
  private volatile boolean left;

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
    this.concurrent = device.capabilities().contains(GmCapability.HOST_CONCURRENT);
    this.quota = new Quota(isBounded() ? device.memoryBytes() : Long.MAX_VALUE);
    this.monitor = monitors.create(LockRank.DEVICE);
  }

  /**
   * A run that was mapped. What is left of it has to be looked up in the table.
   *
   * @param since when it was mapped, or spared because it had been used
   */
  record Mapped(Vma vma, long first, long end, long since) {
    Mapped(Vma vma, long first, long end) {
      this(vma, first, end, 0);
    }

    Mapped from(long granule) {
      return new Mapped(vma, granule, end, since);
    }

    Mapped to(long granule) {
      return new Mapped(vma, first, granule, since);
    }

    Mapped at(long time) {
      return new Mapped(vma, first, end, time);
    }
  }

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
   * Returns whether it is alive.
   *
   * @return its fate
   */
  public Fate fate() {
    return fate;
  }

  /**
   * Tells whether it is lost.
   *
   * @return true once it is, for good
   */
  public boolean isLost() {
    return fate.isLost();
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
   * Tells whether what its kernels have as their arguments may be the host's frames.
   *
   * @return true if it works on them, or maps them where its own memory does not do
   */
  public boolean mayUseHostFrames() {
    return mode == GmAttachMode.SHARE || !isBounded();
  }

  /** Tells whether it can copy from others that can, without the host. */
  boolean isPeer() {
    return device.capabilities().contains(GmCapability.PEER_COPY);
  }

  /** Tells whether its kernels and the CPU may use the same frames of the host at a time. */
  boolean usesHostConcurrently() {
    return concurrent;
  }

  /**
   * Tells whether launches keep their arguments for themselves: nothing would stop a kernel that
   * touches what the CPU or another device is changing.
   *
   * @return false if its kernels fault on what is not mapped for them
   */
  public boolean holdsArguments() {
    return mode == GmAttachMode.SHARE
        || !device.capabilities().contains(GmCapability.REPLAYABLE_FAULTS);
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

  /** Tells whether what it has of the space must fit its memory: a quota can bound it. */
  boolean isBounded() {
    return !device.capabilities().contains(GmCapability.REMOTE_MAPPING);
  }

  /**
   * Returns the quota.
   *
   * @return bytes; no bound where the device maps what does not fit its memory in the host's
   */
  public long quotaBytes() {
    return quota.bytes();
  }

  /**
   * Returns what is reserved or mapped.
   *
   * @return bytes; more than the quota while that is being made smaller; 0 once it is lost
   */
  public long usedBytes() {
    return isLost() ? 0 : quota.usedBytes();
  }

  /** Changes the quota; who waits for room has to be told. */
  void quotaBytes(long bytes) {
    quota.change(bytes);
  }

  /** Refuses new launches from now on. */
  public void leave() {
    leaving = true;
  }

  /** Refuses new mappings, too: no launch is left that could need one. */
  public void left() {
    left = true;
  }

  /** Takes new launches and mappings again. */
  public void stay() {
    leaving = false;
    left = false;
  }

  /**
   * Tells whether it refuses new launches.
   *
   * @return true if it is being detached, or has been, or is lost
   */
  public boolean isLeaving() {
    return leaving || isLost();
  }

  boolean hasLeft() {
    return left;
  }

  /**
   * Reserves room. The caller has called {@link #begin}, so that whoever finds the room gone knows
   * that something is under way.
   *
   * @param unitBytes what the result is a multiple of
   * @param bytes how much is wanted
   * @return how much was reserved; 0 if there is none
   */
  long reserve(long unitBytes, long bytes) {
    return quota.reserve(unitBytes, bytes);
  }

  /** Returns whether it is short of memory, and what follows. */
  Pressure pressure() {
    return pressure;
  }

  /** Returns a time later than all before. */
  long tick() {
    return clock.incrementAndGet();
  }

  // ---- counters ----

  void countFault() {
    faults.increment();
  }

  void countIn(long bytes) {
    bytesIn.add(bytes);
  }

  void countOut(long bytes) {
    bytesOut.add(bytes);
  }

  void countFromPeer(long bytes) {
    bytesFromPeers.add(bytes);
  }

  void countEvicted(long bytes) {
    bytesEvicted.add(bytes);
  }

  /**
   * Counts what was copied to the device, from wherever.
   *
   * @return bytes so far
   */
  public long bytesIn() {
    return bytesIn.sum() + bytesFromPeers.sum();
  }

  /**
   * Waits until no launch that came before takes room for its arguments any more, and the quota is
   * not being changed.
   */
  public void beginTaking() {
    monitor.lock();
    try {
      long turn = takersCome++;
      while (takersGone != turn) {
        monitor.await();
      }
    } finally {
      monitor.unlock();
    }
  }

  /** Lets the next launch take room for its arguments. */
  public void endTaking() {
    monitor.lock();
    takersGone++;
    monitor.signalAll();
    monitor.unlock();
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
   * Returns how long its copies took.
   *
   * @return the device's own measurement, if it makes one
   */
  public Optional<GmCopyTimes> copyTimes() {
    return isLost() ? Optional.empty() : device.mmu().copyTimes();
  }

  /**
   * Returns the counters.
   *
   * @return a snapshot
   */
  public DeviceStatistics statistics() {
    GmCopyTimes times = copyTimes().orElse(new GmCopyTimes(0, 0));
    return new DeviceStatistics(
        faults.sum(),
        bytesIn.sum(),
        bytesOut.sum(),
        bytesFromPeers.sum(),
        times.inNanos(),
        times.outNanos(),
        bytesEvicted.sum(),
        pressure.bytesReclaimed(),
        fate.bytesLost(),
        victims.refaultedBytes(),
        victims.keptBytes(),
        launches.sum(),
        kernelNanos.sum(),
        usedBytes(),
        quotaBytes(),
        isLost());
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
   * @param mapped what it mapped here
   * @param freedBytes how much of the quota it gives back
   * @param released whether the device has let go of something, or there may be more to evict
   */
  void end(List<Mapped> mapped, long freedBytes, boolean released) {
    monitor.lock();
    quota.giveBack(freedBytes);
    mapped.forEach(victims::add);
    finish(freedBytes > 0, released);
    monitor.unlock();
  }

  private void finish(boolean freed, boolean released) {
    if (freed || released) {
      changes = changes + 1; // written under the monitor only, as is the next one
    }
    if (released) {
      releases = releases + 1;
    }
    pending.decrementAndGet();
    monitor.signalAll();
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
    changes = changes + 1;
    releases = releases + 1;
    monitor.signalAll();
    monitor.unlock();
  }

  /** A range has been evicted for want of room. To be called before the {@link #end} of that. */
  void evicted(Vma vma, long first, long end) {
    monitor.lock();
    victims.evicted(vma, first, end);
    monitor.unlock();
  }

  /**
   * Returns what {@link #awaitChange} compares with.
   *
   * @return the number of changes so far
   */
  long changes() {
    return changes;
  }

  /**
   * Waits until something has changed that may have made room.
   *
   * @param since what {@link #changes} returned before looking for room
   * @param mine how many of the launches that keep their arguments are the caller's own
   * @return false if nothing is under way any more that could make room
   */
  boolean awaitChange(long since, int mine) {
    return awaitMore(() -> changes, since, mine, 0);
  }

  /**
   * Returns what {@link #awaitRelease} compares with.
   *
   * @return the number of releases so far
   */
  long releases() {
    return releases;
  }

  /**
   * Waits until the device may have room for what it has refused.
   *
   * @param since what {@link #releases} returned before it was asked
   * @param mine as above
   * @return false if nothing is under way any more that could make room
   */
  boolean awaitRelease(long since, int mine) {
    return awaitMore(() -> releases, since, mine, 0);
  }

  /** As {@link #awaitChange}, for who has called {@link #begin} and not ended yet. */
  boolean awaitChangeByOthers(long since) {
    return awaitMore(() -> changes, since, 0, 1);
  }

  private boolean awaitMore(LongSupplier count, long since, int myLaunches, int myPending) {
    monitor.lock();
    try {
      while (count.getAsLong() <= since && !isLost()) {
        if (pending.get() <= myPending && running <= myLaunches) {
          return false;
        }
        monitor.await();
      }
      return true;
    } finally {
      monitor.unlock();
    }
  }

  /** Has everybody who waits look again: the device is lost. */
  void wake() {
    monitor.lock();
    monitor.signalAll();
    monitor.unlock();
  }

  /** Waits until nothing is under way that concerns the device. */
  public void awaitQuiet() {
    monitor.lock();
    try {
      while (!isQuiet()) {
        monitor.await();
      }
    } finally {
      monitor.unlock();
    }
  }

  /**
   * Tells whether nothing is under way that concerns the device. If it is lost, no call of its MMU
   * is begun after that: who takes a claim later finds it lost before the call.
   *
   * @return true if so
   */
  public boolean isQuiet() {
    return pending.get() == 0;
  }

  /**
   * Takes the runs that are to go first.
   *
   * @param most how many
   * @return the runs, in order; none if there is none
   */
  List<Mapped> oldest(int most) {
    monitor.lock();
    try {
      return victims.take(most);
    } finally {
      monitor.unlock();
    }
  }

  /**
   * Puts the rest of a run back where it was taken from.
   *
   * @param run the rest
   */
  void putBack(Mapped run) {
    monitor.lock();
    victims.putBack(run);
    monitor.unlock();
  }

  /**
   * An eviction, which began with {@link #begin} and may have hidden runs from others, has ended.
   *
   * @param kept runs that could not be evicted now
   * @param evicted whether anything was evicted; if not, others need not try again what is put back
   */
  void endEviction(List<Mapped> kept, boolean evicted) {
    monitor.lock();
    victims.putLast(kept);
    finish(evicted, evicted);
    monitor.unlock();
  }

  /**
   * Tells what is under way.
   *
   * @return transitions and evictions, for tests
   */
  int pending() {
    return pending.get();
  }

  /**
   * Forgets a VMA that is gone.
   *
   * @param vma the VMA
   */
  public void forget(Vma vma) {
    monitor.lock();
    victims.forget(vma);
    monitor.unlock();
  }
}
