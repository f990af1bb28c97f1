package dev.gmem.sim;

/**
 * What a simulated device has done since it was built. A snapshot; exact when nothing is under way.
 *
 * @param maps successful calls of {@code peerMap} and its asynchronous form
 * @param unmaps successful calls of {@code peerUnmap} and its asynchronous form
 * @param protects successful calls of {@code peerProtect}
 * @param copies successful calls of {@code copy}
 * @param bytesToDevice bytes moved from the host, by mapping or copying
 * @param bytesToHost bytes moved to the host, by unmapping or copying; zeros of pages that were
 *     never written are not moved
 * @param bytesBetweenDevices bytes that copies moved within this device, or to it from a peer
 * @param readFaults faults of loads
 * @param writeFaults faults of stores and atomic operations
 * @param tlbHits accesses that the TLBs served
 * @param tlbMisses accesses that walked the page table
 * @param shootdowns times that all TLBs were dropped
 * @param launches launches that ended, in success or failure
 * @param mappedBytes bytes mapped now
 * @param frameBytes bytes of this machine's memory in use for frames now
 */
public record SimStatistics(
    long maps,
    long unmaps,
    long protects,
    long copies,
    long bytesToDevice,
    long bytesToHost,
    long bytesBetweenDevices,
    long readFaults,
    long writeFaults,
    long tlbHits,
    long tlbMisses,
    long shootdowns,
    long launches,
    long mappedBytes,
    long frameBytes) {
  /**
   * Returns the number of faults.
   *
   * @return those of reads and writes
   */
  public long faults() {
    return readFaults + writeFaults;
  }
}
