package dev.gmem.aparapi;

import com.aparapi.Kernel;
import dev.gmem.Access;
import dev.gmem.AddressSpace;
import dev.gmem.Argument;
import dev.gmem.Device;
import dev.gmem.KernelCompilationException;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A kernel written in Java, as a subclass of Aparapi's {@link Kernel}, over unified memory.
 *
 * <p>The array fields of the kernel are proxies: a unified segment is bound to each by the field's
 * name, and the kernel's {@code run} finds its elements there. Fields of primitive types are
 * scalars, read from the kernel at each launch. No array is copied.
 *
 * {@snippet :
 * class Scale extends Kernel {
 *   float[] values;
 *   float factor;
 *
 *   @Override
 *   public void run() {
 *     int i = getGlobalId();
 *     values[i] *= factor;
 *   }
 * }
 *
 * Scale scale = new Scale();
 * scale.factor = 3;
 * try (JavaKernel kernel = JavaKernel.of(space, scale)) {
 *   kernel.bind("values", segment).launch(space.device(), NdRange.of(n)).join();
 * }
 * }
 *
 * <p><b>Devices.</b> For OpenCL devices the class is translated to OpenCL C; on devices that
 * execute Java, the simulator among them, its own bytecode runs, over the device's memory. The
 * class is translated once per JVM, and compiled once per device and space.
 *
 * <p><b>Arrays.</b> A segment may be longer than 2 GiB only if its elements can be counted by an
 * {@code int}. A field that is not bound but holds an array on the heap is passed as a table if the
 * kernel only reads it. Fields that are {@link Kernel.Local} give the length of the local memory by
 * the array they hold; {@link Kernel.PrivateMemorySpace} fields need no array. Neither is bound.
 *
 * <p><b>Access.</b> What the kernel does with each array is found in its bytecode: a field that is
 * only read is shared, one that is written moves. {@link #bind(String, MemorySegment, Access)} can
 * say more than the bytecode tells.
 *
 * <p><b>Threads.</b> All methods may be called from any thread; bindings and scalars are those at
 * the call of {@code launch}. The kernel's own {@code execute} is never called.
 *
 * <p><b>Closing</b> gives back what tables need. Segments belong to the caller.
 */
public final class JavaKernel implements AutoCloseable {
  private final AddressSpace space;
  private final Kernel kernel;
  private final Translation translation;
  private final Tables tables;
  private final Map<String, Binding> bindings = new HashMap<>();
  private final Map<Device, Loaded> loaded = new HashMap<>();

  private record Binding(MemorySegment segment, Access access, int[] lengths) {}

  /** The kernel on a device, and whether in the form for devices that execute Java. */
  private record Loaded(dev.gmem.Kernel kernel, boolean host) {}

  private JavaKernel(AddressSpace space, Kernel kernel, Translation translation) {
    this.space = space;
    this.kernel = kernel;
    this.translation = translation;
    tables = new Tables(space);
  }

  /**
   * Translates the class of a kernel, if it has not been yet.
   *
   * @param space where its segments are
   * @param kernel the instance that scalars are read from
   * @return the kernel, with nothing bound
   * @throws KernelTranslationException if the class uses what cannot be translated
   * @throws KernelCompilationException if the class has no class file
   */
  public static JavaKernel of(AddressSpace space, Kernel kernel) {
    Objects.requireNonNull(space, "space");
    return new JavaKernel(space, kernel, Translation.of(kernel.getClass()));
  }

  /**
   * Binds a segment to an array field.
   *
   * @param field the field's name
   * @param segment unified memory; its size is the array's
   * @return this kernel
   * @throws IllegalArgumentException if the kernel uses no such array of one dimension, or the size
   *     is not a number of elements
   */
  public JavaKernel bind(String field, MemorySegment segment) {
    return bind(field, segment, array(field).access());
  }

  /**
   * Binds a segment to an array field, and says what the kernel does with it.
   *
   * @param field the field's name
   * @param segment unified memory; its size is the array's
   * @param access what the kernel does; may narrow what its bytecode says, not widen it
   * @return this kernel
   * @throws IllegalArgumentException as {@link #bind(String, MemorySegment)}, or if it widens
   */
  public JavaKernel bind(String field, MemorySegment segment, Access access) {
    KernelParameter.Array array = array(field);
    if (array.dimensions() != 1) {
      throw misbound(
          field, "an array of arrays needs the length of each dimension", "type=" + type(array));
    }
    long length = segment.byteSize() / array.elementBytes();
    if (length > Integer.MAX_VALUE) {
      throw misbound(
          field, "an array has at most 2^31-1 elements; bind slices", "length=" + length);
    }
    return bind(array, segment, access, new int[] {(int) length});
  }

  /**
   * Binds a segment to a field that is an array of arrays, row after row.
   *
   * @param field the field's name
   * @param segment unified memory
   * @param lengths how long the array is in each dimension, the outermost first
   * @return this kernel
   * @throws IllegalArgumentException if the kernel uses no such array, or the lengths do not fit it
   *     or the segment
   */
  public JavaKernel bind(String field, MemorySegment segment, int... lengths) {
    KernelParameter.Array array = array(field);
    if (lengths.length != array.dimensions()) {
      throw misbound(
          field,
          "an array needs a length for each dimension",
          "type=" + type(array) + " lengths=" + lengths.length);
    }
    return bind(array, segment, array.access(), lengths.clone());
  }

  private JavaKernel bind(
      KernelParameter.Array array, MemorySegment segment, Access access, int[] lengths) {
    long bytes = array.elementBytes();
    for (int length : lengths) {
      if (length < 0) {
        throw misbound(array.name(), "a length must not be negative", "length=" + length);
      }
      bytes = Math.multiplyExact(bytes, length);
    }
    if (bytes != segment.byteSize()) {
      throw misbound(
          array.name(),
          "the segment must be as large as the array",
          "type="
              + type(array)
              + " elementBytes="
              + array.elementBytes()
              + " arrayBytes="
              + bytes
              + " segmentBytes="
              + segment.byteSize());
    }
    if (access.writes() && !array.access().writes()) {
      throw misbound(array.name(), "the kernel only reads the array", "access=" + access);
    }
    synchronized (this) {
      bindings.put(array.name(), new Binding(segment, access, lengths));
    }
    return this;
  }

  private KernelParameter.Array array(String field) {
    for (KernelParameter.Array array : translation.arrays()) {
      if (array.name().equals(field)) {
        if (!array.isUnified()) {
          throw misbound(field, "local memory is not bound; its length is that of the array", "");
        }
        return array;
      }
    }
    throw misbound(
        field,
        "the kernel uses no such array field",
        "fields=" + translation.arrays().stream().map(KernelParameter.Array::name).toList());
  }

  private IllegalArgumentException misbound(String field, String rule, String facts) {
    return new IllegalArgumentException(
        rule + ": kernel=" + translation.name() + " field=" + field + " " + facts);
  }

  private static String type(KernelParameter.Array array) {
    return array.field().getType().getTypeName();
  }

  /**
   * Launches the kernel and returns at once; {@code getPassId()} is 0.
   *
   * @param device a device of the space
   * @param range the work items
   * @return the launch, running or waiting to run
   * @throws IllegalStateException if an array field is neither bound nor a table
   * @throws KernelCompilationException if the device does not compile the kernel
   * @throws UnsupportedOperationException if the device runs neither OpenCL C nor Java
   */
  public Launch launch(Device device, NdRange range) {
    return launch(device, range, 0);
  }

  /**
   * Launches the kernel and returns at once.
   *
   * @param device a device of the space
   * @param range the work items
   * @param passId what {@code getPassId()} returns
   * @return the launch, running or waiting to run
   * @throws IllegalStateException if an array field is neither bound nor a table
   * @throws KernelCompilationException if the device does not compile the kernel
   * @throws UnsupportedOperationException if the device runs neither OpenCL C nor Java
   */
  public synchronized Launch launch(Device device, NdRange range, int passId) {
    Loaded form = loaded.computeIfAbsent(device, this::load);
    Values values = new FieldValues();
    Launch launch = null;
    try {
      if (form.host) {
        HostForm host = translation.hostForm();
        launch = form.kernel.launch(host.range(range), host.arguments(values, range, passId));
      } else {
        launch =
            form.kernel.launch(
                range, OpenClForm.arguments(translation.parameters(), values, passId));
      }
      return launch;
    } finally {
      tables.launched(launch);
    }
  }

  private Loaded load(Device device) {
    try {
      return new Loaded(device.load(translation.openCl()).kernel("run"), false);
    } catch (UnsupportedOperationException e) {
      return new Loaded(device.load(translation.hostForm().source()).kernel("run"), true);
    }
  }

  /**
   * Returns what the kernel does with the arrays it uses, as its bytecode tells.
   *
   * @return by field name, in the order of the translated kernel's parameters
   */
  public Map<String, Access> accesses() {
    Map<String, Access> accesses = new LinkedHashMap<>();
    for (KernelParameter.Array array : translation.arrays()) {
      if (array.isUnified()) {
        accesses.put(array.name(), array.access());
      }
    }
    return accesses;
  }

  /**
   * Returns the kernel in OpenCL C.
   *
   * @return the text that OpenCL devices compile
   */
  public String openCl() {
    return translation.text();
  }

  /** Gives back the memory of tables; launches that use it are waited for. */
  @Override
  public synchronized void close() {
    tables.close();
  }

  /** The fields as they are now. */
  private final class FieldValues implements Values {
    @Override
    public Object scalar(KernelParameter.Scalar scalar) {
      return get(scalar.field());
    }

    @Override
    public Argument.Buffer buffer(KernelParameter.Array array) {
      Binding binding = bindings.get(array.name());
      if (binding != null) {
        return new Argument.Buffer(binding.segment, binding.access);
      }
      Object heap = get(array.field());
      String where = "kernel=" + translation.name() + " field=" + array.name();
      if (heap == null) {
        throw new IllegalStateException("an array field must be bound to a segment: " + where);
      }
      if (array.access().writes()) {
        throw new IllegalStateException(
            "an array on the heap can only be read by a kernel, and this one may be written; bind a"
                + " unified segment to the field: "
                + where);
      }
      return new Argument.Buffer(tables.copyOf(array.name(), heap), Access.READ);
    }

    @Override
    public int[] lengths(KernelParameter.Array array) {
      Binding binding = bindings.get(array.name());
      if (binding != null) {
        return binding.lengths;
      }
      Object heap = get(array.field());
      if (heap == null) {
        throw new IllegalStateException(
            "a field for local memory must hold an array of the length that is wanted: kernel="
                + translation.name()
                + " field="
                + array.name());
      }
      return new int[] {Array.getLength(heap)};
    }

    private Object get(Field field) {
      try {
        return field.get(kernel);
      } catch (IllegalAccessException e) {
        throw new IllegalStateException("a field of a kernel cannot be read: field=" + field, e);
      }
    }
  }
}
