package dev.gmem.spi;

import dev.gmem.Access;
import java.lang.foreign.MemorySegment;

/**
 * What {@link GmMmu#peerMap} is asked to do.
 *
 * @param range the run to map; none of it is mapped on this device
 * @param host the host frames of the run: same length, readable during the call (until its
 *     completion, if asynchronous). Not subject to faults.
 * @param copy true: the device must see the bytes of {@code host}; false: it must see zeros, or, if
 *     {@code access} is {@link Access#OVERWRITE}, anything
 * @param access {@link Access#READ}: a replica that is only read; otherwise the device becomes the
 *     owner
 */
public record GmMapping(GmRange range, MemorySegment host, boolean copy, Access access) {}
