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
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jocl.CL;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;

/**
 * A program whose CPU and kernels take turns on the same memory; floor: the same program by hand,
 * with {@code CL_MEM_USE_HOST_PTR} and the mapping and unmapping that goes with it.
 */
public final class OpenClZeroCopy implements Benchmark {
  private static final String SOURCE =
      """
      __kernel void add(__global const int *x, __global int *y) {
        y[get_global_id(0)] += x[get_global_id(0)];
      }
      """;

  private static final int BYTES = 16 << 20;
  private static final int BYTES_SMOKE = 1 << 20;
  private static final int TURNS = 10;
  private static final double NANOS_PER_MILLI = 1e6;
  private static final double LIMIT_RATIO = 1.03;

  /** Makes the benchmark. */
  public OpenClZeroCopy() {}

  @Override
  public String name() {
    return "opencl-zero-copy";
  }

  @Override
  public String description() {
    return "a whole program on a zero-copy device; floor: it by hand, with CL_MEM_USE_HOST_PTR";
  }

  @Override
  public Optional<String> missing() {
    return OpenClRig.missing(OpenClRig.ZERO_COPY);
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    int bytes = effort.pick(BYTES_SMOKE, BYTES, BYTES);
    int rounds = effort.pick(1, 20, 60);
    int warmUp = effort.pick(1, 5, 10);
    Pairs pairs = new Pairs();
    try (ByHand hand = new ByHand(SOURCE);
        OpenClRig rig = new OpenClRig(OpenClRig.ZERO_COPY)) {
      hand.requireDevice(rig.device().description());
      cl_kernel byHand = hand.kernel("add");
      Kernel kernel = rig.kernel(SOURCE, "add");
      MemorySegment rawX = rig.raw(bytes);
      MemorySegment rawY = rig.raw(bytes);
      MemorySegment x = rig.unified(bytes);
      MemorySegment y = rig.unified(bytes);
      for (int i = 0; i < warmUp + rounds; i++) {
        int first = i;
        long start = System.nanoTime();
        int floorSum = byHand(hand, byHand, rawX, rawY, first);
        long middle = System.nanoTime();
        int sum = unified(kernel, x, y, first);
        long end = System.nanoTime();
        BenchmarkException.require("the sum", floorSum, sum);
        if (i >= warmUp) {
          pairs.add((middle - start) / NANOS_PER_MILLI, (end - middle) / NANOS_PER_MILLI);
        }
      }
      BenchmarkException.require(
          "bytes moved", 0, rig.space().statistics().total().bytesToDevices());
    }
    String name = TURNS + " turns, 2 x " + Numbers.bytes(bytes);
    return List.of(pairs.row(name(), name, "ms", Figure.Kind.RATIO, LIMIT_RATIO));
  }

  private static int unified(Kernel kernel, MemorySegment x, MemorySegment y, int first) {
    long items = x.byteSize() / Integer.BYTES;
    y.fill((byte) 0);
    int sum = 0;
    for (int turn = 0; turn < TURNS; turn++) {
      Loops.fill(x, first + turn);
      kernel.launch(NdRange.of(items), x, y).join();
      sum = 31 * sum + Loops.sum(y);
    }
    return sum;
  }

  private static int byHand(
      ByHand hand, cl_kernel kernel, MemorySegment x, MemorySegment y, int first) {
    long bytes = x.byteSize();
    cl_mem overX = hand.over(x);
    cl_mem overY = hand.over(y);
    ByteBuffer mapped = hand.map(overY, CL.CL_MAP_WRITE, bytes);
    y.fill((byte) 0);
    hand.unmap(overY, mapped);
    int sum = 0;
    for (int turn = 0; turn < TURNS; turn++) {
      mapped = hand.map(overX, CL.CL_MAP_WRITE, bytes);
      Loops.fill(x, first + turn);
      hand.unmap(overX, mapped);
      hand.enqueue(kernel, bytes / Integer.BYTES, overX, overY);
      hand.finish();
      mapped = hand.map(overY, CL.CL_MAP_READ, bytes);
      sum = 31 * sum + Loops.sum(y);
      hand.unmap(overY, mapped);
    }
    hand.finish();
    CL.clReleaseMemObject(overX);
    CL.clReleaseMemObject(overY);
    return sum;
  }
}
