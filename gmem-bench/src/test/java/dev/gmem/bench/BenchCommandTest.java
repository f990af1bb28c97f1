package dev.gmem.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.bench.report.Figure;
import dev.gmem.bench.report.Pairs;
import dev.gmem.bench.report.Row;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class BenchCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final List<String> ran = new ArrayList<>();

  /** Measures what it is told, and notes that it ran. */
  private record Fixed(String name, double ratio, double limit, List<String> ran)
      implements Benchmark {
    @Override
    public Optional<String> missing() {
      return name.equals("homeless") ? Optional.of("there is no such machine") : Optional.empty();
    }

    @Override
    public String description() {
      return "always x" + ratio;
    }

    @Override
    public List<Row> run(Effort effort, Consumer<String> progress) {
      ran.add(name + " " + effort);
      progress.accept("working on " + name);
      BenchmarkException.require(ratio > 0, "it cannot be run");
      Pairs pairs = new Pairs();
      pairs.add(1, ratio);
      return List.of(pairs.row(name, "case", "ns", Figure.Kind.RATIO, limit));
    }
  }

  private int execute(String... args) {
    List<Benchmark> offered =
        List.of(
            new Fixed("good", 1.01, 1.03, ran),
            new Fixed("bad", 1.5, 1.03, ran),
            new Fixed("impossible", -1, 1.03, ran));
    return execute(offered, args);
  }

  private int execute(List<Benchmark> offered, String... args) {
    CommandLine command = new CommandLine(new BenchCommand(offered));
    command.setOut(new PrintWriter(out));
    command.setErr(new PrintWriter(err));
    return BenchMain.execute(command, args);
  }

  @Test
  void listNamesEveryBenchmarkAndRunsNone() {
    assertThat(execute("list")).isZero();
    assertThat(out.toString()).contains("good ", "bad ", "always x1.5");
    assertThat(ran).isEmpty();
  }

  @Test
  void runPrintsATableOfThoseThatWereNamed() {
    assertThat(execute("run", "good")).isZero();
    assertThat(out.toString()).contains("x1.010").contains("ok").doesNotContain("bad");
    assertThat(err.toString()).contains("working on good");
    assertThat(ran).containsExactly("good FULL");
  }

  @Test
  void quickMeasuresLess() {
    execute("run", "good", "--quick");
    assertThat(ran).containsExactly("good QUICK");
  }

  @Test
  void runsAreRepeatedAndSummedUp() {
    assertThat(execute("run", "good", "--runs", "3")).isZero();
    assertThat(ran).containsExactly("good FULL", "good FULL", "good FULL");
    assertThat(err.toString()).contains("good: run 3 of 3");
    assertThat(out.toString()).contains("x1.010  x1.010 .. x1.010");
    assertThat(execute("run", "good", "--runs", "0")).isEqualTo(2);
    assertThat(err.toString()).contains("runs=0");
  }

  @Test
  void aBrokenLimitFailsOnlyWhenAskedTo() {
    assertThat(execute("run", "bad")).isZero();
    assertThat(out.toString()).contains("BROKEN");
    assertThat(execute("run", "bad", "--check")).isEqualTo(1);
    assertThat(execute("run", "good", "--check")).isZero();
  }

  @Test
  void jsonIsTheOnlyThingOnStandardOutput() {
    assertThat(execute("run", "good", "bad", "--json")).isZero();
    assertThat(out.toString()).startsWith("[").contains("\"ok\": false").endsWith("]\n");
  }

  @Test
  void anUnknownNameIsAnErrorThatListsTheNames() {
    assertThat(execute("run", "god")).isEqualTo(2);
    assertThat(err.toString()).contains("\"god\"", "good, bad");
    assertThat(ran).isEmpty();
  }

  @Test
  void noSubcommandIsAnError() {
    assertThat(execute()).isEqualTo(2);
    assertThat(err.toString()).contains("list, or run?");
  }

  @Test
  void aBenchmarkThatCannotRunEndsWithItsReasonAndNoTable() {
    assertThat(execute("run", "impossible")).isEqualTo(70);
    assertThat(err.toString()).contains("gmem-bench: it cannot be run");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void whatTheMachineCannotRunIsLeftOutAndSaid() {
    List<Benchmark> offered =
        List.of(new Fixed("homeless", 1.01, 1.03, ran), new Fixed("good", 1.01, 1.03, ran));
    assertThat(execute(offered, "run")).isZero();
    assertThat(err.toString()).contains("left out homeless: there is no such machine");
    assertThat(ran).containsExactly("good FULL");
    assertThat(out.toString()).contains("good").doesNotContain("homeless");
  }

  @Test
  void whatTheMachineCannotRunIsAnErrorIfItWasNamed() {
    List<Benchmark> offered = List.of(new Fixed("homeless", 1.01, 1.03, ran));
    assertThat(execute(offered, "run", "homeless")).isEqualTo(70);
    assertThat(err.toString()).contains("homeless cannot run: there is no such machine");
    assertThat(ran).isEmpty();
  }

  @Test
  void allBenchmarksHaveNamesOfTheirOwnAndOneLineEach() {
    List<Benchmark> all = Benchmarks.all();
    assertThat(new HashSet<>(all.stream().map(Benchmark::name).toList())).hasSize(all.size());
    assertThat(all).allSatisfy(b -> assertThat(b.name()).matches("[a-z-]+"));
    assertThat(all).allSatisfy(b -> assertThat(b.description()).isNotBlank().doesNotContain("\n"));
  }
}
