package dev.gmem.opencl;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Locale;

/**
 * A scalar type of OpenCL C, and which Java values it takes: those of its own size, and smaller
 * ones that widen without loss. Signed values widen with their sign, also to unsigned types, as in
 * C.
 */
enum ScalarType {
  CHAR(1, false),
  SHORT(2, false),
  INT(4, false),
  LONG(8, false),
  FLOAT(4, true),
  DOUBLE(8, true);

  private final int bytes;
  private final boolean floating;

  ScalarType(int bytes, boolean floating) {
    this.bytes = bytes;
    this.floating = floating;
  }

  /**
   * Finds a type by the name that the compiler gives it.
   *
   * @return the type, or null if it is none of them (a vector, a structure, a name of the
   *     program's)
   */
  static ScalarType of(String name) {
    return switch (name) {
      case "char", "uchar", "unsigned char" -> CHAR;
      case "short", "ushort", "unsigned short" -> SHORT;
      case "int", "uint", "unsigned int", "unsigned" -> INT;
      case "long", "ulong", "unsigned long" -> LONG;
      case "float" -> FLOAT;
      case "double" -> DOUBLE;
      default -> null;
    };
  }

  /** The type that a Java value has by itself. */
  static ScalarType natural(Object value) {
    return switch (value) {
      case Byte b -> CHAR;
      case Boolean b -> CHAR;
      case Short s -> SHORT;
      case Character c -> SHORT;
      case Integer i -> INT;
      case Long l -> LONG;
      case Float f -> FLOAT;
      case Double d -> DOUBLE;
      default -> throw new IllegalArgumentException("not a scalar: " + value.getClass().getName());
    };
  }

  /** Whether a value can be passed without loss. */
  boolean takes(Object value) {
    ScalarType natural = natural(value);
    if (value instanceof Boolean) {
      return !floating;
    }
    return floating == natural.floating && natural.bytes <= bytes;
  }

  /** A value in the device's layout. */
  byte[] encode(Object value) {
    ByteBuffer target = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    put(target, value);
    return target.array();
  }

  /** A vector in the device's layout, in which three components take the room of four. */
  byte[] encode(List<Object> components) {
    int count = components.size() == 3 ? 4 : components.size();
    ByteBuffer target = ByteBuffer.allocate(count * bytes).order(ByteOrder.LITTLE_ENDIAN);
    components.forEach(component -> put(target, component));
    return target.array();
  }

  private void put(ByteBuffer target, Object value) {
    switch (this) {
      case CHAR -> target.put((byte) integer(value));
      case SHORT -> target.putShort((short) integer(value));
      case INT -> target.putInt((int) integer(value));
      case LONG -> target.putLong(integer(value));
      case FLOAT -> target.putFloat(((Number) value).floatValue());
      case DOUBLE -> target.putDouble(((Number) value).doubleValue());
    }
  }

  private static long integer(Object value) {
    return switch (value) {
      case Boolean b -> b ? 1 : 0;
      case Character c -> c;
      default -> ((Number) value).longValue();
    };
  }

  /** As it is written in OpenCL C. */
  String openClName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
