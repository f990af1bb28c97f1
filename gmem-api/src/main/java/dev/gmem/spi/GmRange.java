package dev.gmem.spi;

/**
 * A run of unified addresses.
 *
 * @param address of its first byte, a multiple of the granule of its allocation
 * @param bytes its length, a positive multiple of that granule
 */
public record GmRange(long address, long bytes) {
  /** Rejects empty and overflowing runs. */
  public GmRange {
    if (bytes <= 0 || address < 0 || address + bytes < 0) {
      throw new IllegalArgumentException(
          "a run must be positive and must not overflow: address=0x"
              + Long.toHexString(address)
              + " bytes="
              + bytes);
    }
  }

  /**
   * Returns the end of the run.
   *
   * @return the first address after it
   */
  public long end() {
    return address + bytes;
  }
}
