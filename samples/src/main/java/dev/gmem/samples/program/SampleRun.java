package dev.gmem.samples.program;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.Launch;
import dev.gmem.aparapi.JavaKernel;
import dev.gmem.kernel.DeviceKernel;
import dev.gmem.samples.console.Progress;
import dev.gmem.samples.console.Refusal;
import dev.gmem.samples.data.Resources;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What a sample runs in: an address space, a device of it, an arena for its buffers, and the two
 * streams. Belongs to one thread.
 *
 * <p><b>Closing</b> gives back what kernels hold. The arena, and with it the buffers, is the
 * caller's.
 */
public final class SampleRun implements AutoCloseable {
  private static final long POLL_MILLIS = 100;

  private final AddressSpace space;
  private final Device device;
  private final Arena arena;
  private final PrintWriter out;
  private final PrintWriter err;
  private final boolean live;
  private final KernelForm form;
  private final List<JavaKernel> javaKernels = new ArrayList<>();
  private final Map<String, MemorySegment> buffers = new LinkedHashMap<>();
  private final Map<String, ValueLayout> elements = new LinkedHashMap<>();
  private final Map<String, List<Places>> residency = new LinkedHashMap<>();

  /**
   * Makes one.
   *
   * @param space the address space
   * @param device a device of it
   * @param arena an arena of it, closed by the caller after the run
   * @param out where results go
   * @param err where progress goes
   * @param live whether a line can be redrawn on {@code err}
   * @param form which form of kernels to launch, where a sample has the choice
   */
  public SampleRun(
      AddressSpace space,
      Device device,
      Arena arena,
      PrintWriter out,
      PrintWriter err,
      boolean live,
      KernelForm form) {
    this.space = space;
    this.device = device;
    this.arena = arena;
    this.out = out;
    this.err = err;
    this.live = live;
    this.form = form;
  }

  /**
   * Returns the address space.
   *
   * @return the space
   */
  public AddressSpace space() {
    return space;
  }

  /**
   * Returns the device that the kernels run on.
   *
   * @return the device
   */
  public Device device() {
    return device;
  }

  /**
   * Allocates a buffer that shares its granules with no other, so that it has a residency of its
   * own.
   *
   * @param name for the summary
   * @param element what it is made of
   * @param count how many elements, positive
   * @return unified memory, filled with zeros
   */
  public MemorySegment buffer(String name, ValueLayout element, long count) {
    int granule = space.options().granuleBytes();
    long bytes = Math.multiplyExact(count, element.byteSize());
    long whole = Math.multiplyExact(Math.ceilDiv(bytes, granule), (long) granule);
    MemorySegment segment = arena.allocate(whole, granule).asSlice(0, bytes);
    buffers.put(name, segment);
    elements.put(name, element);
    return segment;
  }

