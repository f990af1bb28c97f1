package dev.gmem.bench.javakernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import com.aparapi.Kernel;
import dev.gmem.Argument;
import dev.gmem.NdRange;
import dev.gmem.aparapi.JavaKernel;
import dev.gmem.aparapi.Products;
import dev.gmem.bench.opencl.OpenClRig;
import dev.gmem.samples.data.Resources;
import dev.gmem.samples.kernel.AssignKernel;
import dev.gmem.samples.kernel.BlurKernel;
import dev.gmem.samples.kernel.DriftKernel;
import dev.gmem.samples.kernel.KickKernel;
import dev.gmem.samples.kernel.LumaKernel;
import dev.gmem.samples.kernel.MandelbrotKernel;
import dev.gmem.samples.kernel.SobelKernel;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.LongFunction;

/** The kernels of samples in both forms, with work of the samples' default size. */
final class SampleKernels {
  /**
   * One kernel in both forms.
   *
   * @param name of the OpenCL C function and of its file
   * @param java the class
   * @param fields of the class, in the order of the function's parameters
   * @param range the work items
   * @param arguments for both
   * @param results what the kernel writes
   * @param floats whether that is floats, and not ints
   */
  record Step(
      String name,
      Kernel java,
      List<String> fields,
      NdRange range,
      List<Object> arguments,
      MemorySegment results,
      boolean floats) {
    String source() {
      return Resources.text("kernels/" + name + ".cl");
    }

    /** The class on the rig's device, with arguments as the function's; closed with the space. */
    dev.gmem.Kernel javaOn(OpenClRig rig) {
      return javaOn(rig, Products.ROUNDED);
    }

    /** The same, as it is or with products that may be fused. */
    dev.gmem.Kernel javaOn(OpenClRig rig, Products products) {
      return JavaKernel.of(rig.space(), java, products)
          .on(rig.device(), fields.toArray(String[]::new));
    }
  }

  /**
   * What the CPU touches between launches.
   *
   * @param segment an argument of a kernel
   * @param count how many elements from its beginning
   * @param floats whether they are floats, and not ints
   */
  record Touch(MemorySegment segment, int count, boolean floats) {
    static Touch all(MemorySegment segment, boolean floats) {
      return new Touch(segment, (int) (segment.byteSize() / Integer.BYTES), floats);
    }
  }

  /**
   * The kernels of one sample, in the order in which it launches them.
   *
   * @param name of the sample
   * @param steps the kernels
   * @param written what the CPU writes before each turn
   * @param read what the CPU reads after each turn
   * @param turns how many make a program of some tens of milliseconds
   */
  record Sample(String name, List<Step> steps, Optional<Touch> written, Touch read, int turns) {}

  private static final int WIDTH = 1000;
  private static final int HEIGHT = 872;
  private static final int BODIES = 2009;
  private static final int HEAVY = 9;
  private static final int POINTS = 3376;
  private static final int CENTRES = 8;

  private final LongFunction<MemorySegment> memory;
  private final SplittableRandom random = new SplittableRandom(4);

  /** Memory comes from a function of a number of bytes. */
  SampleKernels(LongFunction<MemorySegment> memory) {
    this.memory = memory;
  }

  List<Sample> all() {
    return List.of(mandelbrot(), bodies(), edges(), clusters());
  }

  private Sample mandelbrot() {
    int width = 960;
    int height = 720;
    float scale = 3f / width;
    MemorySegment steps = memory.apply((long) width * height * Integer.BYTES);
    return new Sample(
        "mandelbrot",
        List.of(
            new Step(
                "mandelbrot",
                new MandelbrotKernel(),
                List.of("steps", "firstRow", "left", "top", "scale", "stepsMax"),
                NdRange.of(width, height),
                List.of(Argument.overwrite(steps), 0, -2.2f, scale * height / 2, scale, 256),
                steps,
                false)),
        Optional.empty(),
        Touch.all(steps, false),
        2);
  }

  private Sample bodies() {
    MemorySegment bodies = floats(4 * BODIES);
    MemorySegment velocities = floats(4 * BODIES);
    NdRange range = NdRange.of(BODIES);
    return new Sample(
        "n-body",
        List.of(
            new Step(
                "kick",
                new KickKernel(),
                List.of("bodies", "velocities", "heavy", "time"),
                range,
                List.of(bodies, velocities, HEAVY, 1e-6f),
                velocities,
                true),
            new Step(
                "drift",
                new DriftKernel(),
                List.of("bodies", "velocities", "time"),
                range,
                List.of(bodies, velocities, 1e-6f),
                bodies,
                true)),
        Optional.empty(),
        new Touch(bodies, 4 * HEAVY, true),
        200);
  }

  private Sample edges() {
    long count = (long) WIDTH * HEIGHT;
    MemorySegment pixels = memory.apply(count * Integer.BYTES);
    for (long i = 0; i < count; i++) {
      pixels.setAtIndex(JAVA_INT, i, random.nextInt());
    }
    MemorySegment grey = memory.apply(count * Float.BYTES);
    MemorySegment smooth = memory.apply(count * Float.BYTES);
    MemorySegment edges = memory.apply(count * Float.BYTES);
    return new Sample(
        "edge-detect",
        List.of(
            new Step(
                "luma",
                new LumaKernel(),
                List.of("argb", "out"),
                NdRange.of(count),
                List.of(pixels, Argument.overwrite(grey)),
                grey,
                true),
            filter("blur", new BlurKernel(), grey, smooth),
            filter("sobel", new SobelKernel(), smooth, edges)),
        Optional.of(Touch.all(pixels, false)),
        Touch.all(edges, true),
        5);
  }

  private static Step filter(String name, Kernel java, MemorySegment in, MemorySegment out) {
    return new Step(
        name,
        java,
        List.of("in", "out", "width", "height"),
        NdRange.of(WIDTH, HEIGHT),
        List.of(in, Argument.overwrite(out), WIDTH, HEIGHT),
        out,
        true);
  }

  private Sample clusters() {
    MemorySegment centres = floats(3 * CENTRES);
    MemorySegment labels = memory.apply((long) POINTS * Integer.BYTES);
    return new Sample(
        "k-means",
        List.of(
            new Step(
                "assign",
                new AssignKernel(),
                List.of("points", "centres", "labels", "centreCount"),
                NdRange.of(POINTS),
                List.of(floats(3 * POINTS), centres, Argument.overwrite(labels), CENTRES),
                labels,
                false)),
        Optional.of(Touch.all(centres, true)),
        Touch.all(labels, false),
        400);
  }

  private MemorySegment floats(int count) {
    MemorySegment segment = memory.apply((long) count * Float.BYTES);
    for (int i = 0; i < count; i++) {
      segment.setAtIndex(JAVA_FLOAT, i, (float) random.nextDouble(-1, 1));
    }
    return segment;
  }
}
