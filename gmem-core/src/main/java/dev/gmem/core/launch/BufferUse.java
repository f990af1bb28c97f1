package dev.gmem.core.launch;

import dev.gmem.Access;
import dev.gmem.core.engine.Vma;

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
    return address == vma.run(first(), first() + 1).address() ? first() : first() + 1;
  }

  /** Granule after the last that lies wholly in the buffer. */
  long innerEnd() {
    return address + bytes == vma.run(end() - 1, end()).end() ? end() : end() - 1;
  }

  /** Tells whether it reaches a granule that lies wholly in the other. */
  boolean overlapsInside(BufferUse other) {
    return vma == other.vma && first() < other.innerEnd() && other.innerFirst() < end();
  }

  boolean overlaps(BufferUse other) {
    return vma == other.vma && first() < other.end() && other.first() < end();
  }
}
