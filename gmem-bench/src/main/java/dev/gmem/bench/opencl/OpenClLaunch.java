package dev.gmem.bench.opencl;

import dev.gmem.Argument;
import dev.gmem.Kernel;
import dev.gmem.NdRange;
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
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;

/** A launch with nothing to move, waited for; floor: the same kernel by hand. */
public final class OpenClLaunch implements Benchmark {
  private static final String SOURCE =
      """
      __kernel void next(__global const int *in, __global int *out) {
        out[get_global_id(0)] = in[get_global_id(0)] + 1;
      }
      """;

  private static final int ITEMS = 1024;
  private static final long BYTES = ITEMS * (long) Integer.BYTES;
  private static final double NANOS_PER_MICRO = 1e3;
  private static final double LIMIT_MICROS = 10;

  /** Makes the benchmark. */
  public OpenClLaunch() {}

  @Override
  public String name() {
    return "opencl-launch";
  }

  @Override
  public String description() {
    return "an OpenCL launch with nothing to move; floor: the same clEnqueueNDRangeKernel by hand";
  }

  @Override
  public Optional<String> missing() {
    return OpenClRig.missing(OpenClRig.DISCRETE);
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    List<Row> rows = new ArrayList<>();
    rows.add(measure(OpenClRig.DISCRETE, true, effort));
    rows.add(measure(OpenClRig.DISCRETE, false, effort));
    Optional<String> separate = OpenClRig.missing(OpenClRig.ZERO_COPY);
    if (separate.isPresent()) {
      progress.accept("left out " + OpenClRig.ZERO_COPY + ": " + separate.get());
    } else {
      rows.add(measure(OpenClRig.ZERO_COPY, true, effort));
    }
    return rows;
  }

  private Row measure(String mode, boolean profiling, Effort effort) {
    int rounds = effort.pick(2, 30, 100);
    int warmUp = effort.pick(1, 150, 200);
    int launches = effort.pick(5, 100, 200);
    Pairs pairs = new Pairs();
    try (ByHand hand = new ByHand(SOURCE);
        OpenClRig rig = new OpenClRig(mode, profiling)) {
      hand.requireDevice(rig.device().description());
      Sides sides = new Sides(hand, rig);
      for (int round = 0; round < warmUp + rounds; round++) {
        double[] floor = new double[launches];
        double[] measured = new double[launches];
        // Not in turns: a GPU takes 100 us and more to change between two programs' contexts.
        Arrays.setAll(floor, _ -> sides.byHand());
        Arrays.setAll(measured, _ -> sides.launch());
        if (round >= warmUp) {
          pairs.add(
              Numbers.median(floor) / NANOS_PER_MICRO, Numbers.median(measured) / NANOS_PER_MICRO);
        }
      }
      sides.check();
    }
    String row = profiling ? mode : mode + ", no profiling";
    return pairs.row(name(), row, "us", Figure.Kind.DIFFERENCE, LIMIT_MICROS);
  }

  /** Both ways, each timed in nanoseconds. */
  private static final class Sides {
    private final ByHand hand;
    private final cl_kernel byHand;
    private final cl_mem handIn;
    private final cl_mem handOut;
    private final Kernel kernel;
    private final NdRange range = NdRange.of(ITEMS);
    private final MemorySegment in;
    private final MemorySegment out;

    Sides(ByHand hand, OpenClRig rig) {
      this.hand = hand;
      byHand = hand.kernel("next");
      handIn = hand.buffer(BYTES);
      handOut = hand.buffer(BYTES);
      kernel = rig.kernel(SOURCE, "next");
      in = rig.unified(BYTES);
      out = rig.unified(BYTES);
      for (int i = 0; i < ITEMS; i++) {
        in.setAtIndex(ValueLayout.JAVA_INT, i, i);
      }
      kernel.launch(range, in, out).join();
    }

    double byHand() {
      long start = System.nanoTime();
      hand.enqueue(byHand, ITEMS, handIn, handOut);
      hand.finish();
      return System.nanoTime() - start;
    }

    double launch() {
      long start = System.nanoTime();
      long moved = kernel.launch(range, in, Argument.overwrite(out)).join().bytesIn();
      long nanos = System.nanoTime() - start;
      BenchmarkException.require("bytes that a launch moved", 0, moved);
      return nanos;
    }

    void check() {
      for (int i = 0; i < ITEMS; i++) {
        BenchmarkException.require("int " + i, i + 1, out.getAtIndex(ValueLayout.JAVA_INT, i));
      }
    }
  }
}
