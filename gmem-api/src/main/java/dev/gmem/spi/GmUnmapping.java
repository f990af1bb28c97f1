package dev.gmem.spi;

import java.lang.foreign.MemorySegment;

/**
 * What {@link GmMmu#peerUnmap} is asked to do.
 *
 * @param range the run to unmap; all of it is mapped on this device
 * @param host the host frames of the run: same length, writable during the call (until its
 *     completion, if asynchronous). Not subject to faults.
 * @param copy true: the device's bytes must be in {@code host} afterwards; false: they are dropped
 */
public record GmUnmapping(GmRange range, MemorySegment host, boolean copy) {}
