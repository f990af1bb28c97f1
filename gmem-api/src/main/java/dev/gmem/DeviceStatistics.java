package dev.gmem;

/**
 * What has happened on one device. Times are the device's own where it measures them; those of
 * transfers that overlap add up.
 *
 * @param faults faults the device took, and ranges its launches had to move
 * @param bytesIn bytes copied to it from the host
 * @param bytesOut bytes copied back from it to the host
 * @param bytesFromPeers bytes copied to it straight from other devices
 * @param copyInNanos time the copies to it took
 * @param copyOutNanos time the copies back from it took
 * @param bytesEvicted bytes taken off it for want of room
 * @param bytesReclaimed those of them that were taken in the background, before anybody had to wait
 * @param bytesLost bytes whose only valid copy was lost with it
 * @param bytesRefaulted bytes that came back before as much as the quota had been evicted since
 *     they went: if these are many, the device is thrashing
 * @param bytesKept bytes, at most, that are evicted last now, because they came back like that
 * @param launches kernels started
 * @param kernelNanos time its kernels ran
 * @param residentBytes bytes it holds now
 * @param quotaBytes bytes it may hold now; {@link Long#MAX_VALUE} if nothing bounds them
 * @param lost whether it is lost, and does nothing any more
 */
public record DeviceStatistics(
    long faults,
    long bytesIn,
    long bytesOut,
    long bytesFromPeers,
    long copyInNanos,
    long copyOutNanos,
    long bytesEvicted,
    long bytesReclaimed,
    long bytesLost,
    long bytesRefaulted,
    long bytesKept,
    long launches,
    long kernelNanos,
    long residentBytes,
    long quotaBytes,
    boolean lost) {
  /**
   * Makes the statistics of a device whose copies nobody times, and nothing bounds.
   *
   * @param faults faults the device took, and ranges its launches had to move
   * @param bytesIn bytes copied to it
   * @param bytesOut bytes copied back from it
   * @param bytesEvicted bytes taken off it for want of room
   * @param launches kernels started
   * @param kernelNanos time its kernels ran
   * @param residentBytes bytes it holds now
   */
  public DeviceStatistics(
      long faults,
      long bytesIn,
      long bytesOut,
      long bytesEvicted,
      long launches,
      long kernelNanos,
      long residentBytes) {
    this(
        faults,
        bytesIn,
        bytesOut,
        0,
        0,
        0,
        bytesEvicted,
        0,
        0,
        0,
        0,
        launches,
        kernelNanos,
        residentBytes,
        Long.MAX_VALUE,
        false);
  }
}
