package dev.gmem.agent;

import dev.gmem.core.host.GateLevel;
import dev.gmem.core.host.GatedRegion;
import dev.gmem.core.host.HostFaults;
import java.lang.foreign.MemorySegment;
import jdk.internal.foreign.GmGateHandler;
import jdk.internal.foreign.GmRegion;

/** Joins a region of the gate to the core's faults. Thread rules are those of the interfaces. */
final class GatedMemory implements GatedRegion, GmGateHandler {
  private final HostFaults faults;
  private final Healer healer;
  private final GmRegion region;

  GatedMemory(long address, long bytes, HostFaults faults, Healer healer) {
    this.faults = faults;
    this.healer = healer;
    this.region = GmRegion.create(address, bytes, this);
  }

  @Override
  public MemorySegment segment() {
    return region.segment();
  }

  @Override
  public int tighten(GateLevel level) {
    if (level == GateLevel.OPEN) {
      return 0;
    }
    healer.disturbed();
    return region.tighten(level == GateLevel.WRITES);
  }

  @Override
  public int tightenLazily(GateLevel level) {
    return level == GateLevel.OPEN ? 0 : region.tightenLazily(level == GateLevel.WRITES);
  }

  @Override
  public void forgetAnswers() {
    region.forgetAnswers();
  }

  @Override
  public void loosen(GateLevel level) {
    if (level == GateLevel.OPEN) {
      region.open();
    } else if (level == GateLevel.WRITES) {
      region.gateWritesOnly();
    }
  }

  @Override
  public void openPinned() {
    region.openPinned();
  }

  @Override
  public int pins() {
    return region.pins();
  }

  @Override
  public void quiesce() {
    region.quiesce();
  }

  @Override
  public void close() {
    region.close();
  }

  @Override
  public boolean admits(long address, long bytes, boolean write) {
    return faults.admits(address, bytes, write);
  }

  @Override
  public long granuleBytes() {
    return faults.granuleBytes();
  }

  @Override
  public void fault(long address, long bytes, boolean write) {
    healer.disturbed();
    faults.fault(address, bytes, write);
  }

  @Override
  public void overwrites(long address, long bytes) {
    faults.overwrites(address, bytes);
  }

  @Override
  public void pin() {
    faults.pin();
  }
}
