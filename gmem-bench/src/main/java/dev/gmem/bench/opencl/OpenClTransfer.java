package dev.gmem.bench.opencl;

import dev.gmem.Kernel;
import dev.gmem.NdRange;
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
import java.util.Optional;
import java.util.function.Consumer;
import org.jocl.cl_mem;

/** A whole allocation that migrates; floor: one blocking transfer of that size by hand. */
public final class OpenClTransfer implements Benchmark {
  private static final String SOURCE =
      """
      __kernel void touch(__global int *x) {
        x[0]++;
      }
      """;

  private static final int BYTES = 64 << 20;
  private static final int BYTES_SMOKE = 4 << 20;
  private static final int BYTES_LITTLE = 64 << 10;
  private static final double NANOS_PER_MILLI = 1e6;

  /** At least 95 % of the floor's speed. */
  private static final double LIMIT_RATIO = 1 / 0.95;

  /** Makes the benchmark. */
  public OpenClTransfer() {}

  @Override
  public String name() {
    return "opencl-transfer";
  }

  @Override
  public String description() {
    return "migration to and from a discrete OpenCL device; floor: one clEnqueueWrite/ReadBuffer";
  }

  @Override
  public Optional<String> missing() {
    return OpenClRig.missing(OpenClRig.DISCRETE);
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    int bytes = effort.pick(BYTES_SMOKE, BYTES, BYTES);
    int rounds = effort.pick(1, 30, 150);
    int warmUp = effort.pick(1, 5, 10);
    Pairs in = new Pairs();
    Pairs out = new Pairs();
    try (ByHand hand = new ByHand(SOURCE);
        OpenClRig rig = new OpenClRig(OpenClRig.DISCRETE)) {
      hand.requireDevice(rig.device().description());
      MemorySegment raw = rig.raw(bytes);
      MemorySegment memory = rig.unified(bytes);
      cl_mem buffer = hand.buffer(bytes);
      Kernel touch = rig.kernel(SOURCE, "touch");
      Loops.fill(raw, 1);
      memory.copyFrom(raw);
      compile(rig, effort.pick(1, 2_000, 2_000));
      for (int i = 0; i < warmUp + rounds; i++) {
        double handIn = millis(() -> hand.write(buffer, raw));
        double handOut = millis(() -> hand.read(buffer, 0, raw));
        double movedIn = millis(() -> rig.space().prefetch(memory, rig.device()).join());
        BenchmarkException.require(
            "bytes there", bytes, rig.space().residency(memory).bytesOn(rig.device().id()));
        touch.launch(NdRange.of(1), memory).join();
        double movedOut = millis(() -> rig.space().prefetchToHost(memory).join());
        BenchmarkException.require(
            "bytes left there", 0, rig.space().residency(memory).bytesOn(rig.device().id()));
        if (i >= warmUp) {
          in.add(handIn, movedIn);
          out.add(handOut, movedOut);
        }
      }
      BenchmarkException.require("the sum", Loops.sum(raw) + warmUp + rounds, Loops.sum(memory));
      BenchmarkException.require(
          "bytes moved there and back",
          2L * bytes * (warmUp + rounds),
          rig.space().statistics(memory).bytesToDevices()
              + rig.space().statistics(memory).bytesToHost());
    }
    String size = Numbers.bytes(bytes);
    return List.of(
        in.row(name(), "to the device, " + size, "ms", Figure.Kind.RATIO, LIMIT_RATIO),
        out.row(name(), "to the host, " + size, "ms", Figure.Kind.RATIO, LIMIT_RATIO));
  }

  /**
   * Moves a granule there and back until the code that does it is compiled: a few rounds of large
   * transfers would be made by the interpreter, which takes a millisecond for what comes to 0.1.
   */
  private static void compile(OpenClRig rig, int times) {
    MemorySegment little = rig.unified(BYTES_LITTLE);
    for (int i = 0; i < times; i++) {
      little.set(ValueLayout.JAVA_INT, 0, i);
      rig.space().prefetch(little, rig.device()).join();
      rig.space().prefetchToHost(little).join();
    }
  }

  private static double millis(Runnable action) {
    long start = System.nanoTime();
    action.run();
    return (System.nanoTime() - start) / NANOS_PER_MILLI;
  }
}
