package dev.gmem.bench.fault;

import dev.gmem.AddressSpace;
import dev.gmem.AllocationStatistics;
import dev.gmem.ArenaOptions;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.PrefetchPolicy;
import dev.gmem.bench.Benchmark;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.Effort;
import dev.gmem.bench.report.Figure;
import dev.gmem.bench.report.Pairs;
import dev.gmem.bench.report.Row;
import dev.gmem.kernel.DeviceMemory;
import dev.gmem.sim.Sim;
import dev.gmem.sim.SimLink;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/**
 * What policies of prefetching make of patterns of faults, by the CPU and by a device: the time
 * that the same accesses take, beside those with nothing coming along; and the bytes that move for
 * each byte of a granule that is touched.
 *
 * <p>The device is behind a link of 10 us and 12 GB/s each way, as PCIe 3 has it: on a link that
 * takes no time, fewer faults gain little, and bytes too many cost little.
 */
public final class PrefetchPolicies implements Benchmark {
  private static final int GRANULE_BYTES = 64 << 10;
  private static final int GRANULES = 256;
  private static final int STRIDE = 4;
  private static final int FEW = 24;
  private static final long LATENCY_NANOS = 10_000;
  private static final double BYTES_PER_SECOND = 12e9;
  private static final double NANOS_PER_MILLI = 1e6;
  private static final double BYTES_PER_KIB = 1024;

  /** Makes the benchmark. */
  public PrefetchPolicies() {}

  @Override
  public String name() {
    return "prefetch-policy";
  }

  @Override
  public String description() {
    return "patterns of faults under policies of prefetching; floor: the same with nothing along";
  }

  private static Map<String, PrefetchPolicy> policies() {
    Map<String, PrefetchPolicy> policies = new LinkedHashMap<>();
    policies.put("sequential", PrefetchPolicy.sequential());
    policies.put("density", PrefetchPolicy.density());
    policies.put("standard", PrefetchPolicy.standard());
    return policies;
  }

  /** Granules in the order in which they are touched. */
  private static Map<String, int[]> patterns() {
    int[] upwards = new int[GRANULES];
    int[] strided = new int[GRANULES / STRIDE];
    for (int i = 0; i < GRANULES; i++) {
      upwards[i] = i;
      strided[i / STRIDE] = i / STRIDE * STRIDE;
    }
    int[] shuffled = shuffled(new Random(1));
    Map<String, int[]> patterns = new LinkedHashMap<>();
    patterns.put("sequential", upwards);
    patterns.put("every 4th", strided);
    patterns.put("a few at random", Arrays.copyOf(shuffled(new Random(2)), FEW));
    patterns.put("all at random", shuffled);
    return patterns;
  }

