package dev.gmem.aparapi;

/** Values of a kernel's fields for one launch, by position in its {@link KernelCopy#fields}. */
interface FieldSource {
  /** An array field. */
  ArrayView array(int index);

  /** A field of type boolean, byte, short, char or int. */
  int getInt(int index);

  /** A field of type long. */
  long getLong(int index);

  /** A field of type float. */
  float getFloat(int index);

  /** A field of type double. */
  double getDouble(int index);
}