  /**
   * Allocates a buffer and fills it.
   *
   * @param name for the summary
   * @param values its contents, at least one
   * @return unified memory
   */
  public MemorySegment buffer(String name, float[] values) {
    MemorySegment segment = buffer(name, ValueLayout.JAVA_FLOAT, values.length);
    MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_FLOAT, 0, values.length);
    return segment;
  }

  /**
   * Allocates a buffer and fills it.
   *
   * @param name for the summary
   * @param values its contents, at least one
   * @return unified memory
   */
  public MemorySegment buffer(String name, int[] values) {
    MemorySegment segment = buffer(name, ValueLayout.JAVA_INT, values.length);
    MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_INT, 0, values.length);
    return segment;
  }

  /**
   * Compiles a kernel, which every sample has in two forms: OpenCL C, in a file of the kernel's
   * name, and Java.
   *
   * @param name its name, that of its OpenCL C function, and that of its file
   * @param body the same work in Java
   * @param parameters what each parameter is, in order
   * @return the kernel
   * @throws Refusal if the device runs no kernels of these forms
   */
  public Kernel kernel(String name, DeviceKernel body, Parameter... parameters) {
    KernelSource source =
        KernelSource.oneOf(
            KernelSource.openCl(Resources.text("kernels/" + name + ".cl")),
            KernelSource.java(name, body, parameters));
    try {
      return device.load(source).kernel(name);
    } catch (UnsupportedOperationException e) {
      throw cannotRun(e);
    }
  }

  /**
   * Compiles a kernel in the form that the user has chosen.
   *
   * @param name its name, that of its OpenCL C function, and that of its file
   * @param body the same work in Java
   * @param java the same work as a class
   * @param parameters what each parameter is, in order
   * @return the kernel
   * @throws Refusal if the device runs no kernels of these forms
   */
  Kernel kernel(String name, DeviceKernel body, JavaForm java, Parameter... parameters) {
    if (form == KernelForm.OWN) {
      return kernel(name, body, parameters);
    }
    JavaKernel kernel = JavaKernel.of(space, java.kernel());
    javaKernels.add(kernel);
    try {
      return kernel.on(device, java.fields().toArray(String[]::new));
    } catch (UnsupportedOperationException e) {
      throw cannotRun(e);
    }
  }

  private Refusal cannotRun(UnsupportedOperationException e) {
    return Refusal.unavailable(
        device.id() + " cannot run this sample's kernels: " + e.getMessage(), e);
  }

  /**
   * Waits for a kernel that may take its time, and says so.
   *
   * @param what its name
   * @param launch the kernel, on its way
   */
  public void await(String what, Launch launch) {
    long start = System.nanoTime();
    CountDownLatch done = new CountDownLatch(1);
    launch.completion().whenComplete((result, failure) -> done.countDown());
    try (Progress progress = progress(what, 1)) {
      while (!done.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        progress.after(System.nanoTime() - start);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    launch.join();
  }

  /**
   * Remembers for the summary where the buffers are now.
   *
   * @param moment when that is, for instance {@code "after the kernel"}
   */
  public void noteResidency(String moment) {
    List<Places> places = new ArrayList<>();
    buffers.forEach(
        (name, segment) ->
            places.add(Places.of(name, segment.byteSize(), space.residency(segment))));
    residency.put(moment, List.copyOf(places));
  }

  /**
   * Prints a line of the result.
   *
   * @param format as in {@link String#format}
   * @param arguments as there
   */
  public void say(String format, Object... arguments) {
    out.println(String.format(Locale.ROOT, format, arguments));
    out.flush();
  }

  /**
   * Starts to tell progress.
   *
   * @param what one step of the work, for instance {@code "generation"}
   * @param total how many steps there are
   * @return to be told, and closed
   */
  public Progress progress(String what, long total) {
    return new Progress(err, live, what, total);
  }

  /**
   * Compares buffers with those of another run, bringing both home.
   *
   * @param other a run of the same sample with the same options, whose arena is open
   * @return the greatest difference between two elements; NaN if there is one that is no number
   */
  public double distanceMax(SampleRun other) {
    double distance = 0;
    for (Map.Entry<String, MemorySegment> buffer : buffers.entrySet()) {
      ValueLayout element = elements.get(buffer.getKey());
      MemorySegment mine = buffer.getValue();
      MemorySegment others = other.buffers.get(buffer.getKey());
      for (long at = 0; at < mine.byteSize(); at += element.byteSize()) {
        distance =
            Math.max(distance, Math.abs(number(mine, at, element) - number(others, at, element)));
      }
    }
    return distance;
  }

  private static double number(MemorySegment segment, long at, ValueLayout element) {
    return switch (element) {
      case ValueLayout.OfInt layout -> segment.get(layout, at);
      case ValueLayout.OfFloat layout -> segment.get(layout, at);
      default -> throw new IllegalArgumentException("no buffer is made of " + element);
    };
  }

  /**
   * Sums up what the memory did so far.
   *
   * @return the summary
   */
  public Summary summary() {
    int granule = space.options().granuleBytes();
    return new Summary(device.id(), granule, space.statistics(), residency);
  }

  @Override
  public void close() {
    javaKernels.forEach(JavaKernel::close);
  }
}
