package dev.gmem.aparapi;

import dev.gmem.Argument;

/** What the fields of a kernel are for one launch. */
interface Values {
  /** The value of a field, boxed. */
  Object scalar(KernelParameter.Scalar field);

  /**
   * The segment of an array in unified memory, and what the kernel does with it. Asked once for
   * each array.
   *
   * @throws IllegalArgumentException if it and another array share memory, and must not
   */
  Argument.Buffer buffer(KernelParameter.Array array);

  /** How long an array is, per dimension. */
  int[] lengths(KernelParameter.Array array);
}
