package dev.gmem.aparapi;

/** What becomes of products of floating-point numbers that a kernel adds to something. */
public enum Products {
  /** They are rounded before they are added, as in Java. */
  ROUNDED,

  /**
   * OpenCL devices may add them as they are, by one instruction for both. That is faster on many,
   * and results differ from Java's by what was not rounded.
   */
  FUSED
}
