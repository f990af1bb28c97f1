package dev.gmem.aparapi;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.KernelCompilationException;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import java.io.Serializable;
import java.lang.classfile.TypeKind;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/**
 * A map over unified memory, whose function is a Java lambda: {@code out[i] = f(in[i])}, or with
 * two inputs {@code out[i] = f(in[i], in2[i])}.
 *
 * {@snippet :
 * float gain = 3;
 * try (MapKernel louder = MapKernel.ofFloats(space, x -> Math.min(x * gain, 1))) {
 *   louder.launch(space.device(), in, out).join();
 * }
 * try (MapKernel sum = MapKernel.ofInts(space, Integer::sum)) {
 *   sum.launch(space.device(), a, b, out).join();
 * }
 * }
 *
 * <p><b>Functions</b> are lambda expressions and references to static methods. What {@link
 * JavaKernel} says of methods of a kernel holds for them and for what they call: they are
 * translated from their class file, once per place in the source, and what cannot be translated is
 * refused with its class, method and line. Other objects that implement the interfaces are refused.
 *
 * <p><b>Captured values</b> are those at the time the lambda was made. Values of primitive types
 * can be captured, and arrays that the function only reads; the elements are those at each launch.
 * Other objects, {@code this} among them, are refused.
 *
 * <p><b>Memory.</b> All segments of a launch are of one length. The output may be an input;
 * segments that overlap in part are refused if one is the output. What was in the output is not
 * copied to the device.
 *
 * <p><b>Threads.</b> All methods may be called from any thread.
 *
 * <p><b>Closing</b> gives back the memory of arrays that were captured. Segments belong to the
 * caller.
 */
public final class MapKernel implements AutoCloseable {
  /** A function of one {@code float}. */
  @FunctionalInterface
  public interface FloatUnary extends Serializable {
    /**
     * Computes an element of the output.
     *
     * @param value the element of the input
     * @return the element of the output
     */
    float apply(float value);
  }

  /** A function of two {@code float}s. */
  @FunctionalInterface
  public interface FloatBinary extends Serializable {
    /**
     * Computes an element of the output.
     *
     * @param first the element of the first input
     * @param second the element of the second input
     * @return the element of the output
     */
    float apply(float first, float second);
  }

  /** A function of one {@code int}. */
  @FunctionalInterface
  public interface IntUnary extends Serializable {
    /**
     * Computes an element of the output.
     *
     * @param value the element of the input
     * @return the element of the output
     */
    int apply(int value);
  }

  /** A function of two {@code int}s. */
  @FunctionalInterface
  public interface IntBinary extends Serializable {
    /**
     * Computes an element of the output.
     *
     * @param first the element of the first input
     * @param second the element of the second input
     * @return the element of the output
     */
    int apply(int first, int second);
  }

  /** A function of one {@code long}. */
  @FunctionalInterface
  public interface LongUnary extends Serializable {
    /**
     * Computes an element of the output.
     *
     * @param value the element of the input
     * @return the element of the output
     */
    long apply(long value);
  }

  /** A function of two {@code long}s. */
  @FunctionalInterface
  public interface LongBinary extends Serializable {
    /**
     * Computes an element of the output.
     *
     * @param first the element of the first input
     * @param second the element of the second input
     * @return the element of the output
     */
    long apply(long first, long second);
  }

  /** A function of one {@code double}. */
  @FunctionalInterface
  public interface DoubleUnary extends Serializable {
    /**
     * Computes an element of the output.
     *
     * @param value the element of the input
     * @return the element of the output
     */
    double apply(double value);
  }

  /** A function of two {@code double}s. */
  @FunctionalInterface
  public interface DoubleBinary extends Serializable {
    /**
     * Computes an element of the output.
     *
     * @param first the element of the first input
     * @param second the element of the second input
     * @return the element of the output
     */
    double apply(double first, double second);
  }

  private final JavaKernel kernel;
  private final int elementBytes;
  private final int inputs;

  private MapKernel(AddressSpace space, Serializable function, TypeKind element, int inputs) {
    Objects.requireNonNull(function, "function");
    kernel = JavaKernel.of(space, LambdaKernel.of(function, element, inputs));
    elementBytes =
        element == TypeKind.LONG || element == TypeKind.DOUBLE ? Long.BYTES : Integer.BYTES;
    this.inputs = inputs;
  }

  /**
   * Makes a map of {@code float}s with one input.
   *
   * @param space where its segments are
   * @param function a lambda expression, or a reference to a static method
   * @return the map
   * @throws KernelTranslationException if the function uses or captures what cannot be translated
   * @throws KernelCompilationException if the function's class has no class file
   * @throws IllegalArgumentException if the function is neither a lambda nor a method reference
   */
  public static MapKernel ofFloats(AddressSpace space, FloatUnary function) {
    return new MapKernel(space, function, TypeKind.FLOAT, 1);
  }

  /**
   * Makes a map of {@code float}s with two inputs.
   *
   * @param space where its segments are
   * @param function a lambda expression, or a reference to a static method
   * @return the map
   * @throws KernelTranslationException if the function uses or captures what cannot be translated
   * @throws KernelCompilationException if the function's class has no class file
   * @throws IllegalArgumentException if the function is neither a lambda nor a method reference
   */
  public static MapKernel ofFloats(AddressSpace space, FloatBinary function) {
    return new MapKernel(space, function, TypeKind.FLOAT, 2);
  }

