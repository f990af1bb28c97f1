package dev.gmem.bench.jvm;

import dev.gmem.bench.Benchmark;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.Effort;
import dev.gmem.bench.report.Row;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Runs a benchmark in a fresh JVM that has the agent. Rows come back through a file, so that what
 * the JVM prints disturbs nobody.
 *
 * @param inner the benchmark; has a public constructor without parameters
 */
public record InAgentJvm(Benchmark inner) implements Benchmark {
  @Override
  public String name() {
    return inner.name();
  }

  @Override
  public String description() {
    return inner.description();
  }

  @Override
  public Optional<String> missing() {
    return inner.missing();
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    progress.accept("a JVM with the agent runs " + inner.name());
    try {
      Path file = Files.createTempFile("gmem-bench", ".rows");
      try {
        JavaProcess.run(
            JavaProcess.command(
                List.of(
                    "-javaagent:" + AgentJar.find(),
                    "--enable-native-access=ALL-UNNAMED",
                    "-Xmx1g"),
                inner.classPath(),
                InAgentJvm.class,
                List.of(inner.getClass().getName(), effort.name(), file.toString())));
        return read(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new BenchmarkException("the rows of " + inner.name() + " did not come back", e);
    }
  }

  private static List<Row> read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file);
        ObjectInputStream objects = new ObjectInputStream(in)) {
      return List.of((Row[]) objects.readObject());
    } catch (ClassNotFoundException e) {
      throw new IOException(e);
    }
  }

  /**
   * Runs in the JVM with the agent.
   *
   * @param args class of the benchmark, effort, file for the rows
   * @throws IOException if the file cannot be written
   * @throws ReflectiveOperationException if the class is none of a benchmark
   */
  public static void main(String[] args) throws IOException, ReflectiveOperationException {
    Benchmark benchmark = (Benchmark) Class.forName(args[0]).getDeclaredConstructor().newInstance();
    List<Row> rows = benchmark.run(Effort.valueOf(args[1]), line -> {});
    try (ObjectOutputStream objects =
        new ObjectOutputStream(Files.newOutputStream(Path.of(args[2])))) {
      objects.writeObject(rows.toArray(Row[]::new));
    }
    System.exit(0); // whatever threads a device may have left
  }
}