  private static int[] shuffled(Random random) {
    int[] order = new int[GRANULES];
    for (int i = 0; i < GRANULES; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    int rounds = effort.pick(1, 10, 40);
    int warmUp = effort.pick(1, 5, 10);
    List<Row> rows = new ArrayList<>();
    try (AddressSpace space = Gmem.open()) {
      Device device =
          space.attach(
              Sim.builder("bench")
                  .workers(1)
                  .link(SimLink.of(LATENCY_NANOS, BYTES_PER_SECOND, BYTES_PER_SECOND))
                  .without(GmCapability.READ_ONLY_MAPPING)
                  .build());
      for (boolean onDevice : new boolean[] {false, true}) {
        for (Map.Entry<String, int[]> pattern : patterns().entrySet()) {
          progress.accept((onDevice ? "device, " : "CPU, ") + pattern.getKey());
          rows.addAll(
              new Comparison(space, device, onDevice, pattern.getKey(), pattern.getValue())
                  .run(warmUp, rounds));
        }
      }
    }
    return rows;
  }

  /** One pattern of one node, under each policy. */
  private final class Comparison {
    private final AddressSpace space;
    private final Device device;
    private final boolean onDevice;
    private final String pattern;
    private final int[] order;
    private final Map<String, Side> sides = new LinkedHashMap<>();

    Comparison(AddressSpace space, Device device, boolean onDevice, String pattern, int[] order) {
      this.space = space;
      this.device = device;
      this.onDevice = onDevice;
      this.pattern = pattern;
      this.order = order;
    }

    List<Row> run(int warmUp, int rounds) {
      List<Row> rows = new ArrayList<>();
      try (Arena results = space.arena();
          Side alone = new Side(PrefetchPolicy.none(), results)) {
        policies().forEach((name, policy) -> sides.put(name, new Side(policy, results)));
        for (int round = 0; round < warmUp + rounds; round++) {
          for (Side side : sides.values()) {
            double floor = alone.touch();
            double measured = side.touch();
            if (round >= warmUp) {
              side.time.add(floor, measured);
              side.bytes.add(order.length * GRANULE_BYTES / BYTES_PER_KIB, side.movedKib);
            }
          }
        }
        sides.forEach(
            (name, side) -> {
              String what = (onDevice ? "device" : "CPU") + ", " + pattern + ", " + name;
              rows.add(side.time.row(name(), what, "ms", Figure.Kind.RATIO, Row.NO_LIMIT));
              rows.add(
                  side.bytes.row(name(), what + ": moved", "KiB", Figure.Kind.RATIO, Row.NO_LIMIT));
            });
      } finally {
        sides.values().forEach(Side::close);
      }
      return rows;
    }

    /** Memory under one policy. */
    private final class Side implements AutoCloseable {
      private final Arena arena;
      private final MemorySegment memory;
      private final MemorySegment result;
      private final Kernel kernel;
      private final Pairs time = new Pairs();
      private final Pairs bytes = new Pairs();
      private double movedKib;

      Side(PrefetchPolicy policy, Arena results) {
        arena = space.arena(ArenaOptions.defaults().withPrefetch(policy));
        memory = arena.allocate((long) GRANULES * GRANULE_BYTES);
        result = results.allocate(ValueLayout.JAVA_LONG);
        for (int i = 0; i < GRANULES; i++) {
          memory.set(ValueLayout.JAVA_INT, (long) i * GRANULE_BYTES, i);
        }
        int[] granules = order;
        kernel =
            device
                .load(
                    KernelSource.java(
                        "touch",
                        (item, bytes, arguments) ->
                            bytes.putLong(
                                arguments.address(1), sum(bytes, arguments.address(0), granules)),
                        Parameter.READ,
                        Parameter.OVERWRITE))
                .kernel("touch");
      }

      /** Touches the granules; returns the milliseconds that it took. */
      double touch() {
        if (onDevice) {
          space.prefetchToHost(memory).join();
        } else {
          space.prefetch(memory, device).join();
        }
        AllocationStatistics before = space.statistics(memory);
        long start = System.nanoTime();
        long sum = onDevice ? touchOnDevice() : touchOnHost();
        double millis = (System.nanoTime() - start) / NANOS_PER_MILLI;
        AllocationStatistics after = space.statistics(memory);
        movedKib = (moved(after) - moved(before)) / BYTES_PER_KIB;
        long expected = 0;
        for (int granule : order) {
          expected += granule;
        }
        BenchmarkException.require("the sum of what was touched", expected, sum);
        return millis;
      }

      private long moved(AllocationStatistics statistics) {
        return onDevice ? statistics.bytesToDevices() : statistics.bytesToHost();
      }

      private long touchOnHost() {
        long sum = 0;
        for (int granule : order) {
          sum += memory.get(ValueLayout.JAVA_INT, (long) granule * GRANULE_BYTES);
        }
        return sum;
      }

      private long touchOnDevice() {
        kernel.launch(NdRange.of(1), memory, result).join();
        return result.get(ValueLayout.JAVA_LONG, 0);
      }

      @Override
      public void close() {
        arena.close();
      }
    }
  }

  private static long sum(DeviceMemory bytes, long address, int[] granules) {
    long sum = 0;
    for (int granule : granules) {
      sum += bytes.getInt(address + (long) granule * GRANULE_BYTES);
    }
    return sum;
  }
}
