package dev.gmem.samples.program;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

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
import dev.gmem.samples.data.Airport;
import dev.gmem.samples.kernel.AssignKernel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import picocli.CommandLine.Option;

/**
 * Groups airports by where they are. The device finds each airport's nearest centre; the CPU reads
 * the groups and moves the centres, in the buffers that the device reads next.
 */
public final class KMeans implements Sample {
  private static final int CLUSTERS_MAX = 256;
  private static final int ITERATIONS_MAX = 1000;

  @Option(
      names = "--k",
      paramLabel = "COUNT",
      description = "How many groups (default: ${DEFAULT-VALUE}).")
  private int k = 8;

  private List<Airport> airports;

  /** Makes one with default options. */
  public KMeans() {}

  private static void assign(WorkItem item, DeviceMemory memory, KernelArguments arguments) {
    long point = arguments.address(0) + item.globalId(0) * 3 * Float.BYTES;
    float x = memory.getFloat(point);
    float y = memory.getFloat(point + 4);
    float z = memory.getFloat(point + 8);
    int count = arguments.getInt(3);
    float best = Float.POSITIVE_INFINITY;
    int label = 0;
    for (int i = 0; i < count; i++) {
      long centre = arguments.address(1) + (long) i * 3 * Float.BYTES;
      float dx = x - memory.getFloat(centre);
      float dy = y - memory.getFloat(centre + 4);
      float dz = z - memory.getFloat(centre + 8);
      float square = dx * dx + dy * dy + dz * dz;
      if (square < best) {
        best = square;
        label = i;
      }
    }
    memory.putInt(arguments.address(2) + item.globalId(0) * Integer.BYTES, label);
  }

  @Override
  public String name() {
    return "k-means";
  }

  @Override
  public String description() {
    return "Groups airports by where they are (k-means).";
  }

  /** The centres fit a small granule, so that moving them moves little. */
  @Override
  public SpaceOptions layout() {
    return SpaceOptions.defaults().withGranuleBytes(SpaceOptions.GRANULE_BYTES_MIN);
  }

  @Override
  public OptionalDouble javaKernelBound() {
    return OptionalDouble.of(0);
  }

  @Override
  public void prepare() {
    Refusal.requireRange("--k", k, 1, CLUSTERS_MAX);
    airports = List.copyOf(Airport.all().values());
  }

  @Override
  public Outcome run(SampleRun run) {
    int n = airports.size();
    float[] unit = onSphere(airports);
    float[] seeds = ClusterReference.farthestFirst(unit, k);
    MemorySegment points = run.buffer("points", unit);
    MemorySegment centres = run.buffer("centres", seeds);
    MemorySegment labels = run.buffer("labels", JAVA_INT, n);

    Kernel assign =
        run.kernel(
            "assign",
            KMeans::assign,
            new JavaForm(new AssignKernel(), "points", "centres", "labels", "centreCount"),
            Parameter.READ,
            Parameter.READ,
            Parameter.OVERWRITE,
            Parameter.SCALAR);
    int[] previous = new int[n];
    Arrays.fill(previous, -1);
    int iteration = 0;
    int changed = n;
    try (Progress progress = run.progress("iteration", ITERATIONS_MAX)) {
      while (changed > 0 && iteration < ITERATIONS_MAX) {
        assign.launch(NdRange.of(n), points, centres, Argument.overwrite(labels), k).join();
        changed = moveCentres(unit, labels, centres, previous);
        progress.at(++iteration);
      }
    }
    run.noteResidency("at the end");
    run.say("%,d airports in %d groups after %d iterations", n, k, iteration);
    List<Map<String, Object>> groups = groups(run, unit, previous, centres);

    int[] expected = ClusterReference.labels(unit, seeds, iteration);
    int wrong = 0;
    for (int i = 0; i < n; i++) {
      wrong += labels.getAtIndex(JAVA_INT, i) == expected[i] ? 0 : 1;
    }
    String check = "%,d of %,d airports are in another group than plain Java's";
    return Outcome.of(wrong == 0, check, wrong, n)
        .with("airports", n)
        .with("iterations", iteration)
        .with("groups", groups);
  }

  /** Points on the unit sphere, so that near points have near coordinates everywhere. */
  private static float[] onSphere(List<Airport> airports) {
    float[] unit = new float[3 * airports.size()];
    for (int i = 0; i < airports.size(); i++) {
      double latitude = Math.toRadians(airports.get(i).latitude());
      double longitude = Math.toRadians(airports.get(i).longitude());
      unit[3 * i] = (float) (Math.cos(latitude) * Math.cos(longitude));
      unit[3 * i + 1] = (float) (Math.cos(latitude) * Math.sin(longitude));
      unit[3 * i + 2] = (float) Math.sin(latitude);
    }
    return unit;
  }

  /** Moves each centre to the middle of its group; counts the points that changed groups. */
  private int moveCentres(
      float[] unit, MemorySegment labels, MemorySegment centres, int[] previous) {
    double[] sums = new double[3 * k];
    int[] sizes = new int[k];
    int changed = 0;
    for (int i = 0; i < previous.length; i++) {
      int label = labels.getAtIndex(JAVA_INT, i);
      changed += label == previous[i] ? 0 : 1;
      previous[i] = label;
      sizes[label]++;
      for (int axis = 0; axis < 3; axis++) {
        sums[3 * label + axis] += unit[3 * i + axis];
      }
    }
    for (int at = 0; at < 3 * k; at++) {
      if (sizes[at / 3] > 0) {
        centres.setAtIndex(JAVA_FLOAT, at, (float) (sums[at] / sizes[at / 3]));
      }
    }
    return changed;
  }

  private List<Map<String, Object>> groups(
      SampleRun run, float[] unit, int[] labels, MemorySegment centres) {
    List<Map<String, Object>> groups = new ArrayList<>();
    for (int group = 0; group < k; group++) {
      int size = 0;
      int nearest = -1;
      double best = Double.POSITIVE_INFINITY;
      for (int i = 0; i < labels.length; i++) {
        if (labels[i] != group) {
          continue;
        }
        size++;
        double square = 0;
        for (int axis = 0; axis < 3; axis++) {
          double d = unit[3 * i + axis] - centres.getAtIndex(JAVA_FLOAT, 3L * group + axis);
          square += d * d;
        }
        if (square < best) {
          best = square;
          nearest = i;
        }
      }
      String middle = nearest < 0 ? "" : airports.get(nearest).label();
      run.say("  %,5d around %s", size, middle.isEmpty() ? "nothing" : middle);
      groups.add(Outcome.parts("airports", size, "around", middle));
    }
    return groups;
  }
}
