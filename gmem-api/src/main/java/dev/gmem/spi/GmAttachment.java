package dev.gmem.spi;

/**
 * What a device learns when it joins an address space.
 *
 * @param granuleBytes the granule of the space: all runs are multiples of it
 * @param node the device's node in the space, from 1
 * @param faults where its kernels' faults go
 */
public record GmAttachment(int granuleBytes, int node, GmFaultHandler faults) {}
