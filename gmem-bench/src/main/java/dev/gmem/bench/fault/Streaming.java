package dev.gmem.bench.fault;

import dev.gmem.bench.Benchmark;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.Effort;
import dev.gmem.bench.loop.Loops;
import dev.gmem.bench.report.Figure;
import dev.gmem.bench.report.Numbers;
import dev.gmem.bench.report.Pairs;
import dev.gmem.bench.report.Row;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntSupplier;

/**
 * How fast data comes home that the CPU reads from front to back, against a copy of it.
 *
 * <p>The rows that move only touch one int per granule. The rows that read touch all of them; their
 * floor is read in the same JVM, whose loops are as polluted by the faults as those beside them.
 */
public final class Streaming implements Benchmark {
  private static final int BYTES = 64 << 20;
  private static final int BYTES_SMOKE = 4 << 20;
  private static final int GRANULE_BYTES = 64 << 10;
  private static final double NANOS_PER_MILLI = 1e6;

  /** 90 and 97 % of the bandwidth of a copy. */
  private static final double LIMIT_DEMAND = 1 / 0.90;

  private static final double LIMIT_PREFETCH = 1 / 0.97;

  /** Makes the benchmark. */
  public Streaming() {}

  @Override
  public String name() {
    return "streaming";
  }

  @Override
  public String description() {
    return "data on a device that the CPU reads from front to back; floor: a copy of it, then read";
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    int bytes = effort.pick(BYTES_SMOKE, BYTES, BYTES);
    Pairs demand = new Pairs();
    Pairs prefetch = new Pairs();
    Pairs away = new Pairs();
    Pairs demandRead = new Pairs();
    Pairs prefetchRead = new Pairs();
    int rounds = effort.pick(1, 10, 40);
    int warmUp = effort.pick(0, 5, 10);
    try (Ground ground = new Ground(GRANULE_BYTES)) {
      Run run = new Run(ground, bytes);
      run.compile(effort.pick(0, 3_000, 3_000));
      for (int i = 0; i < warmUp + rounds; i++) {
        double copy = run.copy();
        double copyRead = run.copyAndRead();
        double toDevice = run.toDevice();
        double touched = run.home(run::touch);
        run.toDevice();
        double fetched = run.home(run::prefetch);
        run.toDevice();
        double read = run.home(run::read);
        run.toDevice();
        double fetchedRead = run.home(run::prefetchAndRead);
        if (i >= warmUp) {
          away.add(copy, toDevice);
          demand.add(copy, touched);
          prefetch.add(copy, fetched);
          demandRead.add(copyRead, read);
          prefetchRead.add(copyRead, fetchedRead);
        }
      }
    }
    String size = Numbers.bytes(bytes);
    return List.of(
        row("move home on demand, " + size, demand, LIMIT_DEMAND),
        row("move home by prefetch, " + size, prefetch, LIMIT_PREFETCH),
        row("move to device by prefetch, " + size, away, Row.NO_LIMIT),
        row("read on demand, " + size, demandRead, Row.NO_LIMIT),
        row("prefetch, then read, " + size, prefetchRead, Row.NO_LIMIT));
  }

  private Row row(String name, Pairs pairs, double limit) {
    return pairs.row(name(), name, "ms", Figure.Kind.RATIO, limit);
  }

  /** The two sides, each timed in milliseconds. */
  private static final class Run {
    private final Ground ground;
    private final MemorySegment memory;
    private final MemorySegment from;
    private final MemorySegment to;
    private final int sum;

    Run(Ground ground, int bytes) {
      this.ground = ground;
      memory = ground.unified(bytes);
      from = ground.raw(bytes);
      to = ground.raw(bytes);
      Loops.fill(from, 1);
      memory.copyFrom(from);
      to.copyFrom(from);
      sum = Loops.sum(from);
    }

    /** Takes small faults until the engine's code is compiled: a pass has only some twenty. */
    void compile(int times) {
      MemorySegment small = ground.unified(8 * GRANULE_BYTES);
      for (int i = 0; i < times; i++) {
        ground.toDevice(small);
        for (long offset = 0; offset < small.byteSize(); offset += GRANULE_BYTES) {
          small.set(ValueLayout.JAVA_INT, offset, i);
        }
      }
    }

    double copy() {
      return millis(
          () -> {
            to.copyFrom(from);
            return 0;
          });
    }

    double copyAndRead() {
      return millis(
          () -> {
            to.copyFrom(from);
            return check(Loops.sum(to));
          });
    }

    double toDevice() {
      return millis(
          () -> {
            ground.toDevice(memory);
            return 0;
          });
    }

    /** Times what brings all of the memory home, and checks that it did. */
    double home(IntSupplier action) {
      long before = ground.space().statistics(memory).bytesToHost();
      double millis = millis(action);
      long moved = ground.space().statistics(memory).bytesToHost() - before;
      BenchmarkException.require("bytes that came home", memory.byteSize(), moved);
      return millis;
    }

    int touch() {
      int values = 0;
      for (long offset = 0; offset < memory.byteSize(); offset += GRANULE_BYTES) {
        values += memory.get(ValueLayout.JAVA_INT, offset);
      }
      return values;
    }

    int prefetch() {
      ground.space().prefetchToHost(memory).join();
      return 0;
    }

    int read() {
      return check(Loops.sum(memory));
    }

    int prefetchAndRead() {
      ground.space().prefetchToHost(memory).join();
      return read();
    }

    private int check(int actual) {
      BenchmarkException.require("the sum of what came home", sum, actual);
      return actual;
    }

    private static double millis(IntSupplier action) {
      long start = System.nanoTime();
      action.getAsInt();
      return (System.nanoTime() - start) / NANOS_PER_MILLI;
    }
  }
}
