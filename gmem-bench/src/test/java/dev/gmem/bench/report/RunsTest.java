package dev.gmem.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class RunsTest {
  private static Row row(String name, double floor, double... measured) {
    Pairs pairs = new Pairs();
    for (double each : measured) {
      pairs.add(floor, each);
    }
    return pairs.row("benchmark", name, "ms", Figure.Kind.RATIO, 1.5);
  }

  @Test
  void theFigureIsTheMedianOfTheRunsAndTheirQuartilesAreItsSpread() {
    List<Row> rows =
        Runs.median(
            List.of(
                List.of(row("a", 1, 2, 2, 9), row("b", 1, 1)),
                List.of(row("a", 2, 2, 2, 9), row("b", 1, 2)),
                List.of(row("a", 4, 12, 12, 90), row("b", 1, 3))));
    assertThat(rows).extracting(Row::name).containsExactly("a", "b");
    Row a = rows.getFirst();
    assertThat(a.floor()).isEqualTo(2);
    assertThat(a.measured()).isEqualTo(2);
    assertThat(a.figure()).isEqualTo(new Figure(Figure.Kind.RATIO, 2, 1.5, 2.5, 3));
    assertThat(a.ok()).isFalse();
  }

  @Test
  void oneRunStaysAsItIs() {
    List<Row> run = List.of(row("a", 1, 1, 2, 3));
    assertThat(Runs.median(List.of(run))).isEqualTo(run);
  }

  @Test
  void runsOfOtherCasesAreRefused() {
    List<Row> run = List.of(row("a", 1, 1), row("b", 1, 1));
    assertThatThrownBy(() -> Runs.median(List.of(run, List.of(row("a", 1, 1)))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("b");
    assertThatThrownBy(() -> Runs.median(List.of(run, run.reversed())))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
