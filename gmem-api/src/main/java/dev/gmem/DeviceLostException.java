package dev.gmem;

import dev.gmem.spi.GmStatus;

/**
 * A device is lost: it has said so, or the program has {@linkplain AddressSpace#abandon abandoned}
 * it. What only it had is lost with it, and access to that throws {@link PoisonedMemoryException};
 * everything else goes on without it.
 */
public class DeviceLostException extends DeviceException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param rule what could not be done, and what to do about it
   * @param deviceId the device's identifier
   * @param address first address concerned, or 0
   * @param bytes bytes concerned, or 0
   * @param cause what led to it, or null
   */
  public DeviceLostException(
      String rule, String deviceId, long address, long bytes, Throwable cause) {
    super(rule, deviceId, GmStatus.DEVICE_LOST, address, bytes, null, cause);
  }
}
