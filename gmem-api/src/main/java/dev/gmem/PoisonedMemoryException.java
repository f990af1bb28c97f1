package dev.gmem;

import dev.gmem.spi.GmStatus;

/**
 * The only valid copy of a range was lost with its device. Every access throws this until whole
 * granules of it have been overwritten, their contents have been dropped ({@link Advice#dontNeed},
 * after which they are zeros), or the memory is given back.
 *
 * <p>A program that has the data once more says so by {@link AddressSpace#copy}, from any memory.
 * {@link java.lang.foreign.MemorySegment#fill} does it, too, and a launch that {@linkplain
 * Access#OVERWRITE overwrites}, once it has succeeded. Granules that are covered in part stay lost,
 * and so do those of an overwriting that fails. Code that writes the elements of a granule one by
 * one, or by {@code MemorySegment.copy}, cannot say that it will write all of them: each such write
 * throws this.
 */
public class PoisonedMemoryException extends DeviceException {
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
  public PoisonedMemoryException(
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
