package dev.gmem.samples.program;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.gmem.AllocationStatistics;
import dev.gmem.Argument;
import dev.gmem.Kernel;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.kernel.DeviceMemory;
import dev.gmem.kernel.KernelArguments;
import dev.gmem.kernel.WorkItem;
import dev.gmem.samples.console.Progress;
import dev.gmem.samples.console.Refusal;
import dev.gmem.samples.data.LifePattern;
import dev.gmem.samples.data.Picture;
import dev.gmem.samples.data.Pictures;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import picocli.CommandLine.Option;

/**
 * Conway's game of life on the device, while the CPU brings single cells to life between the
 * generations: only the granules it touches move.
 */
public final class GameOfLife implements Sample {
  private static final int SIZE_MIN = 8;
  private static final int SIZE_MAX = 4096;
  private static final int STEPS_MAX = 1_000_000;
  private static final int EDITS_MAX = 1000;
  private static final int STEPS_SHOWN = 12;
  private static final int PICTURE_PIXELS = 1024;
  private static final int ALIVE = 0xFFFF_D54F;
  private static final int DEAD = 0xFF10_1820;

  @Option(
      names = "--pattern",
      paramLabel = "RLE",
      description = "Cells to begin with, run-length encoded (default: Gosper's gun, built in).")
  private Path file;

  @Option(
      names = "--size",
      paramLabel = "CELLS",
      description = "Width and height of the torus (default: ${DEFAULT-VALUE}).")
  private int size = 256;

  @Option(
      names = "--steps",
      paramLabel = "COUNT",
      description = "How many generations (default: ${DEFAULT-VALUE}).")
  private int steps = 100;

  @Option(
      names = "--edits",
      paramLabel = "COUNT",
      description = "Cells the CPU brings to life per generation (default: ${DEFAULT-VALUE}).")
  private int edits = 1;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "Draw the last generation as a PNG (default: none).")
  private Path output;

  private LifePattern pattern;

  /** Makes one with default options. */
  public GameOfLife() {}

  private static void step(WorkItem item, DeviceMemory memory, KernelArguments arguments) {
    int width = arguments.getInt(2);
    int height = arguments.getInt(3);
    long x = item.globalId(0);
    long y = item.globalId(1);
    long left = x == 0 ? width - 1 : x - 1;
    long right = x == width - 1 ? 0 : x + 1;
    long above = arguments.address(0) + (y == 0 ? height - 1 : y - 1) * width;
    long here = arguments.address(0) + y * width;
    long below = arguments.address(0) + (y == height - 1 ? 0 : y + 1) * width;
    int near =
        memory.getByte(above + left)
            + memory.getByte(above + x)
            + memory.getByte(above + right)
            + memory.getByte(here + left)
            + memory.getByte(here + right)
            + memory.getByte(below + left)
            + memory.getByte(below + x)
            + memory.getByte(below + right);
    boolean alive = near == 3 || near == 2 && memory.getByte(here + x) == 1;
    memory.putByte(arguments.address(1) + y * width + x, (byte) (alive ? 1 : 0));
  }

  @Override
  public String name() {
    return "game-of-life";
  }

  @Override
  public String description() {
    return "Plays Conway's game of life while the CPU edits cells.";
  }

  /** Small granules show that an edit moves little. */
  @Override
  public SpaceOptions layout() {
    return SpaceOptions.defaults().withGranuleBytes(SpaceOptions.GRANULE_BYTES_MIN);
  }

  @Override
  public void prepare() {
    Refusal.requireRange("--size", size, SIZE_MIN, SIZE_MAX);
    Refusal.requireRange("--steps", steps, 1, STEPS_MAX);
    Refusal.requireRange("--edits", edits, 0, EDITS_MAX);
    pattern = LifePattern.read(file);
    if (pattern.width() > size || pattern.height() > size) {
      throw Refusal.usage(
          "--size must hold the pattern, which is "
              + pattern.width()
              + " x "
              + pattern.height()
              + ", but is "
              + size);
    }
    if (output != null) {
      Pictures.requireWritable(output);
    }
  }

  @Override
  public Outcome run(SampleRun run) {
    long cells = (long) size * size;
    MemorySegment now = run.buffer("even", JAVA_BYTE, cells);
    MemorySegment next = run.buffer("odd", JAVA_BYTE, cells);
    LifeReference reference = new LifeReference(size);
    int offsetX = (size - pattern.width()) / 2;
    int offsetY = (size - pattern.height()) / 2;
    for (LifePattern.Cell cell : pattern.cells()) {
      bring(now, reference, cell.x() + offsetX, cell.y() + offsetY);
    }

    Kernel step =
        run.kernel(
            "life_step",
            GameOfLife::step,
            Parameter.READ,
            Parameter.OVERWRITE,
            Parameter.SCALAR,
            Parameter.SCALAR);
    SplittableRandom random = new SplittableRandom(1970);
    List<Map<String, Object>> moved = new ArrayList<>();
    run.say("%s on a torus of %d x %d cells", pattern.name(), size, size);
    try (Progress progress = run.progress("generation", steps)) {
      for (int i = 1; i <= steps; i++) {
        AllocationStatistics before = run.space().statistics().total();
        for (int edit = 0; edit < edits; edit++) {
          bring(now, reference, random.nextInt(size), random.nextInt(size));
        }
        step.launch(NdRange.of(size, size), now, Argument.overwrite(next), size, size).join();
        reference.step();
        note(run, moved, i, before);
        MemorySegment old = now;
        now = next;
        next = old;
        progress.at(i);
      }
    }
    run.noteResidency("after the last generation");

    long wrong = reference.differences(now);
    if (output != null) {
      Pictures.writePng(drawn(now), output);
      run.say("%s: the last generation", output);
    }
    return Outcome.of(wrong == 0, "%,d of %,d cells differ from plain Java's", wrong, cells)
        .with("cells", cells)
        .with("alive", reference.alive())
        .with("steps", moved);
  }

  private static void bring(MemorySegment grid, LifeReference reference, int x, int y) {
    grid.set(JAVA_BYTE, (long) y * reference.size() + x, (byte) 1);
    reference.bring(x, y);
  }

  private void note(
      SampleRun run, List<Map<String, Object>> moved, int step, AllocationStatistics before) {
    AllocationStatistics after = run.space().statistics().total();
    long in = after.bytesToDevices() - before.bytesToDevices();
    long out = after.bytesToHost() - before.bytesToHost();
    moved.add(Outcome.parts("step", step, "bytesToDevice", in, "bytesToHost", out));
    if (step <= STEPS_SHOWN) {
      run.say(
          "  generation %3d: %d edited, %s moved home, %s moved to %s",
          step, edits, Summary.bytes(out), Summary.bytes(in), run.device().id());
    } else if (step == STEPS_SHOWN + 1) {
      run.say("  ...");
    }
  }

  private Picture drawn(MemorySegment grid) {
    int scale = Math.max(1, PICTURE_PIXELS / size);
    int side = size * scale;
    Picture picture = Picture.filled(side, side, DEAD);
    for (int i = 0; i < picture.argb().length; i++) {
      if (grid.get(JAVA_BYTE, (long) (i / side / scale) * size + i % side / scale) == 1) {
        picture.argb()[i] = ALIVE;
      }
    }
    return picture;
  }
}
