package dev.gmem.bench.javakernel;

import dev.gmem.bench.Benchmark;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.Effort;
import dev.gmem.bench.jvm.AgentJar;
import dev.gmem.bench.jvm.JavaProcess;
import dev.gmem.bench.opencl.OpenClRig;
import dev.gmem.bench.report.Figure;
import dev.gmem.bench.report.Pairs;
import dev.gmem.bench.report.Row;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The first launch of a kernel class, from nothing to its end, in a JVM that has translated no
 * other. Floor: the time that is allowed, if the driver has compiled something before; and its twin
 * in OpenCL C in another such JVM, if it has not: a driver may take longer to start its compiler.
 */
public final class JavaKernelFirstLaunch implements Benchmark {
  private static final List<String> KERNELS = List.of("mandelbrot", "kick", "blur", "assign");
  private static final double NANOS_PER_MILLI = 1e6;
  private static final double ALLOWED_MILLIS = 600;
  private static final double LIMIT_PERCENT = 100;

  /** Makes the benchmark. */
  public JavaKernelFirstLaunch() {}

  @Override
  public String name() {
    return "java-kernel-first";
  }

  @Override
  public String description() {
    return "the first launch of a Java kernel in a JVM; floor: what is allowed, and OpenCL C";
  }

  @Override
  public Optional<String> missing() {
    return OpenClRig.missing(OpenClRig.DISCRETE);
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    int turns = effort.pick(1, 3, 8);
    List<Row> rows = new ArrayList<>();
    for (String kernel : effort == Effort.SMOKE ? KERNELS.subList(0, 1) : KERNELS) {
      Pairs allowed = new Pairs();
      Pairs twins = new Pairs();
      for (int i = 0; i < turns; i++) {
        progress.accept(kernel + " " + (i + 1) + " of " + turns);
        allowed.add(ALLOWED_MILLIS, millis(kernel, FirstLaunch.Kind.JAVA_AFTER_OPENCL));
        twins.add(millis(kernel, FirstLaunch.Kind.TWIN), millis(kernel, FirstLaunch.Kind.JAVA));
      }
      rows.add(
          allowed.row(
              name(), kernel + ", of what is allowed", "ms", Figure.Kind.PERCENT, LIMIT_PERCENT));
      rows.add(
          twins.row(
              name(),
              kernel + ", beside OpenCL C, driver cold",
              "ms",
              Figure.Kind.RATIO,
              Row.NO_LIMIT));
    }
    return rows;
  }

  private static double millis(String kernel, FirstLaunch.Kind kind) {
    try {
      Path folder = Files.createTempDirectory("gmem-bench");
      try {
        Path file = folder.resolve("nanos");
        List<String> command =
            JavaProcess.command(
                List.of("-javaagent:" + AgentJar.find(), "--enable-native-access=ALL-UNNAMED"),
                FirstLaunch.class,
                List.of(kernel, kind.name(), file.toString()));
        // PoCL would find what another process has compiled.
        JavaProcess.run(command, Map.of("POCL_CACHE_DIR", folder.toString()));
        return Long.parseLong(Files.readString(file)) / NANOS_PER_MILLI;
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      throw new BenchmarkException("the time of a first launch did not come back", e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      all.sorted(Comparator.reverseOrder()).forEach(JavaKernelFirstLaunch::deleteOne);
    }
  }

  private static void deleteOne(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
