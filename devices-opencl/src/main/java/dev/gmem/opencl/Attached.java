package dev.gmem.opencl;

/**
 * What a device has while it is attached.
 *
 * @param session its context and lanes
 * @param mmu its memory
 * @param access how its kernels reach host memory
 * @param zeroCopy whether nothing ever moves
 */
record Attached(Session session, OpenClMmu mmu, HostAccess access, boolean zeroCopy) {}
