package dev.gmem.core.testing;

import dev.gmem.Device;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.SpaceOptions;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.EngineProbe;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.space.Space;
import dev.gmem.core.space.SpaceProbe;
import dev.gmem.core.sync.LockRank;
import dev.gmem.core.sync.Monitor;
import dev.gmem.core.sync.RankedMonitor;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.testing.FakeHost.Flaw;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A small space on fakes: with real threads, or as a run of an {@link Explorer}. Granules are of 4
 * KiB.
 */
public final class Stage implements Explorer.Run, AutoCloseable {
  /** The granule. */
  public static final int GRANULE = 4096;

  /** Little to reserve, and small granules. */
  public static final SpaceOptions OPTIONS =
      SpaceOptions.defaults()
          .withGranuleBytes(GRANULE)
          .withReservedBytes(SpaceOptions.GRANULE_BYTES_MAX);

  private final Schedule schedule;
  private final FakeHost host;
  private final Space space;
  private final Arena arena;
  private final List<FakeDevice> fakes = new ArrayList<>();
  private final List<Device> devices = new ArrayList<>();
  private final Map<Long, Integer> permissions = new HashMap<>();
  private final int structureObject;
  private int lastStructure;
  private final Map<Integer, Long> counters = new HashMap<>();
  private final Map<DeviceSlot, Long> used = new HashMap<>();

  /** Makes a space with real threads and monitors. */
  public Stage() {
    this(OPTIONS);
  }

  /**
   * Makes a space with real threads and monitors.
   *
   * @param options its layout
   */
  public Stage(SpaceOptions options) {
    this(Schedule.FREE, RankedMonitor::new, Flaw.NONE, options);
  }

  /**
   * Makes a run.
   *
   * @param scheduler decides who goes on
   * @param flaw what is wrong with the host
   */
  public Stage(Scheduler scheduler, Flaw flaw) {
    this(scheduler, scheduler, flaw, OPTIONS);
  }

  private Stage(Schedule schedule, Monitor.Factory monitors, Flaw flaw, SpaceOptions options) {
    this.schedule = schedule;
    this.structureObject = schedule.object("structure");
    this.host = new FakeHost(schedule, flaw);
    this.space = new Space(options, host, monitors);
    this.arena = space.arena();
  }

  /** The host. */
  public FakeHost host() {
    return host;
  }

  /** The space. */
  public Space space() {
    return space;
  }

  /** An arena of it. */
  public Arena arena() {
    return arena;
  }

  /** Makes a device that is to be attached. */
  public FakeDevice fake(String id) {
    return new FakeDevice(id, host);
  }

  /** Attaches a device. */
  public Device attach(FakeDevice fake) {
    Device device = space.attach(fake);
    fakes.add(fake);
    devices.add(device);
    return device;
  }

  /** Makes and attaches a device that replays faults. */
  public FakeDevice device(String id) {
    FakeDevice fake = fake(id);
    attach(fake);
    return fake;
  }

  /** Makes a device that computes but cannot fault; it is to be attached. */
  public FakeDevice faultless(String id) {
    return fake(id).without(GmCapability.REPLAYABLE_FAULTS);
  }

  /** The device as users see it. */
  public Device view(FakeDevice fake) {
    return devices.get(fakes.indexOf(fake));
  }

  /** Allocates granules. */
  public MemorySegment granules(int count) {
    return arena.allocate((long) count * GRANULE, GRANULE);
  }

  /** Loads a kernel: {@code "k READ WRITE"}. */
  public Kernel kernel(FakeDevice fake, String source) {
    return view(fake).load(KernelSource.openCl(source)).kernel(source.split(" ")[0]);
  }

  /** The state of a granule and who has it, for people and tests. */
  public String state(MemorySegment segment, int granule) {
    var extent = space.residency(segment.asSlice((long) granule * GRANULE, 1)).extents().getFirst();
    return extent.state() + (extent.devices().isEmpty() ? "" : extent.devices().toString());
  }

  // ---- checks ----

  @Override
  public void afterStep(boolean touched) {
    List<DeviceSlot> slots = SpaceProbe.slots(space);
    if (touched) {
      SpaceProbe.check(space, slots);
    }
    int structure = SpaceProbe.structure(space);
    schedule.reads(structureObject);
    if (structure != lastStructure) {
      schedule.writes(structureObject);
      lastStructure = structure;
    }
    slots.forEach(this::checkQuota);
    // What changes without a monitor is a part of what the step has touched, too.
    for (DeviceSlot slot : slots) {
      Long before = counters.put(slot.index(), EngineProbe.counters(slot));
      if (before != null && before != EngineProbe.counters(slot)) {
        schedule.writes(schedule.object(LockRank.DEVICE + "-" + slot.index()));
      }
    }
    if (!touched) {
      return;
    }
    for (Vma vma : SpaceProbe.vmas(space)) {
      for (long granule = 0; granule < EngineProbe.granules(vma); granule++) {
        long address = vma.address() + granule * GRANULE;
        int now = EngineProbe.permissions(vma, granule);
        Integer before = permissions.put(address, now);
        if (before != null && before != now) {
          schedule.writes(schedule.object("permissions " + address));
        }
      }
    }
  }

  /** A quota that has become smaller may be exceeded, but not by ever more. */
  private void checkQuota(DeviceSlot slot) {
    long now = slot.usedBytes();
    Long before = used.put(slot, now);
    if (now < 0 || now > slot.quotaBytes() && (before == null || now > before)) {
      throw new AssertionError("usedBytes=" + now + " of " + slot.quotaBytes());
    }
  }

  @Override
  public void atEnd() {
    SpaceProbe.checkAtRest(space);
    host.reference().forEach(this::checkByte);
  }

  private void checkByte(long address, byte expected) {
    for (Vma vma : SpaceProbe.vmas(space)) {
      if (address < vma.address() || address >= vma.range().end() || vma.isClosed()) {
        continue;
      }
      long entry = EngineProbe.entry(vma, vma.granuleOf(address));
      boolean blank = GranuleEntry.blank(entry);
      if (GranuleEntry.unread(entry)) {
        continue; // its file has the bytes
      }
      if (GranuleEntry.poisoned(entry)) {
        continue; // nobody has them
      }
      boolean valid = GranuleEntry.onHost(entry);
      if (valid && (byte) host.peek(address, 1) != expected) {
        throw new AssertionError("the host has lost a byte: " + Long.toHexString(address));
      }
      for (FakeDevice fake : fakes) {
        if (!blank
            && !fake.isDead()
            && fake.maps(address & -GRANULE)
            && fake.peek(address) != expected) {
          throw new AssertionError(fake.id() + " has lost a byte: " + Long.toHexString(address));
        }
      }
    }
  }

  @Override
  public void close() {
    space.close();
  }
}
