package dev.gmem.core.launch;

import dev.gmem.Access;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.engine.WholeGranules;

/**
 * A buffer of a launch, resolved.
 *
 * @param vma where it lies
 * @param address its first byte
 * @param bytes its length, positive
 * @param access what the kernel does with it
 * @param onHost whether the kernel finds it in the host frames, on a device that maps what else it
 *     uses
 */
record BufferUse(Vma vma, long address, long bytes, Access access, boolean onHost) {
  BufferUse(Vma vma, long address, long bytes, Access access) {
    this(vma, address, bytes, access, false);
  }

  /** The same, found in the host frames. */
  BufferUse inHostFrames() {
    return new BufferUse(vma, address, bytes, access, true);
  }

  long first() {
    return vma.granuleOf(address);
  }

  long end() {
    return vma.granuleEnd(address, bytes);
  }

  /** First granule that lies wholly in the buffer. */
  long innerFirst() {
    return WholeGranules.first(vma, address);
  }

  /** Granule after the last that lies wholly in the buffer. */
  long innerEnd() {
    return WholeGranules.end(vma, address, bytes);
  }

  /** Tells whether it reaches a granule that lies wholly in the other. */
  boolean overlapsInside(BufferUse other) {
    return vma == other.vma && first() < other.innerEnd() && other.innerFirst() < end();
  }

  boolean overlaps(BufferUse other) {
    return vma == other.vma && first() < other.end() && other.first() < end();
  }
}
