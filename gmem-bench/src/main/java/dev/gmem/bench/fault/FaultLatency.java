package dev.gmem.bench.fault;

import dev.gmem.PrefetchPolicy;
import dev.gmem.bench.Benchmark;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.Effort;
import dev.gmem.bench.report.Figure;
import dev.gmem.bench.report.Numbers;
import dev.gmem.bench.report.Pairs;
import dev.gmem.bench.report.Row;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * What it takes to move one granule either way, beside copying it: a read by the CPU that faults it
 * home, and a prefetch that revokes it (gate, handshake, and the JVM's other threads in between).
 *
 * <p>Granules are visited in a random order, and nothing comes along.
 */
public final class FaultLatency implements Benchmark {
  private static final int[] GRANULES_BYTES = {4 << 10, 64 << 10, 2 << 20};
  private static final long BUFFER_BYTES_MAX = 64 << 20;
  private static final int GRANULES = 256;
  private static final double NANOS_PER_MICRO = 1e3;

  /** What a userfaultfd pager takes for 4 KiB on a small virtual machine. */
  private static final double LIMIT_MICROS = 70;

  /** Makes the benchmark. */
  public FaultLatency() {}

  @Override
  public String name() {
    return "fault-latency";
  }

  @Override
  public String description() {
    return "one granule home by a fault, or away by a revocation; floor: a copy of the granule";
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    List<Row> rows = new ArrayList<>();
    for (int granuleBytes : GRANULES_BYTES) {
      rows.addAll(measure(granuleBytes, effort));
    }
    return rows;
  }

  private List<Row> measure(int granuleBytes, Effort effort) {
    int granules = (int) Math.min(GRANULES, BUFFER_BYTES_MAX / granuleBytes);
    long bytes = (long) granules * granuleBytes;
    Random random = new Random(1);
    Pairs faults = new Pairs();
    Pairs revocations = new Pairs();
    int rounds = effort.pick(2, 20, 100);
    int warmUp = rounds / 2;
    try (Ground ground = new Ground(granuleBytes, PrefetchPolicy.none())) {
      MemorySegment memory = ground.unified(bytes);
      MemorySegment from = ground.raw(bytes);
      MemorySegment to = ground.raw(bytes);
      for (int i = 0; i < granules; i++) {
        memory.set(ValueLayout.JAVA_INT, (long) i * granuleBytes, i);
      }
      for (int round = 0; round < warmUp + rounds; round++) {
        int[] order = order(granules, random);
        double copyNanos = medianCopyNanos(from, to, order, granuleBytes);
        double awayNanos = medianRevocationNanos(ground, memory, order, granuleBytes);
        double homeNanos = medianFaultNanos(ground, memory, order, granuleBytes);
        if (round >= warmUp) {
          faults.add(copyNanos / NANOS_PER_MICRO, homeNanos / NANOS_PER_MICRO);
          revocations.add(copyNanos / NANOS_PER_MICRO, awayNanos / NANOS_PER_MICRO);
        }
      }
    }
    String size = Numbers.bytes(granuleBytes);
    return List.of(
        row("CPU reads, " + size, faults, LIMIT_MICROS),
        row("device takes, " + size, revocations, Row.NO_LIMIT));
  }

  private Row row(String name, Pairs pairs, double limit) {
    return pairs.row(name(), name, "us", Figure.Kind.DIFFERENCE, limit);
  }

  private static int[] order(int count, Random random) {
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  private static double medianCopyNanos(
      MemorySegment from, MemorySegment to, int[] order, int granuleBytes) {
    double[] nanos = new double[order.length];
    for (int i = 0; i < order.length; i++) {
      long offset = (long) order[i] * granuleBytes;
      long start = System.nanoTime();
      MemorySegment.copy(from, offset, to, offset, granuleBytes);
      nanos[i] = System.nanoTime() - start;
    }
    return Numbers.median(nanos);
  }

  private static double medianRevocationNanos(
      Ground ground, MemorySegment memory, int[] order, int granuleBytes) {
    long before = ground.space().statistics(memory).revocations();
    double[] nanos = new double[order.length];
    for (int i = 0; i < order.length; i++) {
      MemorySegment granule = memory.asSlice((long) order[i] * granuleBytes, granuleBytes);
      long start = System.nanoTime();
      ground.toDevice(granule);
      nanos[i] = System.nanoTime() - start;
    }
    long revocations = ground.space().statistics(memory).revocations() - before;
    BenchmarkException.require("revocations", order.length, revocations);
    return Numbers.median(nanos);
  }

  private static double medianFaultNanos(
      Ground ground, MemorySegment memory, int[] order, int granuleBytes) {
    long before = ground.space().statistics(memory).hostReadFaults();
    double[] nanos = new double[order.length];
    for (int i = 0; i < order.length; i++) {
      long offset = (long) order[i] * granuleBytes;
      long start = System.nanoTime();
      int value = memory.get(ValueLayout.JAVA_INT, offset);
      nanos[i] = System.nanoTime() - start;
      BenchmarkException.require("what came home", order[i], value);
    }
    long faults = ground.space().statistics(memory).hostReadFaults() - before;
    BenchmarkException.require("faults", order.length, faults);
    return Numbers.median(nanos);
  }
}
