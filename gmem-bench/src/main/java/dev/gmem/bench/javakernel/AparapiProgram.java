package dev.gmem.bench.javakernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import com.aparapi.Kernel;
import com.aparapi.Range;
import com.aparapi.device.OpenCLDevice;
import dev.gmem.Argument;
import dev.gmem.NdRange;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.javakernel.SampleKernels.Sample;
import dev.gmem.bench.javakernel.SampleKernels.Step;
import dev.gmem.bench.javakernel.SampleKernels.Touch;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A sample's kernels as Aparapi itself executes them, on arrays on the heap with the contents of
 * the sample's segments. In explicit mode arrays go to the device when they have changed, and come
 * back when somebody reads them. Belongs to one thread.
 */
final class AparapiProgram implements AutoCloseable {
  /** A kernel, its range, and its arrays by what the kernel does. */
  private record Executed(Kernel kernel, Range range, List<Object> arrays, Object results) {
    boolean uses(Object array) {
      return arrays.stream().anyMatch(a -> a == array);
    }
  }

  private final Sample sample;
  private final boolean explicit;
  private final List<Executed> kernels = new ArrayList<>();

  /** By address. */
  private final Map<Long, Object> arrays = new HashMap<>();

  AparapiProgram(Sample sample, boolean explicit) {
    this.sample = sample;
    this.explicit = explicit;
    OpenCLDevice device = OpenCLDevice.listDevices(null).getFirst();
    for (Step step : sample.steps()) {
      kernels.add(executed(step, device));
    }
    for (Executed each : kernels) {
      each.kernel.setExplicit(explicit);
      if (explicit) {
        each.arrays.forEach(array -> put(each.kernel, array));
      }
    }
  }

  private Executed executed(Step step, OpenCLDevice device) {
    try {
      Kernel kernel = step.java().getClass().getDeclaredConstructor().newInstance();
      List<Object> used = new ArrayList<>();
      for (int i = 0; i < step.fields().size(); i++) {
        Field field = field(kernel.getClass(), step.fields().get(i));
        Object argument = step.arguments().get(i);
        Object value =
            switch (argument) {
              case MemorySegment segment -> array(segment, field);
              case Argument.Buffer buffer -> array(buffer.segment(), field);
              default -> argument;
            };
        if (value != argument) {
          used.add(value);
        }
        field.set(kernel, value);
      }
      NdRange range = step.range();
      Range aparapi =
          range.dimensions() == 1
              ? Range.create(device, (int) range.globalSize(0))
              : Range.create2D(device, (int) range.globalSize(0), (int) range.globalSize(1));
      return new Executed(kernel, aparapi, used, arrays.get(step.results().address()));
    } catch (ReflectiveOperationException e) {
      throw new BenchmarkException("a kernel for Aparapi could not be made: " + step.name(), e);
    }
  }

  private static Field field(Class<?> type, String name) throws NoSuchFieldException {
    for (Class<?> c = type; c != Kernel.class; c = c.getSuperclass()) {
      for (Field field : c.getDeclaredFields()) {
        if (field.getName().equals(name)) {
          field.setAccessible(true);
          return field;
        }
      }
    }
    throw new NoSuchFieldException(type + "." + name);
  }

  private Object array(MemorySegment segment, Field field) {
    return arrays.computeIfAbsent(
        segment.address(),
        address ->
            field.getType() == float[].class
                ? segment.toArray(JAVA_FLOAT)
                : segment.toArray(JAVA_INT));
  }

  private Object array(Touch touch) {
    return arrays.get(touch.segment().address());
  }

  /**
   * Runs it.
   *
   * @param turns how often the CPU writes, the kernels run, and the CPU reads
   * @return what the CPU read last
   */
  double run(int turns) {
    double found = 0;
    for (int turn = 0; turn < turns; turn++) {
      int now = turn;
      sample.written().ifPresent(touch -> CpuWork.write(touch, array(touch), now));
      sample.written().ifPresent(touch -> changed(array(touch), null));
      for (Executed each : kernels) {
        each.kernel.execute(each.range);
        changed(each.results, each.kernel);
      }
      if (explicit) {
        get(kernels.getLast().kernel, array(sample.read()));
      }
      found = CpuWork.read(sample.read(), array(sample.read()));
    }
    return found;
  }

  /** Every kernel has buffers of its own: what one has written goes to the others by the host. */
  private void changed(Object array, Kernel by) {
    boolean home = by == null;
    for (Executed each : kernels) {
      if (explicit && each.kernel != by && each.uses(array)) {
        if (!home) {
          get(by, array);
          home = true;
        }
        put(each.kernel, array);
      }
    }
  }

  private static void put(Kernel kernel, Object array) {
    if (array instanceof float[] floats) {
      kernel.put(floats);
    } else {
      kernel.put((int[]) array);
    }
  }

  private static void get(Kernel kernel, Object array) {
    if (array instanceof float[] floats) {
      kernel.get(floats);
    } else {
      kernel.get((int[]) array);
    }
  }

  @Override
  public void close() {
    kernels.forEach(each -> each.kernel.dispose());
  }
}
