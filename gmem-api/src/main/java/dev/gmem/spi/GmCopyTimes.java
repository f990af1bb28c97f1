package dev.gmem.spi;

/**
 * How long a device's transfers have taken, by its own clock. Those that overlap add up.
 *
 * @param inNanos those to the device
 * @param outNanos those to the host
 */
public record GmCopyTimes(long inNanos, long outNanos) {
  /**
   * Returns what has come since.
   *
   * @param before an earlier measurement of the same device
   * @return the differences
   */
  public GmCopyTimes since(GmCopyTimes before) {
    return new GmCopyTimes(inNanos - before.inNanos, outNanos - before.outNanos);
  }
}
