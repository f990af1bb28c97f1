package dev.gmem;

/**
 * What has happened on one device.
 *
 * @param faults faults the device took, and ranges its launches had to move
 * @param bytesIn bytes copied to it
 * @param bytesOut bytes copied back from it
 * @param bytesEvicted bytes taken off it for want of room
 * @param launches kernels started
 * @param kernelNanos time its kernels ran
 * @param residentBytes bytes it holds now
 */
public record DeviceStatistics(
    long faults,
    long bytesIn,
    long bytesOut,
    long bytesEvicted,
    long launches,
    long kernelNanos,
    long residentBytes) {}
