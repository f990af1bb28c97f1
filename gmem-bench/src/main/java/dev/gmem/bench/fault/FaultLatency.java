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
 * <p>Granules are visited in a random order, and nothing comes along. The floor is the copy that a
 * fault makes: from an array, where the device has its frames, to unified memory. What the first
 * faults of a JVM take, whose code is interpreted, is a row of its own; the others follow when all
 * of it has been compiled.
 */
public final class FaultLatency implements Benchmark {
  private static final int[] GRANULES_BYTES = {4 << 10, 64 << 10, 2 << 20};
  private static final long BUFFER_BYTES_MAX = 64 << 20;
  private static final int GRANULES = 256;
  private static final int FIRST_ROUNDS = 10;
  private static final double NANOS_PER_MICRO = 1e3;
  private static final double LIMIT_MICROS = 3;

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
      progress.accept(Numbers.bytes(granuleBytes));
      rows.addAll(measure(granuleBytes, effort));
    }
    return rows;
  }

  private List<Row> measure(int granuleBytes, Effort effort) {
    boolean first = granuleBytes == GRANULES_BYTES[0];
    int rounds = effort.pick(2, 20, 100);
    int warmUp = effort.pick(0, first ? 600 : 10, first ? 1_000 : 50);
    Pairs early = new Pairs();
    Pairs faults = new Pairs();
    Pairs revocations = new Pairs();
    try (Bout bout = new Bout(granuleBytes)) {
      for (int round = 0; round < warmUp + rounds; round++) {
        double copy = bout.copy();
        double away = bout.revoke();
        double home = bout.fault();
        if (first && round < FIRST_ROUNDS) {
          early.add(copy, home);
        }
        if (round >= warmUp) {
          faults.add(copy, home);
          revocations.add(copy, away);
        }
      }
    }
    String size = Numbers.bytes(granuleBytes);
    List<Row> rows = new ArrayList<>();
    if (first) {
      rows.add(row("CPU reads, " + size + ", first in a JVM", early, Row.NO_LIMIT));
    }
    rows.add(row("CPU reads, " + size, faults, LIMIT_MICROS));
    rows.add(row("device takes, " + size, revocations, Row.NO_LIMIT));
    return rows;
  }

  private Row row(String name, Pairs pairs, double limit) {
    return pairs.row(name(), name, "us", Figure.Kind.DIFFERENCE, limit);
  }

  /** Memory of one granule size; each method goes through all of it and tells microseconds. */
  private static final class Bout implements AutoCloseable {
    private final Ground ground;
    private final Random random = new Random(1);
    private final MemorySegment memory;
    private final MemorySegment from;
    private final MemorySegment to;
    private final int granuleBytes;
    private int[] order;

    Bout(int granuleBytes) {
      this.granuleBytes = granuleBytes;
      ground = new Ground(granuleBytes, PrefetchPolicy.none());
      int granules = (int) Math.min(GRANULES, BUFFER_BYTES_MAX / granuleBytes);
      int bytes = granules * granuleBytes;
      memory = ground.unified(bytes);
      to = ground.unified(bytes);
      from = MemorySegment.ofArray(new long[bytes / Long.BYTES]);
      order = new int[granules];
      for (int i = 0; i < granules; i++) {
        memory.set(ValueLayout.JAVA_INT, (long) i * granuleBytes, i);
      }
    }

    double copy() {
      order = order(order.length, random);
      double[] nanos = new double[order.length];
      for (int i = 0; i < order.length; i++) {
        long offset = (long) order[i] * granuleBytes;
        long start = System.nanoTime();
        MemorySegment.copy(from, offset, to, offset, granuleBytes);
        nanos[i] = System.nanoTime() - start;
      }
      return Numbers.median(nanos) / NANOS_PER_MICRO;
    }

    double revoke() {
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
      return Numbers.median(nanos) / NANOS_PER_MICRO;
    }

    double fault() {
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
      return Numbers.median(nanos) / NANOS_PER_MICRO;
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

    @Override
    public void close() {
      ground.close();
    }
  }
}
