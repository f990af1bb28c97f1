package dev.gmem.bench.javakernel;

import com.aparapi.Config;
import com.aparapi.internal.opencl.OpenCLLoader;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.aparapi.Products;
import dev.gmem.bench.Benchmark;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.Effort;
import dev.gmem.bench.javakernel.SampleKernels.Sample;
import dev.gmem.bench.opencl.OpenClRig;
import dev.gmem.bench.report.Figure;
import dev.gmem.bench.report.Pairs;
import dev.gmem.bench.report.Row;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Programs whose CPU and kernels take turns on the same data, in total time; floor: the same kernel
 * classes and the same CPU code with arrays, executed by Aparapi itself.
 */
public final class AparapiPairs implements Benchmark {
  private static final double NANOS_PER_MILLI = 1e6;
  private static final double LIMIT_RATIO = 1.0;

  /** How far results may differ, as a share: in both forms sums of products may be fused. */
  private static final double BOUND = 0.01;

  /** After so many launches the JVM has compiled what makes them, which takes Aparapi fewer. */
  private static final int WARM_LAUNCHES = 24_000;

  /** Aparapi warns of class files that are younger than it, and of drivers. */
  private static final Logger APARAPI = Logger.getLogger(Config.getLoggerName());

  /** Makes the benchmark. */
  public AparapiPairs() {}

  @Override
  public String name() {
    return "java-kernel-aparapi";
  }

  @Override
  public String description() {
    return "Java kernels and CPU code in turns; floor: Aparapi's own execute, implicit and"
        + " explicit";
  }

  @Override
  public Optional<String> missing() {
    return AparapiNatives.missing().or(() -> OpenClRig.missing(OpenClRig.AUTO));
  }

  @Override
  public List<Path> classPath() {
    return AparapiNatives.classPath();
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    APARAPI.setLevel(Level.SEVERE);
    BenchmarkException.require(
        OpenCLLoader.isOpenCLAvailable(), "Aparapi does not find OpenCL, though GMEM does");
    List<Row> rows = new ArrayList<>();
    try (OpenClRig rig = new OpenClRig(OpenClRig.AUTO)) {
      for (Sample sample : shortestLaunchesFirst(new SampleKernels(rig::unified).all())) {
        rows.add(measure(rig, sample, false, effort));
        rows.add(measure(rig, sample, true, effort));
      }
    }
    return rows;
  }

  /**
   * Long launches make few in a measurement's time. What makes launches has been compiled by then
   * if others came before.
   */
  private static List<Sample> shortestLaunchesFirst(List<Sample> samples) {
    return samples.stream()
        .sorted(Comparator.comparingInt((Sample s) -> s.turns() * s.steps().size()).reversed())
        .toList();
  }

  private Row measure(OpenClRig rig, Sample sample, boolean explicit, Effort effort) {
    int rounds = effort.pick(1, 15, 40);
    int turns = effort == Effort.SMOKE ? 1 : sample.turns();
    int compiled = WARM_LAUNCHES / (turns * sample.steps().size());
    int warmUp = effort.pick(0, Math.clamp(compiled, 10, 60), Math.clamp(compiled, 15, 60));
    Pairs pairs = new Pairs();
    List<Kernel> kernels =
        sample.steps().stream().map(step -> step.javaOn(rig, Products.FUSED)).toList();
    try (AparapiProgram aparapi = new AparapiProgram(sample, explicit)) {
      for (int i = 0; i < warmUp + rounds; i++) {
        long start = System.nanoTime();
        double expected = aparapi.run(turns);
        long middle = System.nanoTime();
        double found = run(sample, kernels, turns);
        long end = System.nanoTime();
        BenchmarkException.require(
            Math.abs(expected - found) <= BOUND * Math.max(1, Math.abs(expected)),
            sample.name() + " differs: Aparapi=" + expected + " unified=" + found);
        if (i >= warmUp) {
          pairs.add((middle - start) / NANOS_PER_MILLI, (end - middle) / NANOS_PER_MILLI);
        }
      }
    }
    String name = sample.name() + ", " + turns + " turns, " + (explicit ? "explicit" : "implicit");
    return pairs.row(name(), name, "ms", Figure.Kind.RATIO, LIMIT_RATIO);
  }

  private static double run(Sample sample, List<Kernel> kernels, int turns) {
    double found = 0;
    for (int turn = 0; turn < turns; turn++) {
      int now = turn;
      sample.written().ifPresent(touch -> CpuWork.write(touch, now));
      Launch last = null;
      for (int i = 0; i < kernels.size(); i++) {
        SampleKernels.Step step = sample.steps().get(i);
        last = kernels.get(i).launch(step.range(), step.arguments().toArray());
      }
      last.join();
      found = CpuWork.read(sample.read());
    }
    return found;
  }
}
