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
 */
public record AllocationStatistics(
    long hostReadFaults,
    long hostWriteFaults,
    long deviceFaults,
    long bytesToDevices,
    long bytesToHost,
    long revocations,
    long evictions,
    long prefetched) {
  /**
   * Counts all faults of the CPU.
   *
   * @return reads and writes
   */
  public long hostFaults() {
    return hostReadFaults + hostWriteFaults;
  }
}
