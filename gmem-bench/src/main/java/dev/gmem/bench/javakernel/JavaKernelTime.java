package dev.gmem.bench.javakernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.gmem.Kernel;
import dev.gmem.bench.Benchmark;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.Effort;
import dev.gmem.bench.opencl.OpenClRig;
import dev.gmem.bench.report.Figure;
import dev.gmem.bench.report.Pairs;
import dev.gmem.bench.report.Row;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The time that a device spends in the kernels of samples, by its own clock; floor: the samples'
 * OpenCL C on the same device and memory.
 */
public final class JavaKernelTime implements Benchmark {
  private static final double NANOS_PER_MILLI = 1e6;
  private static final double LIMIT_RATIO = 1.10;

  /** How far floats of the two forms may differ: they may round in another order. */
  private static final double BOUND = 0.01;

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  /** Makes the benchmark. */
  public JavaKernelTime() {}

  @Override
  public String name() {
    return "java-kernel-time";
  }

  @Override
  public String description() {
    return "kernels of samples as Java classes; floor: the same in OpenCL C, on the same device";
  }

  @Override
  public Optional<String> missing() {
    return OpenClRig.missing(OpenClRig.DISCRETE);
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    List<Row> rows = new ArrayList<>();
    try (OpenClRig rig = new OpenClRig(OpenClRig.DISCRETE)) {
      for (SampleKernels.Sample sample : new SampleKernels(rig::unified).all()) {
        rows.add(measure(rig, sample, effort));
      }
    }
    return rows;
  }

  private Row measure(OpenClRig rig, SampleKernels.Sample sample, Effort effort) {
    int rounds = effort.pick(1, 60, 200);
    int warmUp = effort.pick(0, 10, 20);
    List<Sides> all = sample.steps().stream().map(step -> new Sides(rig, step)).toList();
    Pairs pairs = new Pairs();
    all.forEach(Sides::check);
    for (int i = 0; i < warmUp + rounds; i++) {
      double floor = all.stream().mapToDouble(Sides::floor).sum();
      double measured = all.stream().mapToDouble(Sides::measured).sum();
      if (i >= warmUp) {
        pairs.add(floor / NANOS_PER_MILLI, measured / NANOS_PER_MILLI);
      }
    }
    return pairs.row(name(), sample.name(), "ms", Figure.Kind.RATIO, LIMIT_RATIO);
  }

  /** One kernel in both forms, each timed in nanoseconds of the device. */
  private static final class Sides {
    private final SampleKernels.Step step;
    private final Kernel twin;
    private final Kernel java;

    Sides(OpenClRig rig, SampleKernels.Step step) {
      this.step = step;
      twin = rig.kernel(step.source(), step.name());
      java = step.javaOn(rig);
    }

    double floor() {
      return nanos(twin);
    }

    double measured() {
      return nanos(java);
    }

    private double nanos(Kernel kernel) {
      return kernel.launch(step.range(), step.arguments().toArray()).join().kernelNanos();
    }

    /** Both forms leave the same, from the same beginning. */
    void check() {
      MemorySegment results = step.results();
      MemorySegment before = MemorySegment.ofArray(results.toArray(JAVA_BYTE));
      floor();
      MemorySegment expected = MemorySegment.ofArray(results.toArray(JAVA_BYTE));
      results.copyFrom(before);
      measured();
      for (long at = 0; at < results.byteSize(); at += Integer.BYTES) {
        BenchmarkException.require(
            step.floats()
                ? Math.abs(expected.get(FLOAT, at) - results.get(FLOAT, at)) <= BOUND
                : expected.get(INT, at) == results.get(INT, at),
            "the forms of " + step.name() + " differ at byte " + at);
      }
    }
  }
}
