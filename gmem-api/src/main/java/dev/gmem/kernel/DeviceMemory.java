package dev.gmem.kernel;

/**
 * A device's memory as one of its work items sees it.
 *
 * <p>Addresses are unified: those the CPU uses, those stored as pointers inside buffers. A page
 * that is not on the device faults in, access by access. Values are in the byte order of the host.
 *
 * <p>Plain accesses are atomic up to eight bytes where aligned, and unordered. The atomic
 * operations are sequentially consistent with each other across all work items of the device, and
 * with the CPU (a page is written by one node at a time). Atomic addresses must be aligned to their
 * size.
 *
 * <p>All methods throw {@link dev.gmem.DeviceException} if the address is not allocated, or its
 * page cannot be brought in. An instance belongs to the call it was passed to, and is used by one
 * thread at a time.
 */
public interface DeviceMemory {
  /**
   * Reads a {@code byte}.
   *
   * @param address unified address
   * @return the value
   */
  byte getByte(long address);

  /**
   * Writes a {@code byte}.
   *
   * @param address unified address
   * @param value the value
   */
  void putByte(long address, byte value);

  /**
   * Reads a {@code short}.
   *
   * @param address unified address
   * @return the value
   */
  short getShort(long address);

  /**
   * Writes a {@code short}.
   *
   * @param address unified address
   * @param value the value
   */
  void putShort(long address, short value);

  /**
   * Reads an {@code int}.
   *
   * @param address unified address
   * @return the value
   */
  int getInt(long address);

  /**
   * Writes an {@code int}.
   *
   * @param address unified address
   * @param value the value
   */
  void putInt(long address, int value);

  /**
   * Reads a {@code long}.
   *
   * @param address unified address
   * @return the value
   */
  long getLong(long address);

  /**
   * Writes a {@code long}.
   *
   * @param address unified address
   * @param value the value
   */
  void putLong(long address, long value);

  /**
   * Reads a {@code float}.
   *
   * @param address unified address
   * @return the value
   */
  float getFloat(long address);

  /**
   * Writes a {@code float}.
   *
   * @param address unified address
   * @param value the value
   */
  void putFloat(long address, float value);

  /**
   * Reads a {@code double}.
   *
   * @param address unified address
   * @return the value
   */
  double getDouble(long address);

  /**
   * Writes a {@code double}.
   *
   * @param address unified address
   * @param value the value
   */
  void putDouble(long address, double value);

  /**
   * Adds to an {@code int} atomically.
   *
   * @param address unified address, aligned
   * @param delta what to add
   * @return the value before
   */
  int getAndAddInt(long address, int delta);

  /**
   * Replaces an {@code int} atomically if it is as expected.
   *
   * @param address unified address, aligned
   * @param expected the value it must have
   * @param value the value it gets
   * @return the value before; equal to {@code expected} if it was replaced
   */
  int compareAndExchangeInt(long address, int expected, int value);

  /**
   * Adds to a {@code long} atomically.
   *
   * @param address unified address, aligned
   * @param delta what to add
   * @return the value before
   */
  long getAndAddLong(long address, long delta);

  /**
   * Replaces a {@code long} atomically if it is as expected.
   *
   * @param address unified address, aligned
   * @param expected the value it must have
   * @param value the value it gets
   * @return the value before; equal to {@code expected} if it was replaced
   */
  long compareAndExchangeLong(long address, long expected, long value);
}
