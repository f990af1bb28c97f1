package dev.gmem.spi;

import java.util.Optional;
import java.util.Set;

/**
 * A device (the RFC's {@code gm_dev}). Two methods have no default.
 *
 * <p>Life: made by its provider or by the user, {@link #attach attached} to one space, {@link
 * #detach detached} (nothing of it is mapped by then), {@link #close closed}. These calls come one
 * at a time.
 */
public interface GmDevice extends AutoCloseable {
  /**
   * Returns the identifier.
   *
   * @return unique among the devices of the machine, the provider's name first: {@code "sim0"}
   */
  String id();

  /**
   * Returns the memory management unit.
   *
   * @return always the same one
   */
  GmMmu mmu();

  /**
   * Describes the device for people.
   *
   * @return one line
   */
  default String description() {
    return id();
  }

  /**
   * Returns what the device can do. Constant while it is attached.
   *
   * @return the set; empty for a device that only holds memory
   */
  default Set<GmCapability> capabilities() {
    return Set.of();
  }

  /**
   * Returns how much memory the device offers (the RFC's {@code gm_dev_register_physmem}). The core
   * maps no more than this, and evicts when it is full or when {@link GmMmu#peerMap} says {@link
   * GmStatus#NOMEM}.
   *
   * @return bytes, positive
   */
  default long memoryBytes() {
    return Long.MAX_VALUE;
  }

  /**
   * Returns how the device shares ranges with others.
   *
   * @return {@link GmAttachMode#SHARE} if it is {@link GmCapability#HOST_COHERENT}, otherwise
   *     {@link GmAttachMode#REPLICATE} if it has {@link GmCapability#READ_ONLY_MAPPING}, otherwise
   *     {@link GmAttachMode#COHERENT_EXCLUSIVE}
   */
  default GmAttachMode attachMode() {
    if (capabilities().contains(GmCapability.HOST_COHERENT)) {
      return GmAttachMode.SHARE;
    }
    return capabilities().contains(GmCapability.READ_ONLY_MAPPING)
        ? GmAttachMode.REPLICATE
        : GmAttachMode.COHERENT_EXCLUSIVE;
  }

  /**
   * Joins an address space (the RFC's {@code gm_as_attach}).
   *
   * @param attachment what the device needs to know of the space
   * @throws IllegalStateException if the device is attached already
   */
  default void attach(GmAttachment attachment) {}

  /** Leaves its address space. Nothing is mapped and nothing runs any more. */
  default void detach() {}

  /**
   * Returns the part that runs kernels.
   *
   * @return empty for a device that only holds memory
   */
  default Optional<GmCompute> compute() {
    return Optional.empty();
  }

  /**
   * Lets the device go; a second call does nothing. One that is lost is not detached before, and
   * kernels may still run on it: they are ended, or waited for. Its programs are closed after it.
   */
  @Override
  default void close() {}
}
