package dev.gmem.aparapi;

import com.aparapi.internal.exception.ClassParseException;
import com.aparapi.internal.model.Entrypoint;
import dev.gmem.Access;
import dev.gmem.aparapi.KernelParameter.Space;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The fields of a kernel as parameters, in the order of the translated text. Threads: one. */
final class Fields {
  final List<KernelParameter> parameters = new ArrayList<>();
  final List<KernelParameter.Array> privates = new ArrayList<>();

  private final FlatKernel flat;
  private final ArrayUses uses;
  private final Entrypoint entry;
  private final Set<String> names = new HashSet<>();

  Fields(FlatKernel flat, ArrayUses uses, Entrypoint entry) throws ClassParseException {
    this.flat = flat;
    this.uses = uses;
    this.entry = entry;
    for (Field field : entry.getReferencedFields()) {
      add(field.getName());
    }
    parameters.add(new KernelParameter.Pass());
  }

  private void add(String flatName) {
    Field field = flat.original(flatName);
    open(field);
    if (!field.getType().isArray()) {
      parameters.add(new KernelParameter.Scalar(field, flatName));
      return;
    }
    KernelParameter.Array array = array(field, flatName);
    if (array.dimensions() > 1 && !array.isUnified()) {
      throw new IllegalArgumentException(
          "local and private arrays have one dimension: field=" + array.name());
    }
    if (array.space() == Space.PRIVATE) {
      privates.add(array);
    } else {
      parameters.add(array);
    }
    if (array.dimensions() > 1) {
      for (int d = 0; d < array.dimensions(); d++) {
        parameters.add(new KernelParameter.Length(array, d));
        parameters.add(new KernelParameter.Stride(array, d));
      }
    } else if (entry.getArrayFieldArrayLengthUsed().contains(flatName)) {
      parameters.add(new KernelParameter.Length(array, 0));
    }
  }

  private KernelParameter.Array array(Field field, String flatName) {
    String descriptor = field.getType().descriptorString();
    Space space = flat.spaces().of(field);
    boolean written = uses.isWritten(flatName);
    boolean read = uses.isRead(flatName);
    return new KernelParameter.Array(
        field,
        name(field),
        flatName,
        KernelTypes.element(descriptor),
        KernelTypes.dimensions(descriptor),
        space,
        !written ? Access.READ : read ? Access.READ_WRITE : Access.WRITE,
        space == Space.PRIVATE ? ArraySpaces.privateLength(field) : 0);
  }

  /** What users call it; one that is hidden by another with the name of its class. */
  private String name(Field field) {
    String plain = FlatKernel.baseName(field);
    String owner = field.getDeclaringClass().getSimpleName();
    boolean hidden = !field.equals(declared(flat.originalCode().kernelClass(), field.getName()));
    String name = hidden ? owner + "." + plain : plain;
    return names.add(name) ? name : field.getName();
  }

  private static Field declared(Class<?> start, String name) {
    for (Class<?> c = start; c != null; c = c.getSuperclass()) {
      for (Field each : c.getDeclaredFields()) {
        if (each.getName().equals(name)) {
          return each;
        }
      }
    }
    return null;
  }

  private void open(Field field) {
    try {
      field.setAccessible(true);
    } catch (InaccessibleObjectException e) {
      throw flat.originalCode()
          .run()
          .refused(
              "a field that cannot be read (" + field.getName() + ")",
              "let the module open its package ("
                  + field.getDeclaringClass().getPackageName()
                  + ") to that of dev.gmem.aparapi",
              flat.originalCode().run().firstLine(),
              e);
    }
  }
}
