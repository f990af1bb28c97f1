package dev.gmem.agent;

import dev.gmem.core.host.GatedRegion;
import dev.gmem.core.host.HostFaults;
import dev.gmem.core.host.HostPlatform;
import java.lang.foreign.MemorySegment;
import jdk.internal.foreign.GmCounters;
import jdk.internal.foreign.GmRegion;
import jdk.internal.vm.Continuation;

/** What the core needs of the JVM, from the gate and from the operating system. */
final class JdkHostPlatform implements HostPlatform {
  private final Healer healer;
  private final long waitsAtInstall;

  JdkHostPlatform(Healer healer, long waitsAtInstall) {
    this.healer = healer;
    this.waitsAtInstall = waitsAtInstall;
  }

  @Override
  public long reserve(long bytes, long alignmentBytes) {
    return VirtualMemory.reserve(bytes, alignmentBytes);
  }

  @Override
  public void unreserve(long address, long bytes) {
    VirtualMemory.unreserve(address, bytes);
  }

  @Override
  public void commit(long address, long bytes) {
    VirtualMemory.commit(address, bytes);
  }

  @Override
  public void decommit(long address, long bytes) {
    VirtualMemory.decommit(address, bytes);
  }

  @Override
  public void discard(long address, long bytes) {
    VirtualMemory.discard(address, bytes);
  }

  @Override
  public void moveFrames(long from, long to, long bytes) {
    VirtualMemory.move(from, to, bytes);
  }

  @Override
  public boolean touched(long address, long bytes) {
    return PageMap.touched(address, bytes);
  }

  @Override
  public MemorySegment raw(long address, long bytes) {
    return GmRegion.ungated(address, bytes);
  }

  @Override
  public GatedRegion gate(long address, long bytes, HostFaults faults) {
    return new GatedMemory(address, bytes, faults, healer);
  }

  @Override
  public void enterClaim() {
    if (Thread.currentThread().isVirtual()) {
      Continuation.pin();
    }
  }

  @Override
  public void leaveClaim() {
    if (Thread.currentThread().isVirtual()) {
      Continuation.unpin();
    }
  }

  @Override
  public long waits() {
    return GmCounters.sum(GmCounters.WAITS) - waitsAtInstall;
  }

  @Override
  public int gates() {
    return GmRegion.count();
  }
}
