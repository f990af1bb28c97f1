package dev.gmem;

import dev.gmem.kernel.DeviceKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** Kernels in a form that some devices understand. Immutable; equal sources compile once. */
public sealed interface KernelSource {
  /**
   * OpenCL C.
   *
   * @param text the source
   * @param options options of the compiler, as one string
   */
  record OpenCl(String text, String options) implements KernelSource {
    /** Rejects nulls. */
    public OpenCl {
      Objects.requireNonNull(text, "text");
      Objects.requireNonNull(options, "options");
    }
  }

  /**
   * A Java lambda that devices which execute Java run, one call per work item.
   *
   * @param name the kernel's name
   * @param body the work of one item
   * @param parameters what each parameter is, in order
   */
  record Lambda(String name, DeviceKernel body, List<Parameter> parameters)
      implements KernelSource {
    /** Rejects nulls and copies the list. */
    public Lambda {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(body, "body");
      parameters = List.copyOf(parameters);
    }
  }

  /**
   * The same kernels in several forms, of which a device takes the first it understands.
   *
   * @param forms at least one
   */
  record OneOf(List<KernelSource> forms) implements KernelSource {
    /** Copies the list; rejects an empty one. */
    public OneOf {
      forms = List.copyOf(forms);
      if (forms.isEmpty()) {
        throw new IllegalArgumentException("a kernel needs at least one form");
      }
    }
  }

  /** What a parameter of a kernel is. */
  enum Parameter {
    /** A buffer that is only read. */
    READ,
    /** A buffer of which parts are written. */
    WRITE,
    /** A buffer that is read and written. */
    READ_WRITE,
    /** A buffer of which every byte is written before it is read. */
    OVERWRITE,
    /** A scalar. */
    SCALAR,
    /** Memory local to a work group. */
    LOCAL
  }

  /**
   * OpenCL C without options.
   *
   * @param text the source
   * @return the source
   */
  static KernelSource openCl(String text) {
    return new OpenCl(text, "");
  }

  /**
   * OpenCL C.
   *
   * @param text the source
   * @param options options of the compiler, as one string
   * @return the source
   */
  static KernelSource openCl(String text, String options) {
    return new OpenCl(text, options);
  }

  /**
   * OpenCL C from a file, which is read now.
   *
   * @param file UTF-8
   * @param options options of the compiler, as one string; {@code -I} names the folder of what the
   *     file includes
   * @return the source
   * @throws IOException if the file cannot be read
   */
  static KernelSource openCl(Path file, String options) throws IOException {
    return new OpenCl(Files.readString(file), options);
  }

  /**
   * A Java lambda.
   *
   * @param name the kernel's name
   * @param body the work of one item
   * @param parameters what each parameter is, in order
   * @return the source
   */
  static KernelSource java(String name, DeviceKernel body, Parameter... parameters) {
    return new Lambda(name, body, List.of(parameters));
  }

  /**
   * The same kernels in several forms.
   *
   * @param forms at least one, most preferred first
   * @return the source
   */
  static KernelSource oneOf(KernelSource... forms) {
    return new OneOf(List.of(forms));
  }
}
