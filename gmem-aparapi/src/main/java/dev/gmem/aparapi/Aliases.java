package dev.gmem.aparapi;

import dev.gmem.Argument;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory that the arrays of one launch have in common.
 *
 * <p>In Java two fields hold the same array, or arrays without a common element. Code is compiled
 * on that understanding, by Java's rules as by those of OpenCL C, which also trusts that memory has
 * one type and that what is constant does not change. So where an array is written, another may be
 * the same memory as a whole, with elements of the same type; then what is written through one
 * field is read through the other, on every device. What is only read may overlap as it likes.
 *
 * <p>Threads: one.
 */
final class Aliases {
  private record Held(KernelParameter.Array array, Argument.Buffer buffer) {
    MemorySegment segment() {
      return buffer.segment();
    }

    boolean isWritten() {
      return buffer.access().writes();
    }

    boolean isConstant() {
      return array.space() == KernelParameter.Space.CONSTANT;
    }

    boolean overlaps(Held other) {
      return segment().asOverlappingSlice(other.segment()).isPresent();
    }

    boolean isSame(Held other) {
      return segment().address() == other.segment().address()
          && segment().byteSize() == other.segment().byteSize();
    }
  }

  private final String kernel;
  private final List<Held> held = new ArrayList<>(4);

  Aliases(String kernel) {
    this.kernel = kernel;
  }

  /**
   * Adds an array.
   *
   * @throws IllegalArgumentException if it shares memory with another as no two arrays in Java do
   */
  void add(KernelParameter.Array array, Argument.Buffer buffer) {
    Held added = new Held(array, buffer);
    for (Held other : held) {
      if ((added.isWritten() || other.isWritten()) && added.overlaps(other)) {
        check(other, added);
      }
    }
    held.add(added);
  }

  private void check(Held first, Held second) {
    if (!first.isSame(second)) {
      throw refused(
          "arrays that overlap, one of them written, must be the same; bind one segment to both"
              + " fields, or segments that have nothing in common",
          first,
          second);
    }
    if (!first.array.element().equals(second.array.element())) {
      throw refused(
          "arrays in the same memory, one of them written, must have elements of the same type;"
              + " bind another segment to one of the fields",
          first,
          second);
    }
    if (first.isConstant() || second.isConstant()) {
      throw refused(
          "an array in constant memory must not be written through another field; remove the mark"
              + " of the field, or bind another segment to it",
          first,
          second);
    }
  }

  private IllegalArgumentException refused(String rule, Held first, Held second) {
    return new IllegalArgumentException(
        rule + ": kernel=" + kernel + describe(" first", first) + describe(" second", second));
  }

  private static String describe(String which, Held held) {
    return which
        + "="
        + held.array.field().getType().getComponentType().getTypeName()
        + "[] "
        + held.array.name()
        + " "
        + held.buffer.access()
        + " address=0x"
        + Long.toHexString(held.segment().address())
        + " bytes="
        + held.segment().byteSize();
  }
}
