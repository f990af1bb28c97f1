package dev.gmem.core.launch;

import dev.gmem.core.engine.Vma;
import java.lang.foreign.MemorySegment;

/** What launches need to know of the space. */
@FunctionalInterface
public interface SpaceView {
  /**
   * Finds the VMA of a segment.
   *
   * @param segment a segment that must be unified memory of this space
   * @param what how to call it in an error
   * @return its VMA
   * @throws IllegalArgumentException if it is not of this space, or empty
   * @throws IllegalStateException if its arena is closed
   */
  Vma resolve(MemorySegment segment, String what);
}
