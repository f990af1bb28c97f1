package dev.gmem.spi;

/** What an SPI call came to (the RFC's {@code gm_ret_t}). */
public enum GmStatus {
  /** Done. */
  SUCCESS,
  /** The device has no room; the caller may evict and try again. */
  NOMEM,
  /** A page of the range is mapped already; nothing was changed. */
  PAGE_EXIST,
  /** Bytes could not be moved; nothing was changed. */
  DMA_ERROR,
  /** The device is moving the range itself; try again. */
  MIGRATING,
  /**
   * The device is gone, with all that it held, and will never do anything again. Said of the device
   * that was called, not of a peer.
   */
  DEVICE_LOST,
  /** The device does not have this operation. */
  UNIMPLEMENTED,
  /** Anything else; nothing was changed. */
  FAILURE_UNKNOWN
}
