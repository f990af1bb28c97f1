package dev.gmem.bench.memory;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.bench.Benchmark;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.Effort;
import dev.gmem.bench.report.Figure;
import dev.gmem.bench.report.Pairs;
import dev.gmem.bench.report.Row;
import dev.gmem.sim.Sim;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Consumer;

/**
 * The CPU and a kernel count in two lines of one granule at the same time. On the floor's side
 * whoever faults takes the granule at once; on the other whoever has it keeps it for a while.
 */
public final class SharedGranule implements Benchmark {
  private static final long CPU_LINE = 2048;

  /** Makes the benchmark. */
  public SharedGranule() {}

  @Override
  public String name() {
    return "shared-granule";
  }

  @Override
  public String description() {
    return "the CPU and a kernel in one granule at once; floor: each fault takes it at once";
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    int rounds = effort.pick(1, 12, 30);
    int warmUp = effort.pick(0, 4, 8);
    long additions = effort.pick(1_000, 100_000, 200_000);
    Pairs times = new Pairs();
    Pairs moves = new Pairs();
    try (Both bouncing = new Both(0);
        Both resting = new Both(SpaceOptions.defaults().residencyNanosMin())) {
      for (int i = 0; i < warmUp + rounds; i++) {
        double movesBefore = bouncing.moves();
        double floor = bouncing.count(additions);
        double movesBetween = resting.moves();
        double measured = resting.count(additions);
        if (i >= warmUp) {
          times.add(floor, measured);
          moves.add(bouncing.moves() - movesBefore, resting.moves() - movesBetween);
        }
      }
      long expected = (warmUp + rounds) * additions;
      BenchmarkException.require("additions of the CPU", expected, resting.sum(CPU_LINE));
      BenchmarkException.require("additions of the kernel", expected, resting.sum(0));
    }
    return List.of(
        times.row(name(), "until both are done", "ms", Figure.Kind.RATIO, Row.NO_LIMIT),
        moves.row(name(), "moves", "moves", Figure.Kind.RATIO, Row.NO_LIMIT));
  }

  /** A granule, and those who use it. */
  private static final class Both implements AutoCloseable {
    private final AddressSpace space;
    private final MemorySegment granule;
    private final Kernel kernel;

    Both(long residencyNanosMin) {
      space = Gmem.open(SpaceOptions.defaults().withResidencyNanosMin(residencyNanosMin));
      Device device = space.attach(Sim.builder("shares").workers(1).build());
      granule = space.arena().allocate(space.options().granuleBytes());
      kernel = device.load(count()).kernel("count");
    }

    private static KernelSource count() {
      return KernelSource.java(
          "count",
          (item, memory, arguments) -> {
            for (long i = 0; i < arguments.getLong(1); i++) {
              memory.putLong(arguments.address(0), memory.getLong(arguments.address(0)) + 1);
            }
          },
          Parameter.READ_WRITE,
          Parameter.SCALAR);
    }

    /** Has both add; returns how long that took, in milliseconds. */
    double count(long additions) {
      long start = System.nanoTime();
      Launch launch = kernel.launch(NdRange.of(1), granule, additions);
      for (long i = 0; i < additions; i++) {
        granule.set(
            ValueLayout.JAVA_LONG, CPU_LINE, granule.get(ValueLayout.JAVA_LONG, CPU_LINE) + 1);
      }
      launch.join();
      return (System.nanoTime() - start) / 1e6;
    }

    double moves() {
      var statistics = space.statistics(granule);
      return (double) (statistics.bytesToDevices() + statistics.bytesToHost())
          / space.options().granuleBytes();
    }

    long sum(long line) {
      return granule.get(ValueLayout.JAVA_LONG, line);
    }

    @Override
    public void close() {
      space.close();
    }
  }
}
