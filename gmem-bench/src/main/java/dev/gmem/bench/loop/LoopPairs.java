package dev.gmem.bench.loop;

import dev.gmem.bench.Benchmark;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.Effort;
import dev.gmem.bench.jvm.AgentJar;
import dev.gmem.bench.report.Figure;
import dev.gmem.bench.report.Numbers;
import dev.gmem.bench.report.Pairs;
import dev.gmem.bench.report.Row;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Compares loops over raw memory in a JVM without the agent with the same loops in a JVM with it.
 *
 * <p>JMH forks of the two sides take turns. A fork's score is the fastest of its invocations: what
 * else runs on the machine only ever adds to them. Each pair of forks gives one ratio, because
 * where a fork's memory happens to lie makes a difference, too; the figure is the median of these.
 */
public final class LoopPairs implements Benchmark {
  private static final double LIMIT_RATIO = 1.03;
  private static final List<Long> BYTES_SMOKE = List.of(16L << 10);
  private static final List<Long> BYTES_QUICK = List.of(16L << 10, 1L << 20);
  private static final List<Long> BYTES_FULL = List.of(16L << 10, 1L << 20, 256L << 20);
  private static final List<String> LOOPS = List.of("sum", "fill", "saxpy", "random", "buffer");

  private final String name;
  private final String description;
  private final LoopMemory.Kind kind;
  private final LoopMemory.History history;
  private final double limit;

  private LoopPairs(
      String name,
      String description,
      LoopMemory.Kind kind,
      LoopMemory.History history,
      double limit) {
    this.name = name;
    this.description = description;
    this.kind = kind;
    this.history = history;
    this.limit = limit;
  }

  /**
   * Returns the comparisons, in the order in which they explain each other.
   *
   * @return one benchmark per history and kind of memory
   */
  public static List<Benchmark> all() {
    LoopMemory.Kind raw = LoopMemory.Kind.RAW;
    LoopMemory.Kind unified = LoopMemory.Kind.UNIFIED;
    return List.of(
        new LoopPairs(
            "hit-path",
            "loops over unified memory that never faulted",
            unified,
            LoopMemory.History.CLEAN,
            LIMIT_RATIO),
        new LoopPairs(
            "bystander",
            "loops over ordinary memory in a JVM with the agent",
            raw,
            LoopMemory.History.CLEAN,
            LIMIT_RATIO),
        new LoopPairs(
            "healed",
            "loops over unified memory that has faulted, after healing",
            unified,
            LoopMemory.History.HEALED,
            LIMIT_RATIO),
        new LoopPairs(
            "bystander-healed",
            "loops over ordinary memory after faults elsewhere, and healing",
            raw,
            LoopMemory.History.HEALED,
            LIMIT_RATIO),
        new LoopPairs(
            "polluted",
            "loops over unified memory that has faulted, not healed",
            unified,
            LoopMemory.History.FAULTED,
            Row.NO_LIMIT),
        new LoopPairs(
            "bystander-polluted",
            "loops over ordinary memory after faults elsewhere, not healed",
            raw,
            LoopMemory.History.FAULTED,
            Row.NO_LIMIT));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return description + "; floor: raw memory, no agent";
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    System.setProperty("jmh.ignoreLock", "true"); // others may measure, too; turns cancel it
    List<Row> rows = new ArrayList<>();
    for (long bytes : effort.pick(BYTES_SMOKE, BYTES_QUICK, BYTES_FULL)) {
      for (String loop : effort.pick(LOOPS.subList(0, 1), LOOPS, LOOPS)) {
        rows.add(compare(loop, bytes, effort, progress));
      }
    }
    return rows;
  }

  private Row compare(String loop, long bytes, Effort effort, Consumer<String> progress) {
    String what = loop + " " + Numbers.bytes(bytes);
    Pairs pairs = new Pairs();
    int turns = effort.pick(1, 2, 9);
    for (int i = 0; i < turns; i++) {
      progress.accept(name + ": " + what + ", " + (i + 1) + " of " + turns);
      double floor = 0;
      double measured = 0;
      // What drifts meanwhile favours neither: every other turn the measured comes first.
      for (int side = 0; side < 2; side++) {
        if ((i + side) % 2 == 0) {
          floor = score(loop, LoopMemory.Kind.RAW, LoopMemory.History.PLAIN, bytes, effort);
        } else {
          measured = score(loop, kind, history, bytes, effort);
        }
      }
      pairs.add(floor, measured);
    }
    return pairs.row(name, what, unit(loop), Figure.Kind.RATIO, limit);
  }

  private static String unit(String loop) {
    return loop.equals("random") ? "ns/read" : "ns/int";
  }

  private static double operations(String loop, long bytes) {
    return loop.equals("random")
        ? Loops.RANDOM_READS
        : (double) LoopBenchmark.passes(bytes) * bytes / Integer.BYTES;
  }

  private static double score(
      String loop, LoopMemory.Kind kind, LoopMemory.History history, long bytes, Effort effort) {
    OptionsBuilder options = new OptionsBuilder();
    options.include(LoopBenchmark.class.getName().replace(".", "\\.") + "\\." + loop + "$");
    options.param("kind", kind.name());
    options.param("history", history.name());
    options.param("bytes", Long.toString(bytes));
    options.forks(1).threads(1).verbosity(VerboseMode.SILENT).shouldFailOnError(true);
    options.warmupIterations(effort.pick(1, 4, 6)).warmupTime(millis(200));
    options.measurementIterations(effort.pick(1, 4, 5)).measurementTime(millis(150));
    options.jvmArgs(jvmArguments(history));
    try {
      Collection<RunResult> results = new Runner(options.build()).run();
      BenchmarkException.require("results of JMH", 1, results.size());
      double nanos = results.iterator().next().getPrimaryResult().getStatistics().getMin();
      return nanos / operations(loop, bytes);
    } catch (RunnerException e) {
      throw new BenchmarkException(
          "JMH failed: loop=" + loop + " kind=" + kind + " history=" + history, e);
    }
  }

  private static String[] jvmArguments(LoopMemory.History history) {
    List<String> arguments = new ArrayList<>();
    arguments.add("-Xmx512m");
    arguments.add("--sun-misc-unsafe-memory-access=allow"); // for JMH, which would be warned of
    if (history != LoopMemory.History.PLAIN) {
      String heal = history == LoopMemory.History.FAULTED ? "=heal=off" : "";
      arguments.add("-javaagent:" + AgentJar.find() + heal);
    }
    return arguments.toArray(String[]::new);
  }

  private static TimeValue millis(long time) {
    return new TimeValue(time, TimeUnit.MILLISECONDS);
  }
}
