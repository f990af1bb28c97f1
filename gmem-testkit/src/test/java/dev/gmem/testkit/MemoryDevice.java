package dev.gmem.testkit;

import dev.gmem.Access;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.util.List;

/** Memory without kernels and without a flaw, whose faults a test makes by hand. */
public final class MemoryDevice implements GmDevice, GmMmu {
  /** The granule that tests of it use. */
  public static final int GRANULE_BYTES = 4096;

  private final FlawedDevice memory = new FlawedDevice(FlawedDevice.Flaw.NONE);
  private GmAttachment attachment;
  private GmCopy lastCopy;

  /** Takes a fault. */
  public void fault(long address, Access access) {
    attachment.faults().devFault(this, address, 1, access);
  }

  /** How many granules are mapped. */
  public int mapped() {
    return memory.mapped();
  }

  /** The last copy that was asked for. */
  public GmCopy lastCopy() {
    return lastCopy;
  }

  @Override
  public String id() {
    return "memory0";
  }

  @Override
  public GmMmu mmu() {
    return this;
  }

  @Override
  public void attach(GmAttachment to) {
    attachment = to;
    memory.attach(to);
  }

  @Override
  public GmStatus peerMap(GmMapping mapping) {
    return memory.peerMap(mapping);
  }

  @Override
  public GmStatus peerUnmap(GmUnmapping unmapping) {
    return memory.peerUnmap(unmapping);
  }

  @Override
  public GmStatus peerProtect(GmRange range, Access access) {
    return memory.peerProtect(range, access);
  }

  @Override
  public GmStatus copy(GmCopy copy) {
    lastCopy = copy;
    return copy instanceof GmCopy.DeviceToDevice ? GmStatus.UNIMPLEMENTED : memory.copy(copy);
  }

  @Override
  public GmStatus tlbInvalidate(List<GmRange> ranges) {
    return GmStatus.SUCCESS;
  }
}
