package dev.gmem.core.engine;

import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.sync.LockRank;
import dev.gmem.core.sync.Monitor;
import dev.gmem.spi.GmRange;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/** The VMAs of a space by address. Look-ups take no lock. */
public final class VmaMap {
  private final ConcurrentSkipListMap<Long, Vma> byAddress = new ConcurrentSkipListMap<>();
  private final HostPlatform platform;
  private final Monitor.Factory monitors;

  /**
   * Makes an empty map.
   *
   * @param platform gates the memory
   * @param monitors makes the monitors of VMAs
   */
  public VmaMap(HostPlatform platform, Monitor.Factory monitors) {
    this.platform = platform;
    this.monitors = monitors;
  }

  /**
   * Makes a VMA of committed memory and enters it.
   *
   * @param range its addresses
   * @param options what has been chosen for it
   * @param engine serves its faults
   * @param told the devices that have been told of it
   * @param backing the file that has its contents, or null
   * @return the VMA, open
   */
  public Vma enter(
      GmRange range,
      VmaOptions options,
      FaultEngine engine,
      Collection<DeviceSlot> told,
      Backing backing) {
    Vma vma = new Vma(range, options, monitors.create(LockRank.VMA));
    vma.region(platform.gate(range.address(), range.bytes(), engine.faultsOf(vma)));
    told.forEach(vma::announce);
    if (backing != null) {
      vma.back(backing);
    }
    byAddress.put(range.address(), vma);
    return vma;
  }

  /**
   * Removes a VMA.
   *
   * @param vma a closed VMA
   */
  public void remove(Vma vma) {
    byAddress.remove(vma.address());
  }

  /**
   * Finds the VMA of an address.
   *
   * @param address any address
   * @return the VMA, or null
   */
  public Vma find(long address) {
    Map.Entry<Long, Vma> entry = byAddress.floorEntry(address);
    return entry != null && address - entry.getKey() < entry.getValue().bytes()
        ? entry.getValue()
        : null;
  }

  /**
   * Returns all VMAs.
   *
   * @return a view, weakly consistent
   */
  public Collection<Vma> all() {
    return byAddress.values();
  }
}
