package dev.gmem;

/**
 * What has happened to one allocation.
 *
 * @param hostReadFaults faults that CPU reads took
 * @param hostWriteFaults faults that CPU writes took
 * @param deviceFaults faults that devices took, and ranges that launches had to move
 * @param bytesToDevices bytes copied to devices
 * @param bytesToHost bytes copied to the host
 * @param revocations times the CPU's access was taken away by a handshake
 * @param evictions bytes evicted from devices for want of room
 * @param prefetched bytes that came along with faults, beside the granules that were touched: see
 *     {@link PrefetchPolicy}. Those that had to be copied are counted above, too
 * @param bounces times that a fault took a granule from a node which had taken it in the same way a
 *     moment before, and so on: if these are many, nodes use it at the same time
 * @param rests faults that were made to wait for such a granule, so that who had it could use it
 *     ({@link SpaceOptions#residencyNanosMin})
 */
public record AllocationStatistics(
    long hostReadFaults,
    long hostWriteFaults,
    long deviceFaults,
    long bytesToDevices,
    long bytesToHost,
    long revocations,
    long evictions,
    long prefetched,
    long bounces,
    long rests) {
  /**
   * Counts all faults of the CPU.
   *
   * @return reads and writes
   */
  public long hostFaults() {
    return hostReadFaults + hostWriteFaults;
  }
}
