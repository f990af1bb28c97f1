package dev.gmem.it.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.gmem.core.host.HostPlatforms;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every access method that the JDK has, called on memory that lives on the device: it must fault,
 * and do what it does to ordinary memory. The list is the JDK's own, by reflection; the agent has
 * opened the package.
 */
@Tag("modes")
class AccessMethodsIT {
  private static final int BYTES = 4096;
  private static final int OFFSET = 264;
  private static final int RANGE_BYTES = 512;

  /** Methods that serve mapped files, and vectors, which {@code VectorIT} covers. */
  private static final List<String> OTHERS =
      List.of("isLoaded", "load", "unload", "force", "closeScope");

  private final Object access = scopedMemoryAccess();

  private static Object scopedMemoryAccess() {
    HostPlatforms.installed(); // opens the package to this test, too
    try {
      Class<?> type = Class.forName("jdk.internal.misc.ScopedMemoryAccess");
      return type.getMethod("getScopedMemoryAccess").invoke(null);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private List<Method> methods() {
    List<Method> methods = new ArrayList<>();
    for (Method method : access.getClass().getDeclaredMethods()) {
      int modifiers = method.getModifiers();
      if (Modifier.isPublic(modifiers)
          && !Modifier.isStatic(modifiers)
          && !method.getName().endsWith("Internal")
          && !OTHERS.contains(method.getName())) {
        methods.add(method);
      }
    }
    methods.sort(Comparator.comparing(Method::getName));
    return methods;
  }

  @Test
  void theListIsWhole() {
    assertThat(methods().size()).isEqualTo(239);
  }

  @TestFactory
  Stream<DynamicTest> everyMethodFaultsAndDoesWhatItDoesToOrdinaryMemory() {
    return methods().stream().map(m -> dynamicTest(m.getName(), () -> compare(m)));
  }

  private void compare(Method method) throws Exception {
    try (Twin twin = new Twin(BYTES, BYTES);
        Arena arena = Arena.ofConfined()) {
      MemorySegment model = arena.allocate(BYTES, 8);
      for (int i = 0; i < BYTES; i++) {
        model.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31));
      }
      normalizeBooleans(method, model);
      twin.host().copyFrom(model);
      twin.toDevice();
      Object expected = method.invoke(access, arguments(method, model));
      Object actual = method.invoke(access, arguments(method, twin.segment()));
      assertThat(twin.faults()).as("faults").isPositive();
      assertThat(actual).isEqualTo(expected);
      twin.toDevice();
      assertThat(twin.device().mismatch(model)).as("where the device differs").isEqualTo(-1);
    }
  }

  /**
   * Bytes that are neither 0 nor 1 are no booleans; what the JDK does to them differs by method.
   */
  private static void normalizeBooleans(Method method, MemorySegment model) {
    if (method.getName().contains("Boolean")) {
      model.set(ValueLayout.JAVA_BYTE, OFFSET, (byte) 1);
    }
  }

  private static Object[] arguments(Method method, MemorySegment segment)
      throws ReflectiveOperationException {
    Class<?>[] types = method.getParameterTypes();
    Object[] arguments = new Object[types.length];
    long address = segment.address() + OFFSET;
    if (method.getName().endsWith("Unaligned")) {
      address++;
    }
    int offsets = 0;
    int sessions = 0;
    for (int i = 0; i < types.length; i++) {
      if (types[i].getSimpleName().equals("MemorySessionImpl")) {
        arguments[i] = session(segment);
        sessions++;
      } else if (types[i] == Object.class) {
        arguments[i] = null;
      } else if (types[i] == long.class && offsets < sessions) {
        arguments[i] = address + offsets * RANGE_BYTES;
        offsets++;
      } else {
        arguments[i] = value(method, types[i], i);
      }
    }
    return arguments;
  }

  private static Object session(MemorySegment segment) throws ReflectiveOperationException {
    Class<?> type = Class.forName("jdk.internal.foreign.AbstractMemorySegmentImpl");
    return type.getMethod("sessionImpl").invoke(segment);
  }

  /** Numbers of bytes and elements for operations on ranges, otherwise some value. */
  private static Object value(Method method, Class<?> type, int index) {
    boolean range = method.getName().endsWith("Memory");
    if (type == long.class) {
      return range ? (index == 7 ? 4L : (long) RANGE_BYTES) : 0x1122_3344_5566_7788L + index;
    }
    if (type == int.class) {
      return method.getName().equals("vectorizedMismatch")
          ? (index == 6 ? RANGE_BYTES : 0)
          : 0x1234_5678 + index;
    }
    if (type == boolean.class) {
      return index % 2 == 0;
    }
    return switch (type.getName()) {
      case "byte" -> (byte) (77 + index);
      case "short" -> (short) (7777 + index);
      case "char" -> (char) (60_000 + index);
      case "float" -> 1.5f + index;
      default -> 2.5 + index;
    };
  }

  @TestFactory
  Stream<DynamicTest> everyCompareSucceedsWhenTheValueIsTheExpectedOne() {
    return methods().stream()
        .filter(m -> m.getName().toLowerCase(java.util.Locale.ROOT).contains("compareand"))
        .map(m -> dynamicTest(m.getName(), () -> compareAndReplace(m)));
  }

  private void compareAndReplace(Method method) throws Exception {
    try (Twin twin = new Twin(BYTES, BYTES)) {
      MemorySegment segment = twin.segment();
      Object[] arguments = arguments(method, segment);
      Class<?> type = method.getParameterTypes()[3];
      Method put =
          access
              .getClass()
              .getMethod(
                  "put" + capitalized(type),
                  method.getParameterTypes()[0],
                  Object.class,
                  long.class,
                  type);
      put.invoke(access, arguments[0], null, arguments[2], arguments[3]);
      twin.toDevice();
      Object result = method.invoke(access, arguments);
      assertThat(result).isEqualTo(method.getName().contains("Exchange") ? arguments[3] : true);
      Method get =
          access
              .getClass()
              .getMethod(
                  "get" + capitalized(type),
                  method.getParameterTypes()[0],
                  Object.class,
                  long.class);
      twin.toDevice();
      assertThat(get.invoke(access, arguments[0], null, arguments[2])).isEqualTo(arguments[4]);
    }
  }

  private static String capitalized(Class<?> type) {
    return Character.toUpperCase(type.getName().charAt(0)) + type.getName().substring(1);
  }

  @Test
  void anAccessOfAClosedRegionSaysSo() throws Exception {
    Twin twin = new Twin(BYTES, BYTES);
    MemorySegment segment = twin.segment();
    twin.close();
    for (Method method : methods()) {
      try {
        method.invoke(access, arguments(method, segment));
        throw new AssertionError(method + " did not throw");
      } catch (InvocationTargetException e) {
        assertThat(e.getCause())
            .as(method.getName())
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("Already closed");
      }
    }
  }
}
