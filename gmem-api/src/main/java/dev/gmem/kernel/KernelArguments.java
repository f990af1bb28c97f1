package dev.gmem.kernel;

/**
 * The arguments of a launch, by position from 0. Immutable. Asking for an argument as another kind
 * than it was given throws {@link IllegalArgumentException}, naming both.
 */
public interface KernelArguments {
  /**
   * Returns how many there are.
   *
   * @return the number
   */
  int count();

  /**
   * Returns the unified address of a buffer: the one the CPU sees.
   *
   * @param index position of a buffer
   * @return its first byte
   */
  long address(int index);

  /**
   * Returns the length of a buffer.
   *
   * @param index position of a buffer
   * @return bytes
   */
  long bytes(int index);

  /**
   * Returns an {@code int} scalar.
   *
   * @param index position of a scalar
   * @return its value
   */
  int getInt(int index);

  /**
   * Returns a {@code long} scalar; an {@code int} widens.
   *
   * @param index position of a scalar
   * @return its value
   */
  long getLong(int index);

  /**
   * Returns a {@code float} scalar.
   *
   * @param index position of a scalar
   * @return its value
   */
  float getFloat(int index);

  /**
   * Returns a {@code double} scalar; a {@code float} widens.
   *
   * @param index position of a scalar
   * @return its value
   */
  double getDouble(int index);
}
