package dev.gmem;

/**
 * What a launch took. Times are the device's own where it measures them.
 *
 * @param kernelNanos time the kernel ran on the device
 * @param copyInNanos time spent moving data to the device before it started; what moves by faults
 *     while it runs is in {@code kernelNanos}
 * @param copyOutNanos time spent moving data off the device before it started, to make room for the
 *     launch
 * @param bytesIn bytes moved to the device, from wherever, before it started
 */
public record LaunchResult(long kernelNanos, long copyInNanos, long copyOutNanos, long bytesIn) {
  /**
   * Makes the result of a launch that moved nothing off its device.
   *
   * @param kernelNanos time the kernel ran on the device
   * @param copyInNanos time spent moving data to the device before it started
   * @param bytesIn bytes moved to the device before it started
   */
  public LaunchResult(long kernelNanos, long copyInNanos, long bytesIn) {
    this(kernelNanos, copyInNanos, 0, bytesIn);
  }
}
