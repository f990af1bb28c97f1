package dev.gmem.bench.memory;

import dev.gmem.bench.Benchmark;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.Effort;
import dev.gmem.bench.report.Figure;
import dev.gmem.bench.report.Pairs;
import dev.gmem.bench.report.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Kernels whose memory is larger than the device's, on a simulated device whose link takes time.
 *
 * <p>A kernel that streams adds to each cache line, from front to back. It does so again and again,
 * so that in each turn all that does not fit goes and comes; on the other side a program does the
 * same with three buffers on the device, which it fills and empties by itself while the kernel
 * works on another. One row begins and ends with all memory at home, so that what the device keeps
 * is brought home at the end, with nothing left to do meanwhile. The row that is random compares
 * the time of accesses with that where all memory fits, plus the time that the bytes moved take on
 * the link.
 */
public final class Oversubscription implements Benchmark {
  private static final double[] FACTORS = {1.25, 2};
  private static final double[] STREAM_LIMITS = {1.10, 1.25};
  private static final double RANDOM_LIMIT = 3;
  private static final double MEBI = 1 << 20;

  /** Makes the benchmark. */
  public Oversubscription() {}

  @Override
  public String name() {
    return "oversubscription";
  }

  @Override
  public String description() {
    return "a kernel that uses more than the device's memory; floor: three buffers, filled by hand";
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < FACTORS.length; i++) {
      progress.accept("stream at " + FACTORS[i] + " times the memory");
      rows.addAll(stream(effort, FACTORS[i], false, STREAM_LIMITS[i]));
    }
    progress.accept("stream from home to home");
    rows.addAll(stream(effort, 2, true, Row.NO_LIMIT));
    progress.accept("random accesses");
    rows.add(random(effort, 2));
    return rows;
  }

  private List<Row> stream(Effort effort, double factor, boolean home, double limit) {
    int rounds = effort.pick(1, 12, 40);
    int warmUp = effort.pick(0, 6, 10);
    Pairs times = new Pairs();
    Pairs moved = new Pairs();
    long bytes = (long) (factor * Crowd.MEMORY_BYTES);
    try (Crowd crowd = new Crowd(bytes)) {
      for (int i = 0; i < warmUp + rounds; i++) {
        double floor = millis(crowd::streamByHand);
        long bytesIn = crowd.statistics().bytesIn();
        double measured = millis(() -> crowd.stream(home));
        if (i >= warmUp) {
          times.add(floor, measured);
          moved.add(bytes / MEBI, (crowd.statistics().bytesIn() - bytesIn) / MEBI);
        }
      }
      BenchmarkException.require(
          "the sum of all additions", 2L * (warmUp + rounds) * crowd.lines(), crowd.total());
    }
    String name = "stream, " + factor + " x memory" + (home ? ", home to home" : "");
    return List.of(
        times.row(name(), name, "ms", Figure.Kind.RATIO, limit),
        moved.row(name(), name + ": moved in", "MiB", Figure.Kind.RATIO, Row.NO_LIMIT));
  }

  private Row random(Effort effort, double factor) {
    int rounds = effort.pick(1, 8, 25);
    int warmUp = effort.pick(0, 3, 6);
    int accesses = effort.pick(200, 4_000, 10_000);
    Pairs pairs = new Pairs();
    try (Crowd fits = new Crowd(Crowd.MEMORY_BYTES);
        Crowd crowd = new Crowd((long) (factor * Crowd.MEMORY_BYTES))) {
      for (int i = 0; i < warmUp + rounds; i++) {
        int seed = i;
        double resident = millis(() -> fits.random(accesses, seed));
        double linkBefore = crowd.linkMillis();
        double measured = millis(() -> crowd.random(accesses, seed));
        if (i >= warmUp) {
          pairs.add(resident + crowd.linkMillis() - linkBefore, measured);
        }
      }
      long expected = (long) (warmUp + rounds) * accesses;
      BenchmarkException.require("additions where all fits", expected, fits.total());
      BenchmarkException.require("additions", expected, crowd.total());
    }
    String name = "random, " + factor + " x memory, beside the link";
    return pairs.row(name(), name, "ms", Figure.Kind.RATIO, RANDOM_LIMIT);
  }

  private static double millis(Runnable action) {
    long start = System.nanoTime();
    action.run();
    return (System.nanoTime() - start) / 1e6;
  }
}
