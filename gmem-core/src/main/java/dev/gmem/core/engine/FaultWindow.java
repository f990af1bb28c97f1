package dev.gmem.core.engine;

/**
 * How much a fault brings beside what it needs: a window that doubles while faults come in
 * ascending sequence, and falls back to one granule when they do not. Guarded by the VMA's monitor.
 */
final class FaultWindow {
  private static final long WINDOW_BYTES_MAX = 4 << 20;

  private final long granulesMax;
  private long next = -1;
  private long granules = 1;

  FaultWindow(int granuleBytes) {
    granulesMax = Math.max(1, WINDOW_BYTES_MAX / granuleBytes);
  }

  /**
   * Takes note of a fault.
   *
   * @param first first granule needed
   * @param end granule after the last one needed
   * @return the granule up to which to bring, at least {@code end}
   */
  long extend(long first, long end) {
    granules = first == next ? Math.min(2 * granules, granulesMax) : 1;
    next = Math.max(end, first + granules);
    return next;
  }

  /**
   * Takes note of how far a fault really came.
   *
   * @param end granule after the last one brought
   */
  void reached(long end) {
    next = end;
  }
}
