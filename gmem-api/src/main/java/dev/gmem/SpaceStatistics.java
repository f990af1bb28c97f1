package dev.gmem;

import java.util.Map;

/**
 * What has happened in an address space.
 *
 * @param total the sums over all allocations, past ones included
 * @param waits CPU accesses that a revocation found under way, and waited for
 * @param pins times an allocation was pinned to the CPU
 * @param allocatedBytes bytes allocated now, rounded to granules
 * @param poisonedBytes bytes allocated now whose only valid copy has been lost with a device, and
 *     which nobody has overwritten or dropped since; {@link AddressSpace#residency} says where they
 *     are
 * @param bytesGivenBack bytes of host memory given back to the operating system while their
 *     contents were on devices ({@link SpaceOptions#retainedBytesMax})
 * @param tableBytes host memory that the page tables take now
 * @param gates regions of memory, of all spaces in this JVM, whose accesses pass a gate now
 * @param devices by identifier, in the order of attachment; detached ones stay
 */
public record SpaceStatistics(
    AllocationStatistics total,
    long waits,
    long pins,
    long allocatedBytes,
    long poisonedBytes,
    long bytesGivenBack,
    long tableBytes,
    int gates,
    Map<String, DeviceStatistics> devices) {}
