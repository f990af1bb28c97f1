package dev.gmem.samples.program;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.gmem.Argument;
import dev.gmem.Kernel;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.kernel.DeviceKernel;
import dev.gmem.samples.console.Refusal;
import dev.gmem.samples.data.Picture;
import dev.gmem.samples.data.Pictures;
import dev.gmem.samples.kernel.BlurKernel;
import dev.gmem.samples.kernel.LumaKernel;
import dev.gmem.samples.kernel.SobelKernel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import picocli.CommandLine.Option;

/**
 * Finds the edges of a picture on the device, and paints them over the picture on the CPU. The
 * device reads the pixels that the CPU wrote; the CPU reads the edges that the device wrote.
 */
public final class EdgeDetect implements Sample {
  /** Greatest difference from plain Java's gradient that passes; gradients go up to about 1,140. */
  static final double BOUND = 0.01;

  private static final String BUNDLED = "data/hubble_deep_field.jpg";

  @Option(
      names = "--input",
      paramLabel = "PICTURE",
      description = "A PNG, JPEG, GIF, BMP or TIFF (default: Hubble's deep field, built in).")
  private Path input;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "The PNG to write (default: ${DEFAULT-VALUE}).")
  private Path output = Path.of("edges.png");

  private Picture picture;

  /** Makes one with default options. */
  public EdgeDetect() {}

  @Override
  public String name() {
    return "edge-detect";
  }

  @Override
  public String description() {
    return "Finds the edges of a picture and paints them over it.";
  }

  @Override
  public OptionalDouble javaKernelBound() {
    return OptionalDouble.of(BOUND);
  }

  @Override
  public void prepare() {
    picture = input == null ? Pictures.bundled(BUNDLED) : Pictures.read(input);
    Pictures.requireWritable(output);
    try {
      if (input != null && Files.exists(output) && Files.isSameFile(input, output)) {
        throw Refusal.usage("--output must be another file than --input, but both are " + input);
      }
    } catch (IOException e) {
      throw Refusal.output("cannot write " + output + ": " + e.getMessage(), e);
    }
  }

  @Override
  public Outcome run(SampleRun run) {
    int width = picture.width();
    int height = picture.height();
    long count = (long) width * height;
    MemorySegment pixels = run.buffer("pixels", picture.argb());
    MemorySegment grey = run.buffer("grey", JAVA_FLOAT, count);
    MemorySegment smooth = run.buffer("smooth", JAVA_FLOAT, count);
    MemorySegment edges = run.buffer("edges", JAVA_FLOAT, count);

    NdRange plane = NdRange.of(width, height);
    Launch luma =
        run.kernel(
                "luma",
                EdgeKernels::luma,
                new JavaForm(new LumaKernel(), "argb", "out"),
                Parameter.READ,
                Parameter.OVERWRITE)
            .launch(NdRange.of(count), pixels, Argument.overwrite(grey));
    Launch blur =
        filter(run, "blur", EdgeKernels::blur, new BlurKernel())
            .launch(plane, grey, Argument.overwrite(smooth), width, height);
    Launch sobel =
        filter(run, "sobel", EdgeKernels::sobel, new SobelKernel())
            .launch(plane, smooth, Argument.overwrite(edges), width, height);
    run.await("luma", luma);
    run.await("blur", blur);
    run.await("sobel", sobel);
    run.noteResidency("after the kernels");

    EdgeOverlay overlay = EdgeOverlay.of(edges);
    Picture painted = overlay.paint(width, height, pixels, edges);
    Pictures.writePng(painted, output);
    run.noteResidency("at the end");
    run.say(
        "%s: %,d x %,d pixels, %,d of them on edges",
        output, width, height, overlay.paintedPixels());

    double distance = EdgeReference.distanceMax(picture, edges);
    return Outcome.of(
            distance <= BOUND,
            "gradients differ from plain Java's by at most %.2g (bound %.0e)",
            distance,
            BOUND)
        .with("output", output.toString())
        .with("width", width)
        .with("height", height)
        .with("edgePixels", overlay.paintedPixels())
        .with("distanceMax", distance);
  }

  private static Kernel filter(
      SampleRun run, String name, DeviceKernel body, com.aparapi.Kernel java) {
    return run.kernel(
        name,
        body,
        new JavaForm(java, "in", "out", "width", "height"),
        Parameter.READ,
        Parameter.OVERWRITE,
        Parameter.SCALAR,
        Parameter.SCALAR);
  }
}
