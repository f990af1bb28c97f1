package dev.gmem.agent.rewrite;

import net.bytebuddy.jar.asm.Type;

/**
 * One access method of {@code ScopedMemoryAccess}: a public wrapper and the {@code @Scoped}
 * internal method behind it, which have the same parameters but that some internal ones get the
 * session too.
 */
final class ScopedMethod {
  /** Which of the ways of {@code GmGate} unified memory takes. */
  enum Way {
    /** Through the internal method while the gate is open, on a seat otherwise. */
    FAST_OR_SEATED,
    /** On a seat. */
    SEATED,
    /** It does not come here. */
    NONE
  }

  /** What an access does. */
  enum Kind {
    /** Reads one value. */
    READ(Way.FAST_OR_SEATED, false, 1),
    /** Writes one value, in no order. */
    WRITE(Way.FAST_OR_SEATED, true, 1),
    /** Writes one value after all earlier writes: exactly once. */
    ORDERED_WRITE(Way.SEATED, true, 1),
    /** Reads and writes one value: exactly once. */
    UPDATE(Way.SEATED, true, 1),
    /** Copies between two ranges. */
    COPY(Way.SEATED, true, 2),
    /** Copies between two ranges and turns bytes round. */
    COPY_SWAPPED(Way.SEATED, true, 2),
    /** Fills a range. */
    SET(Way.SEATED, true, 1),
    /** Compares two ranges. */
    MISMATCH(Way.SEATED, false, 2),
    /** Loads a vector. */
    VECTOR_LOAD(Way.FAST_OR_SEATED, false, 1),
    /** Stores a vector. */
    VECTOR_STORE(Way.FAST_OR_SEATED, true, 1),
    /** Serves a mapped file. */
    MAPPED(Way.NONE, false, 1);

    final Way way;
    final boolean writes;

    /** How many sessions the internal method tests. */
    final int sessions;

    Kind(Way way, boolean writes, int sessions) {
      this.way = way;
      this.writes = writes;
      this.sessions = sessions;
    }
  }

  final Kind kind;
  final String wrapperName;
  final String internalName;

  /** Name of an access to one value without type and order, for instance {@code getAndAdd}. */
  final String operation;

  /** Memory order of an access to one value, or {@code Unaligned}, as its name has it. */
  final String order;

  /** The value's type, of an access to one value; otherwise null. */
  final Type valueType;

  private ScopedMethod(
      Kind kind, String name, String suffix, String operation, String order, Type valueType) {
    this.kind = kind;
    this.wrapperName = name;
    this.internalName = name + suffix;
    this.operation = operation;
    this.order = order;
    this.valueType = valueType;
  }

  /** An access to one value: {@code getAndAdd}, {@code Int}, {@code Acquire}. */
  static ScopedMethod ofValue(
      Kind kind, String operation, String typeName, String order, Type valueType) {
    String name = operation + typeName + order;
    return new ScopedMethod(kind, name, "Internal", operation, order, valueType);
  }

  static ScopedMethod ofRange(Kind kind, String name) {
    return new ScopedMethod(kind, name, "Internal", name, "", null);
  }

  static ScopedMethod ofVector(Kind kind, String name) {
    return new ScopedMethod(kind, name, "ScopedInternal", name, "", null);
  }

  /** Size of the value in bytes, as a power of two. */
  int log2ValueBytes() {
    return switch (valueType.getSort()) {
      case Type.BOOLEAN, Type.BYTE -> 0;
      case Type.SHORT, Type.CHAR -> 1;
      case Type.INT, Type.FLOAT -> 2;
      default -> 3;
    };
  }
}
