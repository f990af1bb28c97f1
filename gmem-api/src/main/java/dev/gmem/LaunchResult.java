package dev.gmem;

/**
 * What a launch took.
 *
 * @param kernelNanos time the kernel ran on the device
 * @param copyInNanos time spent moving data to the device before it started; what moves by faults
 *     while it runs is in {@code kernelNanos}
 * @param bytesIn bytes moved to the device before it started
 */
public record LaunchResult(long kernelNanos, long copyInNanos, long bytesIn) {}
