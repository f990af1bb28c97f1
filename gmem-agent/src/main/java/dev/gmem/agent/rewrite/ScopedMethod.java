package dev.gmem.agent.rewrite;

import net.bytebuddy.jar.asm.Type;

/**
 * One access method of {@code ScopedMemoryAccess}: a public wrapper and the {@code @Scoped}
 * internal method behind it, which have the same parameters but that some internal ones get the
 * session too.
 */
final class ScopedMethod {
  /** What an access does, as far as its check and its repetition go. */
  enum Kind {
    /** Reads one value. May be made again. */
    READ,
    /** Writes one value, unordered. May be made again. */
    WRITE,
    /** Writes one value after all earlier writes. Exactly once. */
    ORDERED_WRITE,
    /** Reads and writes one value. Exactly once. */
    UPDATE,
    /** Copies between two ranges. */
    COPY,
    /** Copies between two ranges and turns bytes round. */
    COPY_SWAPPED,
    /** Fills a range. */
    SET,
    /** Compares two ranges. */
    MISMATCH,
    /** Loads a vector. */
    VECTOR_LOAD,
    /** Stores a vector. */
    VECTOR_STORE,
    /** An operation on a mapped file, which unified memory is not. Stays as it is. */
    MAPPED
  }

  final Kind kind;
  final String wrapperName;
  final String internalName;

  /** Name of an update without type and memory order, for instance {@code getAndAdd}; or null. */
  final String operation;

  /** The value's type, of an access to one value; or null. */
  final Type valueType;

  /** True for a volatile write. */
  final boolean volatileWrite;

  /** How many sessions the internal method tests. */
  final int checks;

  private ScopedMethod(
      Kind kind, String wrapperName, String internalName, String operation, Type valueType) {
    this.kind = kind;
    this.wrapperName = wrapperName;
    this.internalName = internalName;
    this.operation = operation;
    this.valueType = valueType;
    this.volatileWrite = kind == Kind.ORDERED_WRITE && wrapperName.endsWith("Volatile");
    this.checks = kind == Kind.COPY || kind == Kind.COPY_SWAPPED || kind == Kind.MISMATCH ? 2 : 1;
  }

  /** An access to one value: {@code getAndAdd}, {@code Int}, {@code Acquire}. */
  static ScopedMethod ofValue(
      Kind kind, String operation, String typeName, String order, Type valueType) {
    String name = operation + typeName + order;
    return new ScopedMethod(kind, name, name + "Internal", operation, valueType);
  }

  static ScopedMethod ofRange(Kind kind, String name) {
    return new ScopedMethod(kind, name, name + "Internal", null, null);
  }

  static ScopedMethod ofVector(Kind kind, String name) {
    return new ScopedMethod(kind, name, name + "ScopedInternal", null, null);
  }

  /** Size of the value in bytes. */
  int valueBytes() {
    return switch (valueType.getSort()) {
      case Type.BOOLEAN, Type.BYTE -> 1;
      case Type.SHORT, Type.CHAR -> 2;
      case Type.INT, Type.FLOAT -> 4;
      default -> 8;
    };
  }
}
