package dev.gmem.spi;

/** How a device shares a range with the others. */
public enum GmAttachMode {
  /** One node at a time: a device's read takes the range away from the CPU, too. */
  COHERENT_EXCLUSIVE,
  /** Reads make replicas; a write invalidates all others. */
  REPLICATE,
  /** The device works on the host frames; nothing moves. */
  SHARE
}
