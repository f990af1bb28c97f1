package dev.gmem.spi;

import dev.gmem.Access;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A device's memory management unit (the RFC's {@code gm_mmu}). Two methods have no default.
 *
 * <p>Called from many threads; never twice at a time for overlapping addresses. See the package for
 * what failure means.
 */
public interface GmMmu {
  /**
   * Reserves addresses for a new allocation (the RFC's {@code peer_va_alloc_fixed}). Called on
   * every device before the allocation is handed out; if one refuses, the others are told {@link
   * #peerVaFree} and another place is tried.
   *
   * @param range the whole allocation
   * @return {@link GmStatus#SUCCESS}; {@link GmStatus#PAGE_EXIST} if this device cannot use these
   *     addresses; {@link GmStatus#MIGRATING} if it is busy, and is to be asked again; {@link
   *     GmStatus#NOMEM} if it cannot take the allocation at all
   */
  default GmStatus peerVaAlloc(GmRange range) {
    return GmStatus.SUCCESS;
  }

  /**
   * As {@link #peerVaAlloc(GmRange)}, which it calls unless it is implemented, and also says in
   * which units the allocation is moved. This is the method that the core calls.
   *
   * @param range the whole allocation
   * @param granuleBytes what all runs of this allocation are multiples of, relative to its start: a
   *     power of two, at least that of the attachment; the start is a multiple of it, too
   * @return as above
   */
  default GmStatus peerVaAlloc(GmRange range, int granuleBytes) {
    return peerVaAlloc(range);
  }

  /**
   * Gives addresses back (the RFC's {@code peer_va_free}). Nothing of the range is mapped any more.
   *
   * @param range as it was reserved
   * @return {@link GmStatus#SUCCESS}, or why not
   */
  default GmStatus peerVaFree(GmRange range) {
    return GmStatus.SUCCESS;
  }

  /**
   * Finds room for a run, fills it, and only then makes it reachable for kernels (the RFC's {@code
   * peer_map}).
   *
   * @param mapping what to map, and how
   * @return {@link GmStatus#SUCCESS}; {@link GmStatus#NOMEM} if there is no room; {@link
   *     GmStatus#PAGE_EXIST}, {@link GmStatus#DMA_ERROR} or another failure: nothing of the run is
   *     mapped
   */
  GmStatus peerMap(GmMapping mapping);

  /**
   * Makes a run unreachable for kernels, waits until accesses under way are over, copies it out if
   * asked, and gives its room back (the RFC's {@code peer_unmap}).
   *
   * @param unmapping what to unmap
   * @return {@link GmStatus#SUCCESS}; on failure all of the run is still mapped, as it was
   */
  GmStatus peerUnmap(GmUnmapping unmapping);

  /**
   * As {@link #peerMap}, returning at once where the device can. The core issues several and waits
   * for all.
   *
   * @param mapping what to map, and how
   * @return completes with what {@link #peerMap} would have returned
   */
  default CompletionStage<GmStatus> peerMapAsync(GmMapping mapping) {
    return CompletableFuture.completedFuture(peerMap(mapping));
  }

  /**
   * As {@link #peerUnmap}, returning at once where the device can.
   *
   * @param unmapping what to unmap
   * @return completes with what {@link #peerUnmap} would have returned
   */
  default CompletionStage<GmStatus> peerUnmapAsync(GmUnmapping unmapping) {
    return CompletableFuture.completedFuture(peerUnmap(unmapping));
  }

  /**
   * Takes a run over from another device, which owns it, without the host: finds room, makes the
   * run unreachable for kernels of the other device and waits until their accesses are over, copies
   * it, maps it here for reading and writing, and gives its room there back. At no time can kernels
   * of both reach it. Called only if both have {@link GmCapability#PEER_COPY}; what is not done
   * this way goes by way of the host.
   *
   * @param move what to take, and from whom
   * @return {@link GmStatus#SUCCESS}; {@link GmStatus#NOMEM} if there is no room here; {@link
   *     GmStatus#UNIMPLEMENTED} if these two devices cannot; {@link GmStatus#DMA_ERROR} or another
   *     failure. Unless it is a success, all of the run is mapped on the other device, as it was,
   *     and nothing of it here
   */
  default GmStatus peerMove(GmMove move) {
    return GmStatus.UNIMPLEMENTED;
  }

  /**
   * As {@link #peerMove}, returning at once where the device can.
   *
   * @param move what to take, and from whom
   * @return completes with what {@link #peerMove} would have returned
   */
  default CompletionStage<GmStatus> peerMoveAsync(GmMove move) {
    return CompletableFuture.completedFuture(peerMove(move));
  }

  /**
   * Changes what kernels may do with a mapped run, without moving it. Where this is not implemented
   * the core unmaps and maps again.
   *
   * @param range a run that is mapped on this device
   * @param access {@link Access#READ} or {@link Access#READ_WRITE}
   * @return {@link GmStatus#SUCCESS}, or {@link GmStatus#UNIMPLEMENTED}
   */
  default GmStatus peerProtect(GmRange range, Access access) {
    return GmStatus.UNIMPLEMENTED;
  }

  /**
   * Copies bytes without changing any mapping.
   *
   * @param copy what to copy
   * @return {@link GmStatus#SUCCESS}, {@link GmStatus#DMA_ERROR}, or {@link GmStatus#UNIMPLEMENTED}
   */
  default GmStatus copy(GmCopy copy) {
    return GmStatus.UNIMPLEMENTED;
  }

  /**
   * Returns how long the transfers of mappings, unmappings and copies have taken since the device
   * was attached.
   *
   * @return the device's own measurement; empty if it makes none
   */
  default Optional<GmCopyTimes> copyTimes() {
    return Optional.empty();
  }

  /**
   * Drops cached translations of runs (the RFC's {@code tlb_invl} and {@code tlb_invl_coalesced}).
   * {@link #peerUnmap} and {@link #peerProtect} must do so themselves; this is for changes that the
   * device did not see.
   *
   * @param ranges ascending, not overlapping
   * @return {@link GmStatus#SUCCESS}, or why not
   */
  default GmStatus tlbInvalidate(List<GmRange> ranges) {
    return GmStatus.SUCCESS;
  }
}
