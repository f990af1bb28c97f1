package dev.gmem.aparapi;

import dev.gmem.Access;
import java.lang.reflect.Field;

/** What a parameter of a translated kernel is. */
sealed interface KernelParameter {
  /** Where the elements of an array field are. */
  enum Space {
    /** Unified memory. */
    GLOBAL,
    /** Unified memory that OpenCL C calls constant. */
    CONSTANT,
    /** Memory local to a work group. */
    LOCAL,
    /** Memory of a work item; not a parameter. */
    PRIVATE
  }

  /**
   * An array field.
   *
   * @param field the field of the kernel's class
   * @param name what users call it
   * @param flatName its name in the {@link FlatKernel}
   * @param element descriptor of its elements
   * @param dimensions 1 for an array, 2 for an array of arrays, ...
   * @param space where its elements are
   * @param access what the kernel does with it
   * @param privateLength length of a private array; otherwise 0
   */
  record Array(
      Field field,
      String name,
      String flatName,
      String element,
      int dimensions,
      Space space,
      Access access,
      int privateLength)
      implements KernelParameter {
    int elementBytes() {
      return KernelTypes.bytes(element);
    }

    boolean isUnified() {
      return space == Space.GLOBAL || space == Space.CONSTANT;
    }
  }

  /** The length of an array in one of its dimensions. */
  record Length(Array array, int dimension) implements KernelParameter {}

  /** How many elements lie between neighbours in a dimension. */
  record Stride(Array array, int dimension) implements KernelParameter {}

  /**
   * A field of a primitive type.
   *
   * @param field the field of the kernel's class
   * @param flatName its name in the {@link FlatKernel}
   */
  record Scalar(Field field, String flatName) implements KernelParameter {}

  /** The pass. */
  record Pass() implements KernelParameter {}
}
