package dev.gmem;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** A kernel argument that says more than its value does. */
public sealed interface Argument {
  /**
   * A unified segment together with what the kernel does to it. The mode may narrow what the kernel
   * itself declares, never widen it.
   *
   * @param segment unified memory
   * @param access what the kernel does with it
   */
  record Buffer(MemorySegment segment, Access access) implements Argument {
    /** Rejects nulls. */
    public Buffer {
      Objects.requireNonNull(segment, "segment");
      Objects.requireNonNull(access, "access");
    }
  }

  /**
   * A vector, as {@code float4} of OpenCL C.
   *
   * @param components boxed numbers of one primitive type; 2, 3, 4, 8 or 16 of them
   */
  record Vector(List<Object> components) implements Argument {
    private static final Set<Class<?>> TYPES =
        Set.of(Byte.class, Short.class, Integer.class, Long.class, Float.class, Double.class);

    /** Copies the list; rejects other numbers of components, and other or differing types. */
    public Vector {
      components = List.copyOf(components);
      if (!Set.of(2, 3, 4, 8, 16).contains(components.size())) {
        throw new IllegalArgumentException(
            "a vector has 2, 3, 4, 8 or 16 components: components=" + components.size());
      }
      Class<?> type = components.getFirst().getClass();
      if (!TYPES.contains(type) || components.stream().anyMatch(c -> c.getClass() != type)) {
        throw new IllegalArgumentException(
            "the components of a vector are numbers of one type: components=" + components);
      }
    }
  }

  /**
   * Memory that the kernel reaches by addresses that are stored in its other arguments, as the
   * nodes of a list. It belongs to no parameter, and comes after the arguments that do.
   *
   * @param segment unified memory
   * @param access what the kernel does with it
   */
  record Reached(MemorySegment segment, Access access) implements Argument {
    /** Rejects nulls. */
    public Reached {
      Objects.requireNonNull(segment, "segment");
      Objects.requireNonNull(access, "access");
    }
  }

  /**
   * Memory local to a work group.
   *
   * @param bytes its size, positive
   */
  record Local(long bytes) implements Argument {
    /** Rejects sizes below one. */
    public Local {
      if (bytes <= 0) {
        throw new IllegalArgumentException("local memory must be positive: bytes=" + bytes);
      }
    }
  }

  /**
   * The kernel only reads the segment.
   *
   * @param segment unified memory
   * @return the argument
   */
  static Argument read(MemorySegment segment) {
    return new Buffer(segment, Access.READ);
  }

  /**
   * The kernel reads and writes the segment.
   *
   * @param segment unified memory
   * @return the argument
   */
  static Argument readWrite(MemorySegment segment) {
    return new Buffer(segment, Access.READ_WRITE);
  }

  /**
   * The kernel writes every byte of the segment and reads none before: old contents do not move.
   *
   * @param segment unified memory
   * @return the argument
   */
  static Argument overwrite(MemorySegment segment) {
    return new Buffer(segment, Access.OVERWRITE);
  }

  /**
   * Memory that the kernel reaches by stored addresses, reading and writing it. See {@link
   * #reached(MemorySegment, Access)}.
   *
   * @param segment unified memory
   * @return the argument
   */
  static Argument reached(MemorySegment segment) {
    return new Reached(segment, Access.READ_WRITE);
  }

  /**
   * Memory that the kernel reaches by addresses that are stored in its other arguments: the {@link
   * MemorySegment#address address} of any unified segment may be stored, and is valid in the kernel
   * if the segment it belongs to is named so. What is an argument for a parameter, too, is named
   * once more. Such arguments come last, and take part in the order of launches.
   *
   * <p>A device that cannot follow stored addresses refuses the launch. One that follows them in
   * the host's memory only works on what is reached there for the time of the launch.
   *
   * @param segment unified memory
   * @param access what the kernel does with it
   * @return the argument
   */
  static Argument reached(MemorySegment segment, Access access) {
    return new Reached(segment, access);
  }

  /**
   * A vector, as {@code float4} of OpenCL C.
   *
   * @param components numbers of one primitive type; 2, 3, 4, 8 or 16 of them
   * @return the argument
   */
  static Argument vector(Object... components) {
    return new Vector(List.of(components));
  }

  /**
   * Memory local to a work group.
   *
   * @param bytes its size, positive
   * @return the argument
   */
  static Argument local(long bytes) {
    return new Local(bytes);
  }
}
