package dev.gmem.aparapi;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import com.aparapi.Kernel;
import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmDiscovery;
import dev.gmem.testkit.injection.InjectedDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Runs a kernel with heap arrays in its fields on a device and as plain Java, and compares all of
 * the arrays. Where there is no OpenCL, tests of it are skipped with the provider's reason, or fail
 * if the system property {@code gmem.opencl.required} is true.
 */
final class Places implements AutoCloseable {
  static final String SIM = "sim0";
  static final String OPENCL = "opencl";

  private static final String MODE = "gmem.opencl.mode";

  private final AddressSpace space;
  private final Device device;

  private Places(AddressSpace space, Device device) {
    this.space = space;
    this.device = device;
  }

  /** Opens a space with a device; OpenCL's is made to migrate. */
  static Places open(String id) {
    if (id.equals(OPENCL)) {
      System.setProperty(MODE, "discrete");
      requireOpenCl();
    }
    AddressSpace space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(4096));
    return new Places(space, space.device(id));
  }

  /** A device of its own, to attach to a space; its calls are counted. */
  static InjectedDevice wrapped(String id) {
    List<GmDevice> found = new ArrayList<>();
    for (GmDiscovery answer : Gmem.discover()) {
      if (answer instanceof GmDiscovery.Available(String kind, List<GmDevice> devices)) {
        found.addAll(devices);
      }
    }
    GmDevice chosen = found.stream().filter(d -> d.id().startsWith(id)).findFirst().orElseThrow();
    found.stream().filter(d -> d != chosen).forEach(GmDevice::close);
    return InjectedDevice.of(chosen, "counted");
  }

  private static void requireOpenCl() {
    for (GmDiscovery answer : Gmem.discover()) {
      switch (answer) {
        case GmDiscovery.Available(String kind, List<GmDevice> devices) ->
            devices.forEach(GmDevice::close);
        case GmDiscovery.Unavailable(String kind, String reason, Throwable cause)
            when kind.equals(OPENCL) -> {
          if (Boolean.getBoolean("gmem.opencl.required")) {
            fail("an OpenCL device is required: " + reason, cause);
          }
          abort("skipped: " + reason);
        }
        default -> {}
      }
    }
  }

  AddressSpace space() {
    return space;
  }

  Device device() {
    return device;
  }

  /** Compares; integers to the bit, others to a share of their size. */
  void check(Kernel kernel, NdRange range, double tolerance) {
    check(kernel, range, 1, tolerance);
  }

  void check(Kernel kernel, NdRange range, int passes, double tolerance) {
    Map<Field, List<Object>> results = new LinkedHashMap<>();
    try (Arena arena = space.arena();
        JavaKernel java = JavaKernel.of(space, kernel)) {
      Map<Field, MemorySegment> segments = bind(java, kernel, arena);
      for (int pass = 0; pass < passes; pass++) {
        java.launch(device, range, pass).join();
      }
      segments.forEach(
          (field, segment) -> results.put(field, contents(segment, HeapArrays.get(field, kernel))));
    }
    boolean barriers = Translation.of(kernel.getClass()).text().contains("barrier(");
    for (int pass = 0; pass < passes; pass++) {
      PlainRun.run(kernel, range, pass, barriers);
    }
    results.forEach(
        (field, found) -> compare(field, HeapArrays.get(field, kernel), found, tolerance));
  }

  private static Map<Field, MemorySegment> bind(JavaKernel java, Kernel kernel, Arena arena) {
    Map<Field, MemorySegment> segments = new LinkedHashMap<>();
    for (Field field : HeapArrays.fields(kernel)) {
      String name = name(field, segments.keySet());
      if (java.accesses().containsKey(name)) {
        Object array = HeapArrays.get(field, kernel);
        List<Object> elements = HeapArrays.elements(array);
        int bytes = HeapArrays.elementBytes(elements.getFirst());
        MemorySegment segment = arena.allocate((long) bytes * elements.size(), 8);
        for (int i = 0; i < elements.size(); i++) {
          HeapArrays.write(segment, (long) bytes * i, elements.get(i));
        }
        java.bind(name, segment, HeapArrays.lengths(array));
        segments.put(field, segment);
      }
    }
    return segments;
  }

  /** Fields come from the kernel's class upwards; one that is hidden has its class before it. */
  private static String name(Field field, Set<Field> seen) {
    String plain = FlatKernel.baseName(field);
    boolean hidden = seen.stream().anyMatch(f -> f.getName().equals(field.getName()));
    return hidden ? field.getDeclaringClass().getSimpleName() + "." + plain : plain;
  }

  private static List<Object> contents(MemorySegment segment, Object like) {
    List<Object> elements = HeapArrays.elements(like);
    int bytes = HeapArrays.elementBytes(elements.getFirst());
    for (int i = 0; i < elements.size(); i++) {
      elements.set(i, HeapArrays.read(segment, (long) bytes * i, elements.get(i)));
    }
    return elements;
  }

  private void compare(Field field, Object array, List<Object> found, double tolerance) {
    List<Object> expected = HeapArrays.elements(array);
    for (int i = 0; i < expected.size(); i++) {
      if (!agree(expected.get(i), found.get(i), tolerance)) {
        throw new AssertionError(
            field.getName()
                + " on "
                + device.id()
                + " differs from plain Java: element="
                + i
                + " plain="
                + expected.get(i)
                + " device="
                + found.get(i));
      }
    }
  }

  private static boolean agree(Object expected, Object found, double tolerance) {
    if (expected instanceof Float || expected instanceof Double) {
      double a = ((Number) expected).doubleValue();
      double b = ((Number) found).doubleValue();
      return Double.compare(a, b) == 0
          || Math.abs(a - b) <= tolerance * Math.max(1, Math.max(Math.abs(a), Math.abs(b)));
    }
    return Objects.equals(expected, found);
  }

  @Override
  public void close() {
    space.close();
  }
}
