package dev.gmem.bench.opencl;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.gmem.AllocationStatistics;
import dev.gmem.Kernel;
import dev.gmem.Launch;
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
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;

/**
 * Ten kernels on one buffer, after which the CPU reads a single value: what moves, and how long it
 * takes. Floor: the buffer's size, a granule, and the same by hand, which knows what will be read.
 */
public final class OpenClChain implements Benchmark {
  private static final String SOURCE =
      """
      __kernel void advance(__global int *x) {
        x[get_global_id(0)] = 3 * x[get_global_id(0)] + 1;
      }
      """;

  private static final int KERNELS = 10;
  private static final int BYTES = 256 << 20;
  private static final int BYTES_SMOKE = 4 << 20;
  private static final double BYTES_PER_KIB = 1024;
  private static final double NANOS_PER_MILLI = 1e6;

  /** A read that follows no other one justifies no more than its neighbour. */
  private static final double LIMIT_BACK = 2;

  /** Makes the benchmark. */
  public OpenClChain() {}

  @Override
  public String name() {
    return "opencl-chain";
  }

  @Override
  public String description() {
    return "ten kernels on one buffer of a discrete device, then one CPU read; floor: by hand";
  }

  @Override
  public Optional<String> missing() {
    return OpenClRig.missing(OpenClRig.DISCRETE);
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    int bytes = effort.pick(BYTES_SMOKE, BYTES, BYTES);
    int rounds = effort.pick(1, 5, 15);
    int warmUp = effort.pick(0, 1, 2);
    Pairs in = new Pairs();
    Pairs back = new Pairs();
    Pairs time = new Pairs();
    try (ByHand hand = new ByHand(SOURCE);
        OpenClRig rig = new OpenClRig(OpenClRig.DISCRETE)) {
      hand.requireDevice(rig.device().description());
      MemorySegment raw = rig.raw(bytes);
      cl_mem buffer = hand.buffer(bytes);
      cl_kernel byHand = hand.kernel("advance");
      Kernel kernel = rig.kernel(SOURCE, "advance");
      MemorySegment memory = rig.unified(bytes);
      int granule = rig.space().options().granuleBytes();
      int index = bytes / Integer.BYTES / 2 + 17;
      for (int i = 0; i < warmUp + rounds; i++) {
        Loops.fill(raw, i);
        memory.copyFrom(raw);
        int expected = expected(raw.getAtIndex(JAVA_INT, index));
        long start = System.nanoTime();
        int floor = byHand(hand, byHand, buffer, raw, index);
        long middle = System.nanoTime();
        AllocationStatistics before = rig.space().statistics(memory);
        int measured = unified(kernel, memory, index);
        long end = System.nanoTime();
        AllocationStatistics after = rig.space().statistics(memory);
        BenchmarkException.require("the value by hand", expected, floor);
        BenchmarkException.require("the value", expected, measured);
        if (i >= warmUp) {
          time.add((middle - start) / NANOS_PER_MILLI, (end - middle) / NANOS_PER_MILLI);
          in.add(
              bytes / BYTES_PER_KIB,
              (after.bytesToDevices() - before.bytesToDevices()) / BYTES_PER_KIB);
          back.add(
              granule / BYTES_PER_KIB,
              (after.bytesToHost() - before.bytesToHost()) / BYTES_PER_KIB);
        }
      }
    }
    String size = Numbers.bytes(bytes);
    return List.of(
        in.row(name(), "moved in, " + size, "KiB", Figure.Kind.RATIO, 1),
        back.row(name(), "moved back, " + size, "KiB", Figure.Kind.RATIO, LIMIT_BACK),
        time.row(name(), "time, " + size, "ms", Figure.Kind.RATIO, Row.NO_LIMIT));
  }

  private static int expected(int first) {
    int value = first;
    for (int i = 0; i < KERNELS; i++) {
      value = 3 * value + 1;
    }
    return value;
  }

  private static int unified(Kernel kernel, MemorySegment memory, int index) {
    NdRange range = NdRange.of(memory.byteSize() / Integer.BYTES);
    Launch last = null;
    for (int i = 0; i < KERNELS; i++) {
      last = kernel.launch(range, memory);
    }
    last.join();
    return memory.getAtIndex(JAVA_INT, index);
  }

  private static int byHand(
      ByHand hand, cl_kernel kernel, cl_mem buffer, MemorySegment raw, int index) {
    hand.write(buffer, raw);
    for (int i = 0; i < KERNELS; i++) {
      hand.enqueue(kernel, raw.byteSize() / Integer.BYTES, buffer);
    }
    MemorySegment value = raw.asSlice((long) index * Integer.BYTES, Integer.BYTES);
    hand.read(buffer, (long) index * Integer.BYTES, value);
    return value.get(JAVA_INT, 0);
  }
}
