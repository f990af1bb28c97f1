package dev.gmem.spi;

/**
 * What a device learns when it joins an address space.
 *
 * @param granuleBytes what the addresses and lengths of all runs are multiples of. An allocation
 *     may be moved in larger units; {@link GmMmu#peerVaAlloc(GmRange, int)} says so
 * @param node the device's node in the space, from 1
 * @param faults where its kernels' faults go
 */
public record GmAttachment(int granuleBytes, int node, GmFaultHandler faults) {}
