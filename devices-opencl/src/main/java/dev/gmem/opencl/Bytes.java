package dev.gmem.opencl;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Reads what OpenCL's queries return. */
final class Bytes {
  private Bytes() {}

  /** A text without the zero that ends it. */
  static String text(byte[] value) {
    int end = 0;
    while (end < value.length && value[end] != 0) {
      end++;
    }
    return new String(value, 0, end, StandardCharsets.UTF_8).strip();
  }

  /** An unsigned number of 4 or 8 bytes, whatever the device's {@code size_t} is. */
  static long number(byte[] value) {
    return numbers(value, 1)[0];
  }

  /** Several numbers of equal size. */
  static long[] numbers(byte[] value, int count) {
    ByteBuffer bytes = ByteBuffer.wrap(value).order(ByteOrder.nativeOrder());
    boolean wide = value.length >= count * Long.BYTES;
    long[] numbers = new long[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = wide ? bytes.getLong() : Integer.toUnsignedLong(bytes.getInt());
    }
    return numbers;
  }
}
