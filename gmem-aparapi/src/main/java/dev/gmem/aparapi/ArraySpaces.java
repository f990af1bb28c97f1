package dev.gmem.aparapi;

import com.aparapi.Kernel;
import dev.gmem.aparapi.KernelParameter.Space;
import java.lang.reflect.Field;
import java.util.Map;
import java.util.Set;

/**
 * Which memory arrays are in: those of fields, by their marks, and those that methods are given, as
 * far as that is not global memory.
 *
 * @param parameters by name of the method in a {@link FlatKernel} and slot of the parameter
 * @param passed fields whose array some method is given; constant memory cannot be passed on, so
 *     that these are in global memory
 */
record ArraySpaces(Map<String, Map<Integer, Space>> parameters, Set<Field> passed) {
  static final ArraySpaces NONE = new ArraySpaces(Map.of(), Set.of());

  private static final String NO_LENGTH = "the name or mark of a private array gives its length";

  /** Whether the text differs from what it would be without. */
  boolean matter() {
    return !parameters.isEmpty() || passed.stream().anyMatch(f -> NONE.of(f) == Space.CONSTANT);
  }

  /** The memory of a field's array. */
  Space of(Field field) {
    String name = field.getName();
    if (!field.getType().isArray()) {
      return Space.GLOBAL;
    }
    if (name.contains(Kernel.PRIVATE_SUFFIX)
        || field.isAnnotationPresent(Kernel.PrivateMemorySpace.class)) {
      return Space.PRIVATE;
    }
    if (name.endsWith(Kernel.LOCAL_SUFFIX) || field.isAnnotationPresent(Kernel.Local.class)) {
      return Space.LOCAL;
    }
    boolean constant =
        name.endsWith(Kernel.CONSTANT_SUFFIX) || field.isAnnotationPresent(Kernel.Constant.class);
    return constant && !passed.contains(field) ? Space.CONSTANT : Space.GLOBAL;
  }

  /** The memory of an array that a method is given. */
  Space of(String method, int slot) {
    return parameters.getOrDefault(method, Map.of()).getOrDefault(slot, Space.GLOBAL);
  }

  /** The length of a private array. */
  static int privateLength(Field field) {
    Kernel.PrivateMemorySpace mark = field.getAnnotation(Kernel.PrivateMemorySpace.class);
    if (mark != null) {
      return mark.value();
    }
    String name = field.getName();
    try {
      return Integer.parseInt(name.substring(name.lastIndexOf('$') + 1));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(NO_LENGTH + ": field=" + name, e);
    }
  }
}
