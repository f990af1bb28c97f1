package dev.gmem.bench.report;

import java.io.Serializable;

/**
 * One comparison.
 *
 * @param benchmark name of the benchmark
 * @param name what was compared
 * @param unit of floor and measured
 * @param floor median of the floor
 * @param measured median of what was measured
 * @param figure how they compare, pair by pair
 * @param limit what the figure must not exceed; infinite if there is no limit
 */
public record Row(
    String benchmark,
    String name,
    String unit,
    double floor,
    double measured,
    Figure figure,
    double limit)
    implements Serializable {
  /** The limit of a row that has none. */
  public static final double NO_LIMIT = Double.POSITIVE_INFINITY;

  /**
   * Tells whether there is a limit.
   *
   * @return true if there is
   */
  public boolean limited() {
    return limit != NO_LIMIT;
  }

  /**
   * Tells whether the limit is kept.
   *
   * @return true if it is, or if there is none
   */
  public boolean ok() {
    return !limited() || figure.median() <= limit;
  }
}
