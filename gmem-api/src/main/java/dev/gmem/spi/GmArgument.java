package dev.gmem.spi;

import dev.gmem.Access;
import java.util.List;

/** An argument of a launch, checked and resolved by the core. */
public sealed interface GmArgument {
  /**
   * Unified memory.
   *
   * @param allocation the allocation it lies in, as passed to {@link GmMmu#peerVaAlloc}
   * @param address its first byte, of any alignment
   * @param bytes its length
   * @param access what the kernel does with it
   */
  record Buffer(GmRange allocation, long address, long bytes, Access access)
      implements GmArgument {}

  /**
   * A scalar.
   *
   * @param value a boxed primitive
   */
  record Scalar(Object value) implements GmArgument {}

  /**
   * A vector.
   *
   * @param components boxed primitives of one type; 2, 3, 4, 8 or 16 of them
   */
  record Vector(List<Object> components) implements GmArgument {
    /** Copies the list. */
    public Vector {
      components = List.copyOf(components);
    }
  }

  /**
   * Memory local to a work group.
   *
   * @param bytes its size
   */
  record Local(long bytes) implements GmArgument {}
}
