package dev.gmem.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.gmem.bench.fault.FaultLatency;
import dev.gmem.bench.fault.PrefetchPolicies;
import dev.gmem.bench.fault.RevocationEffect;
import dev.gmem.bench.fault.Streaming;
import dev.gmem.bench.javakernel.AparapiPairs;
import dev.gmem.bench.javakernel.JavaKernelFirstLaunch;
import dev.gmem.bench.javakernel.JavaKernelTime;
import dev.gmem.bench.jvm.InAgentJvm;
import dev.gmem.bench.jvm.StartUp;
import dev.gmem.bench.loop.LoopPairs;
import dev.gmem.bench.opencl.OpenClChain;
import dev.gmem.bench.opencl.OpenClLaunch;
import dev.gmem.bench.opencl.OpenClTransfer;
import dev.gmem.bench.opencl.OpenClZeroCopy;
import dev.gmem.bench.report.Row;
import dev.gmem.bench.space.HostMemory;
import dev.gmem.bench.space.LaunchLatency;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs every benchmark once. Benchmarks check what they do themselves (sums, counts of faults,
 * where memory is), so a run that ends is a run that measured what it says. No figure is looked at.
 */
class BenchmarksIT {
  static Stream<Benchmark> inThisJvm() {
    return Stream.of(
        new LaunchLatency(),
        new HostMemory(),
        new FaultLatency(),
        new RevocationEffect(),
        new Streaming(),
        new PrefetchPolicies());
  }

  @ParameterizedTest
  @MethodSource("inThisJvm")
  void aBenchmarkDoesWhatItMeasures(Benchmark benchmark) {
    check(benchmark, benchmark.run(Effort.SMOKE, line -> {}));
  }

  static Stream<Benchmark> onOpenCl() {
    return Stream.of(
        new OpenClLaunch(),
        new OpenClTransfer(),
        new OpenClZeroCopy(),
        new OpenClChain(),
        new JavaKernelTime(),
        new JavaKernelFirstLaunch(),
        new AparapiPairs());
  }

  @ParameterizedTest
  @MethodSource("onOpenCl")
  void anOpenClBenchmarkDoesWhatItMeasures(Benchmark benchmark) {
    benchmark
        .missing()
        .ifPresent(
            reason -> {
              assertThat(Boolean.getBoolean("gmem.opencl.required")).as(reason).isFalse();
              abort("skipped: " + reason);
            });
    check(benchmark, benchmark.run(Effort.SMOKE, line -> {}));
  }

  @Test
  void rowsComeBackFromAJvmWithTheAgent() {
    Benchmark benchmark = new InAgentJvm(new HostMemory());
    check(benchmark, benchmark.run(Effort.SMOKE, line -> {}));
  }

  @Test
  void startUpComparesJvms() {
    check(new StartUp(), new StartUp().run(Effort.SMOKE, line -> {}));
  }

  @Test
  void jmhRunsLoopsWithAndWithoutTheAgent() {
    Benchmark hitPath = LoopPairs.all().getFirst();
    check(hitPath, hitPath.run(Effort.SMOKE, line -> {}));
  }

  static Stream<Benchmark> afterFaults() {
    return LoopPairs.all().stream().skip(1);
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("afterFaults")
  void jmhRunsLoopsAfterEveryHistory(Benchmark benchmark) {
    check(benchmark, benchmark.run(Effort.SMOKE, line -> {}));
  }

  private static void check(Benchmark benchmark, List<Row> rows) {
    assertThat(rows).isNotEmpty();
    assertThat(rows)
        .allSatisfy(
            row -> {
              assertThat(row.benchmark()).isEqualTo(benchmark.name());
              assertThat(row.floor()).isPositive().isFinite();
              assertThat(row.measured()).isPositive().isFinite();
              assertThat(row.figure().median()).isFinite();
            });
    assertThat(rows.stream().map(Row::name)).doesNotHaveDuplicates();
  }
}
