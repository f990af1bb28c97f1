package dev.gmem;

import dev.gmem.spi.GmStatus;

/** A device has no room for a range, and nothing on it could be evicted. */
public class DeviceMemoryExhaustedException extends DeviceException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param rule what could not be done, and what to do about it
   * @param deviceId the device's identifier
   * @param status what it reported
   * @param address first address concerned
   * @param bytes bytes concerned
   * @param state state of the first granule concerned, or null if it has none
   * @param cause what led to it, or null
   */
  public DeviceMemoryExhaustedException(
      String rule,
      String deviceId,
      GmStatus status,
      long address,
      long bytes,
      PageState state,
      Throwable cause) {
    super(rule, deviceId, status, address, bytes, state, cause);
  }
}
