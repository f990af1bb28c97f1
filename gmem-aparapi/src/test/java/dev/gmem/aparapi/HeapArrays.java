package dev.gmem.aparapi;

import com.aparapi.Kernel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** The heap arrays in the fields of a kernel, and how they look in memory, row after row. */
final class HeapArrays {
  private HeapArrays() {}

  /** All array fields, superclasses' included. */
  static List<Field> fields(Kernel kernel) {
    List<Field> fields = new ArrayList<>();
    for (Class<?> c = kernel.getClass(); c != Kernel.class; c = c.getSuperclass()) {
      for (Field field : c.getDeclaredFields()) {
        if (field.getType().isArray() && !Modifier.isStatic(field.getModifiers())) {
          field.setAccessible(true);
          fields.add(field);
        }
      }
    }
    return fields;
  }

  static Object get(Field field, Kernel kernel) {
    try {
      return field.get(kernel);
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  static void set(Field field, Kernel kernel, Object value) {
    try {
      field.set(kernel, value);
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  static Object copy(Object array) {
    int length = Array.getLength(array);
    Object copy = Array.newInstance(array.getClass().getComponentType(), length);
    System.arraycopy(array, 0, copy, 0, length);
    return copy;
  }

  /** The length in each dimension; rows are equally long. */
  static int[] lengths(Object array) {
    List<Integer> lengths = new ArrayList<>();
    for (Object a = array; a.getClass().isArray(); a = Array.get(a, 0)) {
      lengths.add(Array.getLength(a));
      if (a.getClass().getComponentType().isPrimitive()) {
        break;
      }
    }
    return lengths.stream().mapToInt(Integer::intValue).toArray();
  }

  static List<Object> elements(Object array) {
    List<Object> elements = new ArrayList<>();
    collect(array, elements);
    return elements;
  }

  private static void collect(Object value, List<Object> elements) {
    if (value.getClass().isArray()) {
      for (int i = 0; i < Array.getLength(value); i++) {
        collect(Array.get(value, i), elements);
      }
    } else {
      elements.add(value instanceof AtomicInteger atomic ? (Object) atomic.get() : value);
    }
  }

  static int elementBytes(Object element) {
    return switch (element) {
      case Byte b -> 1;
      case Boolean b -> 1;
      case Short s -> 2;
      case Character c -> 2;
      case Long l -> 8;
      case Double d -> 8;
      default -> 4;
    };
  }

  static void write(MemorySegment segment, long offset, Object element) {
    switch (element) {
      case Byte b -> segment.set(ValueLayout.JAVA_BYTE, offset, b);
      case Boolean b -> segment.set(ValueLayout.JAVA_BOOLEAN, offset, b);
      case Short s -> segment.set(ValueLayout.JAVA_SHORT, offset, s);
      case Character c -> segment.set(ValueLayout.JAVA_CHAR, offset, c);
      case Integer i -> segment.set(ValueLayout.JAVA_INT, offset, i);
      case Long l -> segment.set(ValueLayout.JAVA_LONG, offset, l);
      case Float f -> segment.set(ValueLayout.JAVA_FLOAT, offset, f);
      case Double d -> segment.set(ValueLayout.JAVA_DOUBLE, offset, d);
      default -> throw new AssertionError(element.getClass());
    }
  }

  /** Reads a value of the same type as another. */
  static Object read(MemorySegment segment, long offset, Object like) {
    return switch (like) {
      case Byte b -> segment.get(ValueLayout.JAVA_BYTE, offset);
      case Boolean b -> segment.get(ValueLayout.JAVA_BYTE, offset) != 0;
      case Short s -> segment.get(ValueLayout.JAVA_SHORT, offset);
      case Character c -> segment.get(ValueLayout.JAVA_CHAR, offset);
      case Integer i -> segment.get(ValueLayout.JAVA_INT, offset);
      case Long l -> segment.get(ValueLayout.JAVA_LONG, offset);
      case Float f -> segment.get(ValueLayout.JAVA_FLOAT, offset);
      case Double d -> segment.get(ValueLayout.JAVA_DOUBLE, offset);
      default -> throw new AssertionError(like.getClass());
    };
  }
}
