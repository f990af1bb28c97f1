package dev.gmem;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** A kernel argument that says more than its value does. */
public sealed interface Argument {
  /**
   * A unified segment together with what the kernel does to it. The mode may narrow what the kernel
   * itself declares, never widen it.
   *
   * @param segment unified memory
   * @param access what the kernel does with it
   */
  record Buffer(MemorySegment segment, Access access) implements Argument {
    /** Rejects nulls. */
    public Buffer {
      Objects.requireNonNull(segment, "segment");
      Objects.requireNonNull(access, "access");
    }
  }

  /**
   * Memory local to a work group.
   *
   * @param bytes its size, positive
   */
  record Local(long bytes) implements Argument {
    /** Rejects sizes below one. */
    public Local {
      if (bytes <= 0) {
        throw new IllegalArgumentException("local memory must be positive: bytes=" + bytes);
      }
    }
  }

  /**
   * The kernel only reads the segment.
   *
   * @param segment unified memory
   * @return the argument
   */
  static Argument read(MemorySegment segment) {
    return new Buffer(segment, Access.READ);
  }

  /**
   * The kernel reads and writes the segment.
   *
   * @param segment unified memory
   * @return the argument
   */
  static Argument readWrite(MemorySegment segment) {
    return new Buffer(segment, Access.READ_WRITE);
  }

  /**
   * The kernel writes every byte of the segment and reads none before: old contents do not move.
   *
   * @param segment unified memory
   * @return the argument
   */
  static Argument overwrite(MemorySegment segment) {
    return new Buffer(segment, Access.OVERWRITE);
  }

  /**
   * Memory local to a work group.
   *
   * @param bytes its size, positive
   * @return the argument
   */
  static Argument local(long bytes) {
    return new Local(bytes);
  }
}
