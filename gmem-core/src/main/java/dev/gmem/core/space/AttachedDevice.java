package dev.gmem.core.space;

import dev.gmem.Device;
import dev.gmem.KernelSource;
import dev.gmem.Program;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.launch.Programs;
import dev.gmem.spi.GmCapability;
import java.util.Set;

/** A device as users of a space see it. */
final class AttachedDevice implements Device {
  private final DeviceSlot slot;
  private final Programs programs;

  AttachedDevice(DeviceSlot slot, Programs programs) {
    this.slot = slot;
    this.programs = programs;
  }

  DeviceSlot slot() {
    return slot;
  }

  Programs programs() {
    return programs;
  }

  @Override
  public String id() {
    return slot.device().id();
  }

  @Override
  public String description() {
    return slot.device().description();
  }

  @Override
  public int node() {
    return slot.index() + 1;
  }

  @Override
  public Set<GmCapability> capabilities() {
    return slot.device().capabilities();
  }

  @Override
  public boolean isLost() {
    return slot.isLost();
  }

  @Override
  public long memoryBytes() {
    return slot.device().memoryBytes();
  }

  @Override
  public long quotaBytes() {
    return slot.quotaBytes();
  }

  @Override
  public long residentBytes() {
    return slot.usedBytes();
  }

  @Override
  public Program load(KernelSource source) {
    return programs.load(this, source);
  }

  @Override
  public String toString() {
    return id() + " (" + description() + ")";
  }
}
