/**
 * What a device plugin implements.
 *
 * <p>A plugin is a {@link dev.gmem.spi.GmDeviceProvider} found by {@link java.util.ServiceLoader};
 * it offers {@link dev.gmem.spi.GmDevice}s; each has a {@link dev.gmem.spi.GmMmu} that maps, unmaps
 * and copies, and, if it computes, a {@link dev.gmem.spi.GmCompute}. Names follow Linux's GMEM RFC
 * (W. Zhu, "Generalized Memory Management", November 2023): {@code gm_dev}, {@code gm_mmu}, {@code
 * peer_va_alloc_fixed}, {@code peer_va_free}, {@code peer_map}, {@code peer_unmap}, {@code
 * gm_dev_fault}.
 *
 * <p><b>Division of labour.</b> The core knows where every granule lives and decides what moves; a
 * device knows how to hold, copy and reach bytes. The core never calls a device while it holds a
 * lock that another device or a CPU access could need. It never has two calls under way that
 * overlap in addresses; calls on disjoint ranges come from many threads at a time.
 *
 * <p><b>Runs.</b> Every range is a run of whole granules of one allocation; the core coalesces, the
 * device must not split.
 *
 * <p><b>Failure.</b> A call that does not return {@link dev.gmem.spi.GmStatus#SUCCESS} has changed
 * nothing that can be seen. A call that throws counts as {@link
 * dev.gmem.spi.GmStatus#FAILURE_UNKNOWN} with that cause.
 */
package dev.gmem.spi;
