package dev.gmem.bench;

import dev.gmem.bench.report.Json;
import dev.gmem.bench.report.Row;
import dev.gmem.bench.report.Runs;
import dev.gmem.bench.report.Table;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The benchmarks as a command with subcommands, for every program that offers them. */
@Command(
    name = "bench",
    description = "Measures GMEM against floors on this machine, side by side.",
    synopsisSubcommandLabel = "COMMAND")
public final class BenchCommand implements Runnable {
  private static final int EXIT_OK = 0;
  private static final int EXIT_LIMIT_BROKEN = 1;

  private final Map<String, Benchmark> benchmarks = new LinkedHashMap<>();

  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  private boolean help;

  /** Makes a command that offers all benchmarks. */
  public BenchCommand() {
    this(Benchmarks.all());
  }

  BenchCommand(List<Benchmark> offered) {
    offered.forEach(benchmark -> benchmarks.put(benchmark.name(), benchmark));
  }

  /** Runs if no subcommand was named. */
  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "list, or run?");
  }

  @Command(description = "List the benchmarks.")
  void list() {
    PrintWriter out = spec.commandLine().getOut();
    int width = benchmarks.keySet().stream().mapToInt(String::length).max().orElse(1);
    benchmarks.forEach(
        (name, benchmark) -> out.printf("%-" + width + "s  %s%n", name, benchmark.description()));
    out.flush();
  }

  @Command(
      name = "run",
      description = "Run benchmarks: those named, or all.",
      exitCodeListHeading = "%nExit codes:%n",
      exitCodeList = {
        "0:done, and with --check every limit was kept",
        "1:a limit was broken, with --check",
        "2:wrong command line"
      })
  int run(
      @Parameters(paramLabel = "NAME", arity = "0..*", description = "As listed by `list'.")
          List<String> names,
      @Option(names = "--quick", description = "Fewer turns, fewer sizes: a first impression.")
          boolean quick,
      @Option(
              names = "--runs",
              paramLabel = "N",
              defaultValue = "1",
              description = "Run each N times, in fresh JVMs: medians of the runs' figures.")
          int runs,
      @Option(names = "--json", description = "Print rows as JSON.") boolean json,
      @Option(names = "--check", description = "End with 1 if a limit is broken.") boolean check,
      @Option(
              names = {"-h", "--help"},
              usageHelp = true,
              description = "Show this help.")
          boolean helpOfRun) {
    if (runs < 1) {
      throw new ParameterException(spec.commandLine(), "--runs must be at least 1: runs=" + runs);
    }
    boolean all = names == null || names.isEmpty();
    List<Row> rows = rows(choose(names), all, quick ? Effort.QUICK : Effort.FULL, runs);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.write(rows));
    } else {
      Table.lines(rows).forEach(out::println);
    }
    out.flush();
    boolean kept = rows.stream().allMatch(Row::ok);
    return check && !kept ? EXIT_LIMIT_BROKEN : EXIT_OK;
  }

  private List<Benchmark> choose(List<String> names) {
    if (names == null || names.isEmpty()) {
      return List.copyOf(benchmarks.values());
    }
    List<Benchmark> chosen = new ArrayList<>();
    for (String name : names) {
      Benchmark benchmark = benchmarks.get(name);
      if (benchmark == null) {
        throw new ParameterException(
            spec.commandLine(),
            "there is no benchmark \"" + name + "\"; there are " + benchmarks.keySet());
      }
      chosen.add(benchmark);
    }
    return chosen;
  }

  private List<Row> rows(List<Benchmark> chosen, boolean mayLeaveOut, Effort effort, int runs) {
    PrintWriter err = spec.commandLine().getErr();
    Consumer<String> progress =
        line -> {
          err.println("  " + line);
          err.flush();
        };
    List<Row> rows = new ArrayList<>();
    for (Benchmark benchmark : chosen) {
      Optional<String> missing = benchmark.missing();
      if (missing.isEmpty()) {
        List<List<Row>> each = new ArrayList<>();
        for (int run = 1; run <= runs; run++) {
          if (runs > 1) {
            progress.accept(benchmark.name() + ": run " + run + " of " + runs);
          }
          each.add(benchmark.run(effort, progress));
        }
        rows.addAll(Runs.median(each));
      } else if (mayLeaveOut) {
        progress.accept("left out " + benchmark.name() + ": " + missing.get());
      } else {
        throw new BenchmarkException(benchmark.name() + " cannot run: " + missing.get());
      }
    }
    return rows;
  }
}
