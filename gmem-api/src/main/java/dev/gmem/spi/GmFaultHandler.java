package dev.gmem.spi;

import dev.gmem.Access;

/** Serves the faults of devices (the RFC's {@code gm_dev_fault}). Implemented by the core. */
@FunctionalInterface
public interface GmFaultHandler {
  /**
   * Brings a range to a device. Returns once all of it has been mapped there; since others may take
   * it away at any time, the device makes its access again and faults again if need be.
   *
   * <p>Blocks. The caller must hold nothing that {@link GmMmu#peerMap} or {@link GmMmu#peerUnmap}
   * of its own device waits for.
   *
   * @param device the device that faults
   * @param address first byte needed
   * @param bytes how many, positive
   * @param access {@link Access#READ}, or anything else for a write
   * @throws dev.gmem.IllegalDeviceAccessException if the address is not allocated
   * @throws dev.gmem.DeviceException if the range cannot be brought in
   */
  void devFault(GmDevice device, long address, long bytes, Access access);
}
