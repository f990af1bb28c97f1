package dev.gmem.bench;

import dev.gmem.bench.report.Row;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A comparison that can be run by its name. Stateless; may run several times. */
public interface Benchmark {
  /**
   * Returns the name.
   *
   * @return as on the command line
   */
  String name();

  /**
   * Says what is compared with what.
   *
   * @return one line
   */
  String description();

  /**
   * Says what the machine lacks for it.
   *
   * @return one sentence; empty if it can run
   */
  default Optional<String> missing() {
    return Optional.empty();
  }

  /**
   * Says what a JVM that runs it needs on its class path besides what is there already.
   *
   * @return jars or folders; asked for only if nothing is missing
   */
  default List<Path> classPath() {
    return List.of();
  }

  /**
   * Measures, and checks on the way that what it measures is what it says.
   *
   * @param effort how long
   * @param progress is told what is being done, line by line
   * @return at least one row
   * @throws BenchmarkException if a check failed, or a JVM could not be run
   */
  List<Row> run(Effort effort, Consumer<String> progress);
}
