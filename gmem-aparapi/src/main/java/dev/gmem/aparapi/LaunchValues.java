package dev.gmem.aparapi;

import com.aparapi.Kernel;
import dev.gmem.Access;
import dev.gmem.Argument;
import dev.gmem.NdRange;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a launch finds: segments that are bound, values that were given with it, and for everything
 * else the fields of the kernel as they are now. Threads: one.
 */
final class LaunchValues implements Values {
  private final Kernel kernel;
  private final Translation translation;
  private final Map<KernelParameter.Array, Binding> bindings;
  private final Map<KernelParameter.Scalar, Object> scalars;
  private final Tables tables;
  private final NdRange range;
  private final int passId;
  private final Aliases aliases;

  LaunchValues(
      Kernel kernel,
      Translation translation,
      Map<KernelParameter.Array, Binding> bindings,
      Map<KernelParameter.Scalar, Object> scalars,
      Tables tables,
      NdRange range,
      int passId) {
    this.kernel = kernel;
    this.translation = translation;
    this.bindings = bindings;
    this.scalars = scalars;
    this.tables = tables;
    this.range = range;
    this.passId = passId;
    aliases = new Aliases(translation.name());
  }

  /**
   * All that the launch depends on beside its range and pass; null if that includes contents of the
   * heap.
   */
  List<Object> given() {
    List<Object> given = new ArrayList<>();
    for (KernelParameter parameter : translation.parameters()) {
      switch (parameter) {
        case KernelParameter.Scalar scalar -> given.add(scalar(scalar));
        case KernelParameter.Array array when !array.isUnified() -> given.add(lengths(array)[0]);
        case KernelParameter.Array array -> {
          Binding binding = bindings.get(array);
          if (binding == null) {
            return null;
          }
          given.add(binding);
        }
        default -> {}
      }
    }
    return given;
  }

  @Override
  public Object scalar(KernelParameter.Scalar scalar) {
    Object value = scalars.get(scalar);
    return value != null ? value : get(scalar.field());
  }

  @Override
  public Argument.Buffer buffer(KernelParameter.Array array) {
    Binding binding = bindings.get(array);
    if (binding != null) {
      Access access =
          binding.access() != null
              ? binding.access()
              : translation.reach().access(array, range, passId, this);
      Argument.Buffer buffer = new Argument.Buffer(binding.segment(), access);
      aliases.add(array, buffer);
      return buffer;
    }
    Object heap = get(array.field());
    if (heap == null) {
      throw new IllegalStateException(
          "an array field must be bound to a segment: " + where(array.name()));
    }
    if (array.access().writes()) {
      throw new IllegalStateException(
          "an array on the heap can only be read by a kernel, and this one may be written; bind a"
              + " unified segment to the field: "
              + where(array.name()));
    }
    return new Argument.Buffer(tables.copyOf(array.name(), heap), Access.READ);
  }

  @Override
  public int[] lengths(KernelParameter.Array array) {
    Binding binding = bindings.get(array);
    if (binding != null) {
      return binding.lengths();
    }
    Object heap = get(array.field());
    if (heap == null) {
      throw new IllegalStateException(
          (array.isUnified()
                  ? "an array field must be bound to a segment: "
                  : "a field for local memory must hold an array of the length that is wanted: ")
              + where(array.name()));
    }
    return new int[] {Array.getLength(heap)};
  }

  private String where(String field) {
    return "kernel=" + translation.name() + " field=" + field;
  }

  private Object get(Field field) {
    try {
      return field.get(kernel);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("a field of a kernel cannot be read: field=" + field, e);
    }
  }
}
