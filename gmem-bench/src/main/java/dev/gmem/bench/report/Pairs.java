package dev.gmem.bench.report;

import java.util.ArrayList;
import java.util.List;

/**
 * Collects pairs of floor and measured, taken one soon after the other so that both met the machine
 * in the same state. Not thread-safe.
 */
public final class Pairs {
  private final List<double[]> pairs = new ArrayList<>();

  /** Starts with no pair. */
  public Pairs() {}

  /**
   * Adds a pair.
   *
   * @param floor the floor
   * @param measured what was measured beside it
   */
  public void add(double floor, double measured) {
    pairs.add(new double[] {floor, measured});
  }

  /**
   * Sums up.
   *
   * @param benchmark name of the benchmark
   * @param name what was compared
   * @param unit of both numbers of each pair
   * @param kind how to compare them
   * @param limit of the figure, or {@link Row#NO_LIMIT}
   * @return the medians, each over all pairs
   */
  public Row row(String benchmark, String name, String unit, Figure.Kind kind, double limit) {
    double[] figures = pairs.stream().mapToDouble(p -> kind.of(p[0], p[1])).toArray();
    return new Row(
        benchmark,
        name,
        unit,
        column(0),
        column(1),
        new Figure(
            kind,
            Numbers.median(figures),
            Numbers.quantile(figures, 0.25),
            Numbers.quantile(figures, 0.75),
            figures.length),
        limit);
  }

  private double column(int index) {
    return Numbers.median(pairs.stream().mapToDouble(p -> p[index]).toArray());
  }
}
