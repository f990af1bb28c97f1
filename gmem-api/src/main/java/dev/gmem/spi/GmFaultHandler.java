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

  /**
   * Says that a device is lost, with all that it holds; so does any call that comes to {@link
   * GmStatus#DEVICE_LOST}, and a kernel that ends with a {@link GmStatusException} of it. The core
   * begins no more calls of the device but {@link GmDevice#close} and {@link GmProgram#close}; one
   * may come that had been decided on before. Calls and kernels that had begun must end all the
   * same, in whatever way: until then the host frames that they were given belong to them.
   *
   * <p>Returns soon, and may be called from anywhere, more than once. By default nothing happens.
   *
   * @param device the device that is lost
   * @param cause what has happened, or null
   */
  default void deviceLost(GmDevice device, Throwable cause) {}
}
