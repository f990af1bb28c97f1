package dev.gmem.bench.space;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.LaunchResult;
import dev.gmem.NdRange;
import dev.gmem.bench.Benchmark;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.Effort;
import dev.gmem.bench.report.Figure;
import dev.gmem.bench.report.Numbers;
import dev.gmem.bench.report.Pairs;
import dev.gmem.bench.report.Row;
import dev.gmem.sim.Sim;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A launch with nothing to move must not cost more because its buffer is large. The buffers were
 * never touched, so they are mapped on the device without being copied, and take no memory. The
 * device makes no replicas: a prefetch leaves it the owner, as a kernel that writes needs it.
 */
public final class LaunchLatency implements Benchmark {
  private static final long SMALL_BYTES = 1L << 20;
  private static final long LARGE_BYTES = 8L << 30;
  private static final long DEVICE_BYTES = 9L << 30;
  private static final double NANOS_PER_MICRO = 1e3;
  private static final double LIMIT_RATIO = 1.2;
  private static final NdRange ONE = NdRange.of(1);

  /** Makes the benchmark. */
  public LaunchLatency() {}

  @Override
  public String name() {
    return "launch";
  }

  @Override
  public String description() {
    return "a launch with nothing to move: floor, a buffer of 1 MiB; measured, one of 8 GiB";
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    List<Row> rows = new ArrayList<>();
    rows.add(measure(true, effort));
    rows.add(measure(false, effort));
    return rows;
  }

  private Row measure(boolean replayable, Effort effort) {
    int rounds = effort.pick(2, 20, 60);
    int warmUp = effort.pick(1, 10, 20);
    int launches = effort.pick(5, 100, 200);
    Pairs pairs = new Pairs();
    try (AddressSpace space = Gmem.open();
        Arena arena = space.arena()) {
      Device device =
          space.attach(
              Sim.builder("bench")
                  .memoryBytes(DEVICE_BYTES)
                  .workers(1)
                  .replayable(replayable)
                  .without(GmCapability.READ_ONLY_MAPPING)
                  .build());
      Kernel kernel = device.load(increment()).kernel("increment");
      MemorySegment small = resident(space, device, arena, SMALL_BYTES);
      MemorySegment large = resident(space, device, arena, LARGE_BYTES);
      for (int round = 0; round < warmUp + rounds; round++) {
        double[] floor = new double[launches];
        double[] measured = new double[launches];
        for (int i = 0; i < launches; i++) {
          floor[i] = launchNanos(kernel, small);
          measured[i] = launchNanos(kernel, large);
        }
        if (round >= warmUp) {
          pairs.add(
              Numbers.median(floor) / NANOS_PER_MICRO, Numbers.median(measured) / NANOS_PER_MICRO);
        }
      }
      int total = (warmUp + rounds) * launches;
      BenchmarkException.require("increments", total, small.get(ValueLayout.JAVA_INT, 0));
      BenchmarkException.require("increments", total, large.get(ValueLayout.JAVA_INT, 0));
    }
    String name = replayable ? "device that faults" : "device that holds its arguments";
    return pairs.row(name(), name, "us", Figure.Kind.RATIO, LIMIT_RATIO);
  }

  private static KernelSource increment() {
    return KernelSource.java(
        "increment",
        (item, memory, arguments) -> memory.getAndAddInt(arguments.address(0), 1),
        KernelSource.Parameter.READ_WRITE);
  }

  private static MemorySegment resident(
      AddressSpace space, Device device, Arena arena, long bytes) {
    MemorySegment buffer = arena.allocate(bytes);
    space.prefetch(buffer, device).join();
    BenchmarkException.require(
        "bytes on the device", bytes, space.residency(buffer).bytesOn(device.id()));
    return buffer;
  }

  private static double launchNanos(Kernel kernel, MemorySegment buffer) {
    long start = System.nanoTime();
    LaunchResult result = kernel.launch(ONE, buffer).join();
    long nanos = System.nanoTime() - start;
    BenchmarkException.require("bytes that a launch moved", 0, result.bytesIn());
    return nanos;
  }
}
