package dev.gmem.aparapi;

import dev.gmem.Access;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A segment that stands for the array of a field.
 *
 * @param segment unified memory
 * @param access what the kernel does with it; null if nobody has said more than its code does
 * @param lengths of the array, per dimension
 */
record Binding(MemorySegment segment, Access access, int[] lengths) {
  /** Binds a segment to an array of one dimension. */
  static Binding of(
      String kernel, KernelParameter.Array array, MemorySegment segment, Access access) {
    if (array.dimensions() != 1) {
      throw misbound(
          kernel,
          array.name(),
          "an array of arrays needs the length of each dimension",
          "type=" + type(array));
    }
    if (segment.byteSize() % array.elementBytes() != 0) {
      throw misbound(
          kernel,
          array.name(),
          "the size of the segment must be a multiple of an element's; bind a slice",
          "type="
              + type(array)
              + " elementBytes="
              + array.elementBytes()
              + " segmentBytes="
              + segment.byteSize());
    }
    long length = segment.byteSize() / array.elementBytes();
    if (length > Integer.MAX_VALUE) {
      throw misbound(
          kernel,
          array.name(),
          "an array has at most 2^31-1 elements; bind slices",
          "length=" + length);
    }
    return of(kernel, array, segment, access, new int[] {(int) length});
  }

  /** Binds a segment to an array whose lengths are known. */
  static Binding of(
      String kernel,
      KernelParameter.Array array,
      MemorySegment segment,
      Access access,
      int[] lengths) {
    if (lengths.length != array.dimensions()) {
      throw misbound(
          kernel,
          array.name(),
          "an array needs a length for each dimension",
          "type=" + type(array) + " lengths=" + lengths.length);
    }
    long bytes = array.elementBytes();
    for (int length : lengths) {
      if (length < 0) {
        throw misbound(kernel, array.name(), "a length must not be negative", "length=" + length);
      }
      bytes = Math.multiplyExact(bytes, length);
    }
    if (bytes != segment.byteSize()) {
      throw misbound(
          kernel,
          array.name(),
          "the segment must be as large as the array",
          "type="
              + type(array)
              + " elementBytes="
              + array.elementBytes()
              + " arrayBytes="
              + bytes
              + " segmentBytes="
              + segment.byteSize());
    }
    boolean writes = access == null ? array.access().writes() : access.writes();
    if (writes && segment.isReadOnly()) {
      throw misbound(
          kernel,
          array.name(),
          "the kernel writes the array, and the segment is read-only",
          "access=" + (access == null ? array.access() : access));
    }
    if (access != null && access.writes() && !array.access().writes()) {
      throw misbound(kernel, array.name(), "the kernel only reads the array", "access=" + access);
    }
    return new Binding(segment, access, lengths);
  }

  /** Segments that are equal may be of two allocations at one address, one of them closed. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Binding that
        && segment == that.segment
        && access == that.access
        && Arrays.equals(lengths, that.lengths);
  }

  @Override
  public int hashCode() {
    return segment.hashCode();
  }

  static IllegalArgumentException misbound(String kernel, String field, String rule, String facts) {
    return new IllegalArgumentException(
        rule + ": kernel=" + kernel + " field=" + field + (facts.isEmpty() ? "" : " " + facts));
  }

  private static String type(KernelParameter.Array array) {
    return array.field().getType().getTypeName();
  }
}
