package dev.gmem.bench.jvm;

import dev.gmem.bench.Benchmark;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.Effort;
import dev.gmem.bench.report.Figure;
import dev.gmem.bench.report.Pairs;
import dev.gmem.bench.report.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * How much longer an empty program takes with the agent, and with an agent that does nothing; and
 * what a program adds that opens a space.
 *
 * <p>The processor's time stands beside the time that passes: it says more where other programs
 * keep the machine busy.
 */
public final class StartUp implements Benchmark {
  private static final double LIMIT_SECONDS = 0.25;

  /** Makes the benchmark. */
  public StartUp() {}

  @Override
  public String name() {
    return "start-up";
  }

  @Override
  public String description() {
    return "an empty program: floor, a plain JVM; measured, one with -javaagent";
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    Path emptyAgent = EmptyAgent.jar();
    try {
      return run(emptyAgent, effort, progress);
    } finally {
      delete(emptyAgent);
    }
  }

  private List<Row> run(Path emptyAgent, Effort effort, Consumer<String> progress) {
    String agent = "-javaagent:" + AgentJar.find();
    JavaProcess.run(JavaProcess.command(List.of(agent), EmptyProgram.class, List.of("verify")));
    List<String> plain = command();
    List<String> empty = command("-javaagent:" + emptyAgent);
    List<String> attached = command(agent);
    List<String> opening = JavaProcess.command(List.of(agent), OpeningProgram.class, List.of());
    JavaProcess.run(plain);
    Pairs all = new Pairs();
    Pairs allProcessor = new Pairs();
    Pairs jdk = new Pairs();
    Pairs jdkProcessor = new Pairs();
    Pairs open = new Pairs();
    int turns = effort.pick(1, 10, 30);
    for (int i = 0; i < turns; i++) {
      progress.accept("start-up " + (i + 1) + " of " + turns);
      ProcessTime floor = ProcessTime.of(plain);
      ProcessTime measured = ProcessTime.of(attached);
      all.add(floor.seconds(), measured.seconds());
      allProcessor.add(floor.processorSeconds(), measured.processorSeconds());
      measured = ProcessTime.of(empty);
      jdk.add(floor.seconds(), measured.seconds());
      jdkProcessor.add(floor.processorSeconds(), measured.processorSeconds());
      open.add(floor.seconds(), ProcessTime.of(opening).seconds());
    }
    List<Row> rows = new ArrayList<>();
    rows.add(row("GMEM's agent", all, LIMIT_SECONDS));
    rows.add(row("an empty agent", jdk, Row.NO_LIMIT));
    rows.add(row("GMEM's agent, and a space opened", open, Row.NO_LIMIT));
    if (ProcessTime.knowsProcessorTime()) {
      rows.add(row("GMEM's agent, processor time", allProcessor, Row.NO_LIMIT));
      rows.add(row("an empty agent, processor time", jdkProcessor, Row.NO_LIMIT));
    }
    return rows;
  }

  private Row row(String name, Pairs pairs, double limit) {
    return pairs.row(name(), name, "s", Figure.Kind.DIFFERENCE, limit);
  }

  private static List<String> command(String... jvmArguments) {
    return JavaProcess.command(List.of(jvmArguments), EmptyProgram.class, List.of());
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new BenchmarkException("a temporary file could not be deleted: file=" + file, e);
    }
  }
}
