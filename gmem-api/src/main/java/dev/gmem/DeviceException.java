package dev.gmem;

import dev.gmem.spi.GmStatus;

/**
 * A device could not do what memory management asked of it. Nothing is lost by it unless the
 * message says so: the valid copy is where {@link AddressSpace#residency} says.
 */
public class DeviceException extends GmemException {
  private static final long serialVersionUID = 1L;

  /** The device's identifier. */
  private final String deviceId;

  /** What it reported. */
  private final GmStatus status;

  /** First address concerned. */
  private final long address;

  /** Bytes concerned. */
  private final long bytes;

  /** State of the first granule, or null. */
  private final PageState state;

  /**
   * Makes one. The facts are appended to the message.
   *
   * @param rule what could not be done, and what to do about it
   * @param deviceId the device's identifier
   * @param status what it reported
   * @param address first address concerned
   * @param bytes bytes concerned
   * @param state state of the first granule concerned, or null if it has none
   * @param cause what led to it, or null
   */
  public DeviceException(
      String rule,
      String deviceId,
      GmStatus status,
      long address,
      long bytes,
      PageState state,
      Throwable cause) {
    super(rule + facts(deviceId, status, address, bytes, state), cause);
    this.deviceId = deviceId;
    this.status = status;
    this.address = address;
    this.bytes = bytes;
    this.state = state;
  }

  private static String facts(
      String deviceId, GmStatus status, long address, long bytes, PageState state) {
    String device = ": device=" + deviceId + " status=" + status;
    if (bytes == 0 && address == 0) {
      return device;
    }
    return device
        + " address=0x"
        + Long.toHexString(address)
        + " bytes="
        + bytes
        + (state != null
            ? " state=" + state
            : status == GmStatus.DEVICE_LOST ? "" : " state=unmapped");
  }

  /**
   * Returns the device's identifier.
   *
   * @return for instance {@code "sim0"}
   */
  public String deviceId() {
    return deviceId;
  }

  /**
   * Returns what the device reported.
   *
   * @return never {@link GmStatus#SUCCESS}
   */
  public GmStatus status() {
    return status;
  }

  /**
   * Returns where it happened.
   *
   * @return the first address concerned
   */
  public long address() {
    return address;
  }

  /**
   * Returns how much it concerns.
   *
   * @return bytes
   */
  public long bytes() {
    return bytes;
  }

  /**
   * Returns the state of the first granule concerned, before the operation and after it.
   *
   * @return the state, or null if the address is not allocated
   */
  public PageState state() {
    return state;
  }
}
