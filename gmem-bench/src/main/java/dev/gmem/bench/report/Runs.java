package dev.gmem.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Sums up several runs of one benchmark. JVMs differ, by what they compile when and by which pages
 * they get, in ways that no number of turns in one of them shows.
 */
public final class Runs {
  private Runs() {}

  /**
   * Makes one row of those that compare the same in each run.
   *
   * @param runs the rows of each run, the same cases in the same order; at least one run
   * @return medians over the runs, with the quartiles of the runs' figures; the rows themselves if
   *     there was one run
   * @throws IllegalArgumentException if the runs have other cases than the first
   */
  public static List<Row> median(List<List<Row>> runs) {
    if (runs.size() == 1) {
      return runs.getFirst();
    }
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < runs.getFirst().size(); i++) {
      List<Row> same = new ArrayList<>();
      for (List<Row> run : runs) {
        same.add(i < run.size() ? run.get(i) : null);
      }
      rows.add(summed(same));
    }
    return List.copyOf(rows);
  }

  private static Row summed(List<Row> same) {
    Row first = same.getFirst();
    for (Row row : same) {
      if (row == null || !row.name().equals(first.name())) {
        throw new IllegalArgumentException(
            "runs must have the same cases: first=" + first.name() + " other=" + row);
      }
    }
    double[] figures = column(same, row -> row.figure().median());
    return new Row(
        first.benchmark(),
        first.name(),
        first.unit(),
        Numbers.median(column(same, Row::floor)),
        Numbers.median(column(same, Row::measured)),
        new Figure(
            first.figure().kind(),
            Numbers.median(figures),
            Numbers.quantile(figures, 0.25),
            Numbers.quantile(figures, 0.75),
            figures.length),
        first.limit());
  }

  private static double[] column(List<Row> rows, ToDoubleFunction<Row> of) {
    return rows.stream().mapToDouble(of).toArray();
  }
}
