package dev.gmem.aparapi;

import com.aparapi.Kernel;
import dev.gmem.Access;
import dev.gmem.AddressSpace;
import dev.gmem.Argument;
import dev.gmem.Device;
import dev.gmem.KernelCompilationException;
import dev.gmem.KernelSource;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
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
 * <p><b>Fields</b> are named as in the source; a local variable that a class of a method has
 * captured is a field of its name. Where a class hides a field of a superclass, the latter is
 * called {@code Superclass.field}.
 *
 * <p><b>Arrays.</b> A segment may be longer than 2 GiB only if its elements can be counted by an
 * {@code int}. A field that is not bound but holds an array on the heap is passed as a table if the
 * kernel only reads it. Fields that are {@link Kernel.Local} give the length of the local memory by
 * the array they hold; {@link Kernel.PrivateMemorySpace} fields need no array. Neither is bound.
 *
 * <p><b>Shared memory.</b> Fields share memory as they do in Java. If one segment is bound to two
 * fields of the same type, they are one array: what an item writes through one field, it reads
 * through the other, on every device. Other segments that overlap can be bound if the kernel only
 * reads them; a launch that writes one is refused.
 *
 * <p><b>Access.</b> What the kernel does with each array is found in its bytecode: a field that is
 * only read is shared, one that is written moves. One that is only written is not copied to the
 * device if the items of the launch are certain to write all of it, each its own element; if such a
 * launch fails, the array's contents are undefined. {@link #bind(String, MemorySegment, Access)}
 * can say more than the bytecode tells.
 *
 * <p><b>Bounds.</b> A launch whose items are certain to touch an element that an array does not
 * have is refused. Other indices out of bounds fail on devices that execute Java, and are undefined
 * on OpenCL devices.
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
  private final Map<KernelParameter.Array, Binding> bindings = new IdentityHashMap<>();
  private final Map<Device, Loaded> loaded = new HashMap<>();
  private final Products products;

  /** The kernel on a device. */
  private static final class Loaded {
    final dev.gmem.Kernel kernel;

    /** Whether in the form for devices that execute Java. */
    final boolean host;

    /** The last launch; programs repeat them. */
    Made last = new Made(null, 0, null, null, null);

    Loaded(dev.gmem.Kernel kernel, boolean host) {
      this.kernel = kernel;
      this.host = host;
    }
  }

  /**
   * What a launch was made of, and what came of it, which depends on nothing else.
   *
   * @param range the work items
   * @param passId the pass
   * @param given what the kernel's fields were; null if they held more than can be compared
   * @param launched the range for the device
   * @param arguments for the device
   */
  private record Made(
      NdRange range, int passId, List<Object> given, NdRange launched, Object[] arguments) {
    boolean isOf(NdRange otherRange, int otherPass, List<Object> other) {
      return other != null
          && passId == otherPass
          && other.equals(given)
          && otherRange.equals(range);
    }
  }

  private JavaKernel(
      AddressSpace space, Kernel kernel, Translation translation, Products products) {
    this.space = space;
    this.kernel = kernel;
    this.translation = translation;
    this.products = products;
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
    return of(space, kernel, Products.ROUNDED);
  }

  /**
   * Translates the class of a kernel, if it has not been yet, and says how its products are added.
   *
   * @param space where its segments are
   * @param kernel the instance that scalars are read from
   * @param products whether they are rounded before they are added, as in Java
   * @return the kernel, with nothing bound
   * @throws KernelTranslationException if the class uses what cannot be translated
   * @throws KernelCompilationException if the class has no class file
   */
  public static JavaKernel of(AddressSpace space, Kernel kernel, Products products) {
    Objects.requireNonNull(space, "space");
    Objects.requireNonNull(kernel, "kernel");
    Objects.requireNonNull(products, "products");
    return new JavaKernel(space, kernel, Translation.of(kernel.getClass()), products);
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
    KernelParameter.Array array = array(field);
    return bind(array, Binding.of(translation.name(), array, segment, null));
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
    Objects.requireNonNull(access, "access");
    KernelParameter.Array array = array(field);
    return bind(array, Binding.of(translation.name(), array, segment, access));
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
    return bind(array, Binding.of(translation.name(), array, segment, null, lengths.clone()));
  }

  private JavaKernel bind(KernelParameter.Array array, Binding binding) {
    if (!space.contains(binding.segment())) {
      throw Binding.misbound(
          translation.name(),
          array.name(),
          "the segment must be unified memory of this space; allocate it from space.arena()",
          "segment=" + binding.segment());
    }
    synchronized (this) {
      bindings.put(array, binding);
    }
    return this;
  }

  private KernelParameter.Array array(String field) {
    Objects.requireNonNull(field, "field");
    List<KernelParameter.Array> arrays = translation.arrays();
    KernelParameter.Array found =
        arrays.stream()
            .filter(array -> array.name().equals(field))
            .findFirst()
            .or(() -> arrays.stream().filter(a -> a.field().getName().equals(field)).findFirst())
            .orElseThrow(
                () ->
                    Binding.misbound(
                        translation.name(),
                        field,
                        isScalar(field)
                            ? "a scalar is not bound; it is read from the kernel's own field at"
                                + " each launch"
                            : "the kernel uses no such array field",
                        "fields=" + arrays.stream().map(KernelParameter.Array::name).toList()));
    if (!found.isUnified()) {
      throw Binding.misbound(
          translation.name(),
          field,
          "local memory is not bound; its length is that of the array",
          "");
    }
    return found;
  }

  private boolean isScalar(String field) {
    return translation.scalars().stream()
        .anyMatch(scalar -> FlatKernel.baseName(scalar.field()).equals(field));
  }

  /**
   * Returns this kernel in the shape of those in other languages: with arguments in an order. They
   * are for the fields that are named here; those of all others are found as by {@link #launch}.
   * Scalars that are given so are for that launch alone; the fields of the kernel keep their
   * values.
   *
   * @param device a device of the space
   * @param fields names of array fields of one dimension and of scalars, in the order of arguments
   * @return a kernel that takes as many arguments: segments, {@link Argument}s, boxed scalars
   * @throws IllegalArgumentException if the kernel uses no such field
   * @throws KernelCompilationException if the device does not compile the kernel
   * @throws UnsupportedOperationException if the device runs neither OpenCL C nor Java
   */
  public dev.gmem.Kernel on(Device device, String... fields) {
    loaded(device);
    return new OrderedKernel(this, device, parameters(fields));
  }

  private List<KernelParameter> parameters(String... fields) {
    Map<String, KernelParameter> all = new LinkedHashMap<>();
    for (KernelParameter parameter : translation.parameters()) {
      switch (parameter) {
        case KernelParameter.Array array when array.isUnified() -> all.put(array.name(), array);
        case KernelParameter.Scalar scalar -> all.put(FlatKernel.baseName(scalar.field()), scalar);
        default -> {}
      }
    }
    for (String field : fields) {
      if (!all.containsKey(field)) {
        throw Binding.misbound(
            translation.name(), field, "the kernel uses no such field", "fields=" + all.keySet());
      }
    }
    return List.of(fields).stream().map(all::get).toList();
  }

  /**
   * Launches the kernel and returns at once; {@code getPassId()} is 0.
   *
   * @param device a device of the space
   * @param range the work items
   * @return the launch, running or waiting to run
   * @throws IllegalStateException if an array field is neither bound nor a table
   * @throws IllegalArgumentException if work items are certain to reach beyond an array, or arrays
   *     share memory, one is written, and they are not one array
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
   * @throws IllegalArgumentException if work items are certain to reach beyond an array, or arrays
   *     share memory, one is written, and they are not one array
   * @throws KernelCompilationException if the device does not compile the kernel
   * @throws UnsupportedOperationException if the device runs neither OpenCL C nor Java
   */
  public synchronized Launch launch(Device device, NdRange range, int passId) {
    return launch(device, range, passId, bindings, Map.of());
  }

  /** Launches with values that are given for this launch alone, besides those that are bound. */
  synchronized Launch launch(
      Device device,
      NdRange range,
      Map<KernelParameter.Array, Binding> arrays,
      Map<KernelParameter.Scalar, Object> scalars) {
    Map<KernelParameter.Array, Binding> all = arrays;
    if (!bindings.isEmpty()) {
      all = new IdentityHashMap<>(bindings);
      all.putAll(arrays);
    }
    return launch(device, range, 0, all, scalars);
  }

  private Launch launch(
      Device device,
      NdRange range,
      int passId,
      Map<KernelParameter.Array, Binding> arrays,
      Map<KernelParameter.Scalar, Object> scalars) {
    Loaded form = loaded(device);
    LaunchValues values =
        new LaunchValues(kernel, translation, arrays, scalars, tables, range, passId);
    List<Object> given = values.given();
    if (form.last.isOf(range, passId, given)) {
      return form.kernel.launch(form.last.launched, form.last.arguments);
    }
    Launch launch = null;
    try {
      Made made = make(form, range, passId, given, values);
      launch = form.kernel.launch(made.launched, made.arguments);
      form.last = made;
      return launch;
    } finally {
      tables.launched(launch);
    }
  }

  private Made make(Loaded form, NdRange range, int passId, List<Object> given, Values values) {
    translation.reach().check(translation.name(), range, passId, values);
    if (form.host) {
      HostForm host = translation.hostForm();
      Object[] arguments = host.arguments(values, range, passId);
      return new Made(range, passId, given, host.range(range), arguments);
    }
    Object[] arguments = OpenClForm.arguments(translation.parameters(), values, passId);
    return new Made(range, passId, given, range, arguments);
  }

  private synchronized Loaded loaded(Device device) {
    return loaded.computeIfAbsent(device, this::load);
  }

  private Loaded load(Device device) {
    try {
      return new Loaded(device.load(KernelSource.openCl(openCl())).kernel("run"), false);
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
    return translation.text(products);
  }

  /** The name of the kernel's class. */
  String name() {
    return translation.name();
  }

  /** Gives back the memory of tables; launches that use it are waited for. */
  @Override
  public synchronized void close() {
    tables.close();
  }
}
