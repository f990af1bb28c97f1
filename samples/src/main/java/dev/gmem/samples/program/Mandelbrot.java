package dev.gmem.samples.program;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.gmem.Argument;
import dev.gmem.Kernel;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.kernel.DeviceMemory;
import dev.gmem.kernel.KernelArguments;
import dev.gmem.kernel.WorkItem;
import dev.gmem.samples.console.Progress;
import dev.gmem.samples.console.Refusal;
import dev.gmem.samples.data.Picture;
import dev.gmem.samples.data.Pictures;
import dev.gmem.samples.kernel.MandelbrotKernel;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import picocli.CommandLine.Option;

/**
 * Draws Mandelbrot's set. The device works on bands of one buffer, one launch each; the CPU colours
 * a band as soon as it is done, simply by reading it, while the device is at the next.
 */
public final class Mandelbrot implements Sample {
  private static final int SIZE_MAX = 7000;
  private static final int STEPS_LIMIT = 100_000;
  private static final int BANDS = 16;
  private static final float LEFT = -2.2f;
  private static final float RIGHT = 0.8f;
  private static final int INSIDE = 0xFF05_0514;
  private static final int[] PALETTE = {0xFF000764, 0xFF206BCB, 0xFFEDFFFF, 0xFFFFAA00, 0xFF310230};

  @Option(
      names = "--width",
      paramLabel = "PIXELS",
      description = "Width of the picture (default: ${DEFAULT-VALUE}).")
  private int width = 960;

  @Option(
      names = "--height",
      paramLabel = "PIXELS",
      description = "Height of the picture (default: ${DEFAULT-VALUE}).")
  private int height = 720;

  @Option(
      names = "--steps",
      paramLabel = "COUNT",
      description = "Steps after which a point counts as inside (default: ${DEFAULT-VALUE}).")
  private int stepsMax = 256;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "The PNG to write (default: ${DEFAULT-VALUE}).")
  private Path output = Path.of("mandelbrot.png");

  /** Makes one with default options. */
  public Mandelbrot() {}

  private static void escape(WorkItem item, DeviceMemory memory, KernelArguments arguments) {
    long x = item.globalId(0);
    long y = item.globalId(1);
    float scale = arguments.getFloat(4);
    float cx = arguments.getFloat(2) + scale * x;
    float cy = arguments.getFloat(3) - scale * (arguments.getInt(1) + (int) y);
    int stepsMax = arguments.getInt(5);
    float zx = 0;
    float zy = 0;
    int step = 0;
    while (step < stepsMax && zx * zx + zy * zy <= 4) {
      float next = zx * zx - zy * zy + cx;
      zy = 2 * zx * zy + cy;
      zx = next;
      step++;
    }
    memory.putInt(arguments.address(0) + (y * item.globalSize(0) + x) * Integer.BYTES, step);
  }

  @Override
  public String name() {
    return "mandelbrot";
  }

  @Override
  public String description() {
    return "Draws Mandelbrot's set.";
  }

  @Override
  public OptionalDouble javaKernelBound() {
    return OptionalDouble.of(0);
  }

  @Override
  public void prepare() {
    Refusal.requireRange("--width", width, 1, SIZE_MAX);
    Refusal.requireRange("--height", height, 1, SIZE_MAX);
    Refusal.requireRange("--steps", stepsMax, 1, STEPS_LIMIT);
    Pictures.requireWritable(output);
  }

  @Override
  public Outcome run(SampleRun run) {
    MemorySegment steps = run.buffer("steps", JAVA_INT, (long) width * height);
    Kernel escape =
        run.kernel(
            "mandelbrot",
            Mandelbrot::escape,
            new JavaForm(
                new MandelbrotKernel(), "steps", "firstRow", "left", "top", "scale", "stepsMax"),
            Parameter.OVERWRITE,
            Parameter.SCALAR,
            Parameter.SCALAR,
            Parameter.SCALAR,
            Parameter.SCALAR,
            Parameter.SCALAR);
    float scale = (RIGHT - LEFT) / width;
    float top = scale * height / 2;
    int rows = Math.ceilDiv(height, BANDS);

    List<Launch> launches = new ArrayList<>();
    for (int firstRow = 0; firstRow < height; firstRow += rows) {
      int bandRows = Math.min(rows, height - firstRow);
      NdRange range = NdRange.of(width, bandRows);
      MemorySegment band = band(steps, firstRow, bandRows);
      launches.add(
          escape.launch(range, Argument.overwrite(band), firstRow, LEFT, top, scale, stepsMax));
    }

    Picture picture = Picture.filled(width, height, INSIDE);
    int early = 0;
    long wrong = 0;
    try (Progress progress = run.progress("band", launches.size())) {
      for (int i = 0; i < launches.size(); i++) {
        int firstRow = i * rows;
        int bandRows = Math.min(rows, height - firstRow);
        launches.get(i).join();
        colour(picture, firstRow, band(steps, firstRow, bandRows));
        early += launches.getLast().isDone() ? 0 : 1;
        wrong += wrong(steps, firstRow, bandRows, top, scale);
        progress.at(i + 1);
      }
    }
    run.noteResidency("at the end");
    Pictures.writePng(picture, output);
    run.say(
        "%s: %,d x %,d pixels; %d of %d bands were coloured before the last one was computed",
        output, width, height, early, launches.size());
    long count = (long) width * height;
    return Outcome.of(wrong == 0, "%,d of %,d step counts differ from plain Java's", wrong, count)
        .with("output", output.toString())
        .with("width", width)
        .with("height", height)
        .with("bands", launches.size())
        .with("bandsColouredEarly", early);
  }

  private MemorySegment band(MemorySegment steps, int firstRow, int rows) {
    long rowBytes = (long) width * Integer.BYTES;
    return steps.asSlice(firstRow * rowBytes, rows * rowBytes);
  }

  private void colour(Picture picture, int firstRow, MemorySegment band) {
    int count = (int) (band.byteSize() / Integer.BYTES);
    for (int i = 0; i < count; i++) {
      int step = band.getAtIndex(JAVA_INT, i);
      picture.argb()[firstRow * width + i] = step >= stepsMax ? INSIDE : colour(step);
    }
  }

  private static int colour(int step) {
    double turn = Math.sqrt(step) * 0.45;
    int from = (int) turn % PALETTE.length;
    return Picture.mix(
        PALETTE[from], PALETTE[(from + 1) % PALETTE.length], (float) (turn - Math.floor(turn)));
  }

  /** Counts the points whose steps are not those of plain Java, which keeps the squares. */
  private long wrong(MemorySegment steps, int firstRow, int rows, float top, float scale) {
    long wrong = 0;
    for (int y = firstRow; y < firstRow + rows; y++) {
      for (int x = 0; x < width; x++) {
        float cx = LEFT + scale * x;
        float cy = top - scale * y;
        float re = 0;
        float im = 0;
        float reSquare = 0;
        float imSquare = 0;
        int step = 0;
        for (; step < stepsMax && reSquare + imSquare <= 4; step++) {
          im = 2 * re * im + cy;
          re = reSquare - imSquare + cx;
          reSquare = re * re;
          imSquare = im * im;
        }
        wrong += steps.getAtIndex(JAVA_INT, (long) y * width + x) == step ? 0 : 1;
      }
    }
    return wrong;
  }
}