  /**
   * Makes a map of {@code int}s with one input.
   *
   * @param space where its segments are
   * @param function a lambda expression, or a reference to a static method
   * @return the map
   * @throws KernelTranslationException if the function uses or captures what cannot be translated
   * @throws KernelCompilationException if the function's class has no class file
   * @throws IllegalArgumentException if the function is neither a lambda nor a method reference
   */
  public static MapKernel ofInts(AddressSpace space, IntUnary function) {
    return new MapKernel(space, function, TypeKind.INT, 1);
  }

  /**
   * Makes a map of {@code int}s with two inputs.
   *
   * @param space where its segments are
   * @param function a lambda expression, or a reference to a static method
   * @return the map
   * @throws KernelTranslationException if the function uses or captures what cannot be translated
   * @throws KernelCompilationException if the function's class has no class file
   * @throws IllegalArgumentException if the function is neither a lambda nor a method reference
   */
  public static MapKernel ofInts(AddressSpace space, IntBinary function) {
    return new MapKernel(space, function, TypeKind.INT, 2);
  }

  /**
   * Makes a map of {@code long}s with one input.
   *
   * @param space where its segments are
   * @param function a lambda expression, or a reference to a static method
   * @return the map
   * @throws KernelTranslationException if the function uses or captures what cannot be translated
   * @throws KernelCompilationException if the function's class has no class file
   * @throws IllegalArgumentException if the function is neither a lambda nor a method reference
   */
  public static MapKernel ofLongs(AddressSpace space, LongUnary function) {
    return new MapKernel(space, function, TypeKind.LONG, 1);
  }

  /**
   * Makes a map of {@code long}s with two inputs.
   *
   * @param space where its segments are
   * @param function a lambda expression, or a reference to a static method
   * @return the map
   * @throws KernelTranslationException if the function uses or captures what cannot be translated
   * @throws KernelCompilationException if the function's class has no class file
   * @throws IllegalArgumentException if the function is neither a lambda nor a method reference
   */
  public static MapKernel ofLongs(AddressSpace space, LongBinary function) {
    return new MapKernel(space, function, TypeKind.LONG, 2);
  }

  /**
   * Makes a map of {@code double}s with one input.
   *
   * @param space where its segments are
   * @param function a lambda expression, or a reference to a static method
   * @return the map
   * @throws KernelTranslationException if the function uses or captures what cannot be translated
   * @throws KernelCompilationException if the function's class has no class file
   * @throws IllegalArgumentException if the function is neither a lambda nor a method reference
   */
  public static MapKernel ofDoubles(AddressSpace space, DoubleUnary function) {
    return new MapKernel(space, function, TypeKind.DOUBLE, 1);
  }

  /**
   * Makes a map of {@code double}s with two inputs.
   *
   * @param space where its segments are
   * @param function a lambda expression, or a reference to a static method
   * @return the map
   * @throws KernelTranslationException if the function uses or captures what cannot be translated
   * @throws KernelCompilationException if the function's class has no class file
   * @throws IllegalArgumentException if the function is neither a lambda nor a method reference
   */
  public static MapKernel ofDoubles(AddressSpace space, DoubleBinary function) {
    return new MapKernel(space, function, TypeKind.DOUBLE, 2);
  }

  /**
   * Launches a map with one input, and returns at once.
   *
   * @param device a device of the space
   * @param in the input
   * @param out the output; may be the input
   * @return the launch, running or waiting to run
   * @throws IllegalArgumentException if the map has two inputs; or the segments are not unified
   *     memory of the space, of one length and at least one element, or overlap in part
   * @throws UnsupportedOperationException if the device runs neither OpenCL C nor Java
   */
  public Launch launch(Device device, MemorySegment in, MemorySegment out) {
    return launch(device, List.of(in), out);
  }

  /**
   * Launches a map with two inputs, and returns at once.
   *
   * @param device a device of the space
   * @param in the first input
   * @param in2 the second input
   * @param out the output; may be one of the inputs, or both
   * @return the launch, running or waiting to run
   * @throws IllegalArgumentException if the map has one input; or the segments are not unified
   *     memory of the space, of one length and at least one element, or the output overlaps an
   *     input in part
   * @throws UnsupportedOperationException if the device runs neither OpenCL C nor Java
   */
  public Launch launch(Device device, MemorySegment in, MemorySegment in2, MemorySegment out) {
    return launch(device, List.of(in, in2), out);
  }

  private synchronized Launch launch(Device device, List<MemorySegment> given, MemorySegment out) {
    if (given.size() != inputs) {
      throw new IllegalArgumentException(
          "a map is launched with as many inputs as its function has arguments: map="
              + kernel.name()
              + " arguments="
              + inputs
              + " inputs="
              + given.size());
    }
    for (MemorySegment in : given) {
      if (in.byteSize() != out.byteSize() || out.byteSize() < elementBytes) {
        throw new IllegalArgumentException(
            "a map has as many results as elements, and at least one; bind slices of one length:"
                + " map="
                + kernel.name()
                + " inBytes="
                + in.byteSize()
                + " outBytes="
                + out.byteSize()
                + " elementBytes="
                + elementBytes);
      }
    }
    for (int i = 0; i < inputs; i++) {
      kernel.bind(LambdaKernel.input(i), given.get(i));
    }
    kernel.bind(LambdaKernel.OUT, out);
    return kernel.launch(device, NdRange.of(out.byteSize() / elementBytes));
  }

  /**
   * Returns the map in OpenCL C.
   *
   * @return the text that OpenCL devices compile
   */
  public String openCl() {
    return kernel.openCl();
  }

  /** Gives back the memory of captured arrays; launches that use it are waited for. */
  @Override
  public void close() {
    kernel.close();
  }
}
