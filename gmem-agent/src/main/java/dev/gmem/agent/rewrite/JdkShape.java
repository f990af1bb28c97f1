package dev.gmem.agent.rewrite;

import dev.gmem.agent.rewrite.ScopedMethod.Kind;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import net.bytebuddy.jar.asm.Type;

/**
 * The access methods that {@code ScopedMemoryAccess} must have: all of these, and no other.
 *
 * <p>The list follows from rules, as the JDK's own does: every type of value in every order of
 * memory, and the operations on ranges, vectors and mapped files by name. A method that a rule
 * yields and the JDK lacks, or one that the JDK has and no rule yields, is a difference; so a new
 * way to access memory cannot slip past the gate.
 *
 * <p>Immutable once made.
 */
final class JdkShape {
  private static final String[] ORDERS = {"", "Acquire", "Release"};
  private static final String[] WEAK_ORDERS = {"Plain", "", "Acquire", "Release"};
  private static final String[] UPDATES = {"compareAndExchange", "getAndSet"};
  private static final String[] BITWISE = {
    "getAndBitwiseOr", "getAndBitwiseAnd", "getAndBitwiseXor"
  };

  private final Map<String, ScopedMethod> byWrapper = new LinkedHashMap<>(512);
  private final Map<String, ScopedMethod> byInternal = new HashMap<>(512);

  JdkShape() {
    addValues("Boolean", Type.BOOLEAN_TYPE);
    addValues("Byte", Type.BYTE_TYPE);
    addValues("Short", Type.SHORT_TYPE);
    addValues("Char", Type.CHAR_TYPE);
    addValues("Int", Type.INT_TYPE);
    addValues("Long", Type.LONG_TYPE);
    addValues("Float", Type.FLOAT_TYPE);
    addValues("Double", Type.DOUBLE_TYPE);
    add(ScopedMethod.ofRange(Kind.COPY, "copyMemory"));
    add(ScopedMethod.ofRange(Kind.COPY_SWAPPED, "copySwapMemory"));
    add(ScopedMethod.ofRange(Kind.SET, "setMemory"));
    add(ScopedMethod.ofRange(Kind.MISMATCH, "vectorizedMismatch"));
    add(ScopedMethod.ofRange(Kind.MAPPED, "isLoaded"));
    add(ScopedMethod.ofRange(Kind.MAPPED, "load"));
    add(ScopedMethod.ofRange(Kind.MAPPED, "unload"));
    add(ScopedMethod.ofRange(Kind.MAPPED, "force"));
    add(ScopedMethod.ofVector(Kind.VECTOR_LOAD, "loadFromMemorySegment"));
    add(ScopedMethod.ofVector(Kind.VECTOR_LOAD, "loadFromMemorySegmentMasked"));
    add(ScopedMethod.ofVector(Kind.VECTOR_STORE, "storeIntoMemorySegment"));
    add(ScopedMethod.ofVector(Kind.VECTOR_STORE, "storeIntoMemorySegmentMasked"));
  }

  private void addValues(String name, Type type) {
    addValue(Kind.READ, "get", name, "", type);
    addValue(Kind.READ, "get", name, "Volatile", type);
    addValue(Kind.READ, "get", name, "Acquire", type);
    addValue(Kind.READ, "get", name, "Opaque", type);
    addValue(Kind.WRITE, "put", name, "", type);
    addValue(Kind.ORDERED_WRITE, "put", name, "Volatile", type);
    addValue(Kind.ORDERED_WRITE, "put", name, "Release", type);
    addValue(Kind.ORDERED_WRITE, "put", name, "Opaque", type);
    addValue(Kind.UPDATE, "compareAndSet", name, "", type);
    for (String order : WEAK_ORDERS) {
      addValue(Kind.UPDATE, "weakCompareAndSet", name, order, type);
    }
    boolean floating = type == Type.FLOAT_TYPE || type == Type.DOUBLE_TYPE;
    for (String order : ORDERS) {
      for (String update : UPDATES) {
        addValue(Kind.UPDATE, update, name, order, type);
      }
      if (type != Type.BOOLEAN_TYPE) {
        addValue(Kind.UPDATE, "getAndAdd", name, order, type);
      }
      if (!floating) {
        for (String update : BITWISE) {
          addValue(Kind.UPDATE, update, name, order, type);
        }
      }
    }
    if (!floating && type != Type.BOOLEAN_TYPE && type != Type.BYTE_TYPE) {
      addValue(Kind.READ, "get", name, "Unaligned", type);
      addValue(Kind.WRITE, "put", name, "Unaligned", type);
    }
  }

  private void addValue(Kind kind, String operation, String name, String order, Type type) {
    add(ScopedMethod.ofValue(kind, operation, name, order, type));
  }

  private void add(ScopedMethod method) {
    byWrapper.put(method.wrapperName, method);
    byInternal.put(method.internalName, method);
  }

  /** Returns the access method of a wrapper's name, or null. */
  ScopedMethod wrapper(String name) {
    return byWrapper.get(name);
  }

  /** Returns the access method of an internal method's name, or null. */
  ScopedMethod internal(String name) {
    return byInternal.get(name);
  }

  Iterable<ScopedMethod> methods() {
    return byWrapper.values();
  }
}
