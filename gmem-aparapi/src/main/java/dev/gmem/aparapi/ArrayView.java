package dev.gmem.aparapi;

import dev.gmem.kernel.DeviceMemory;

/**
 * What an array of a kernel is where the kernel's class runs on a device: elements at addresses,
 * with the array's bounds. One class stands for arrays of every type and number of dimensions; the
 * copy of the kernel calls the accessor of the type that its bytecode tells.
 *
 * <p>Memory is the device's, or, for memory that is private to a work item or local to a group, a
 * {@link ScratchMemory}. Threads: those of the memory.
 */
final class ArrayView {
  private final String name;
  private final DeviceMemory memory;
  private final long base;
  private final int elementBytes;
  private final int[] lengths;
  private final int level;
  private final long stepBytes;
  private final int length;

  /**
   * Makes one.
   *
   * @param name for messages
   * @param memory where the elements are
   * @param base address of the first one
   * @param elementBytes size of one
   * @param lengths per dimension
   */
  ArrayView(String name, DeviceMemory memory, long base, int elementBytes, int... lengths) {
    this(name, memory, base, elementBytes, lengths, 0);
  }

  private ArrayView(
      String name, DeviceMemory memory, long base, int elementBytes, int[] lengths, int level) {
    this.name = name;
    this.memory = memory;
    this.base = base;
    this.elementBytes = elementBytes;
    this.lengths = lengths;
    this.level = level;
    length = level < lengths.length ? lengths[level] : 1;
    long step = elementBytes;
    for (int i = level + 1; i < lengths.length; i++) {
      step *= lengths[i];
    }
    stepBytes = step;
  }

  /** Makes an array that is private to a work item. */
  static ArrayView allocate(int length, int elementBytes) {
    return allocate("a local array", length, elementBytes);
  }

  /** Makes an array of memory that is not unified. */
  static ArrayView allocate(String name, int length, int elementBytes) {
    if (length < 0) {
      throw new NegativeArraySizeException(Integer.toString(length));
    }
    return new ArrayView(
        name, new ScratchMemory((long) length * elementBytes), 0, elementBytes, length);
  }

  int length() {
    return length;
  }

  /** A row of an array of arrays, or one element by reference. */
  ArrayView at(int index) {
    return new ArrayView(name, memory, address(index), elementBytes, lengths, level + 1);
  }

  private long address(int index) {
    if (index < 0 || index >= length) {
      throw new ArrayIndexOutOfBoundsException(
          "Index "
              + index
              + " out of bounds for length "
              + length
              + ": array="
              + name
              + (level == 0 ? "" : " dimension=" + level));
    }
    return base + index * stepBytes;
  }

  int getByte(int index) {
    return memory.getByte(address(index));
  }

  void putByte(int index, int value) {
    memory.putByte(address(index), (byte) value);
  }

  int getShort(int index) {
    return memory.getShort(address(index));
  }

  int getChar(int index) {
    return (char) memory.getShort(address(index));
  }

  void putShort(int index, int value) {
    memory.putShort(address(index), (short) value);
  }

  int getInt(int index) {
    return memory.getInt(address(index));
  }

  void putInt(int index, int value) {
    memory.putInt(address(index), value);
  }

  long getLong(int index) {
    return memory.getLong(address(index));
  }

  void putLong(int index, long value) {
    memory.putLong(address(index), value);
  }

  float getFloat(int index) {
    return memory.getFloat(address(index));
  }

  void putFloat(int index, float value) {
    memory.putFloat(address(index), value);
  }

  double getDouble(int index) {
    return memory.getDouble(address(index));
  }

  void putDouble(int index, double value) {
    memory.putDouble(address(index), value);
  }

  int getAndAdd(int index, int delta) {
    return memory.getAndAddInt(address(index), delta);
  }

  int compareAndExchange(int index, int expected, int value) {
    return memory.compareAndExchangeInt(address(index), expected, value);
  }
}
