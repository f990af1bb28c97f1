package dev.gmem.bench.report;

import java.util.Arrays;
import java.util.Locale;

/** Statistics and their text. */
public final class Numbers {
  private static final int DIGITS = 3;

  private Numbers() {}

  /**
   * Returns a quantile, interpolated between neighbours.
   *
   * @param values at least one, in any order; left as they are
   * @param quantile from 0, the least, to 1, the greatest
   * @return the quantile
   */
  public static double quantile(double[] values, double quantile) {
    if (values.length == 0) {
      throw new IllegalArgumentException("a quantile needs at least one value");
    }
    if (!(quantile >= 0 && quantile <= 1)) {
      throw new IllegalArgumentException("a quantile is from 0 to 1: quantile=" + quantile);
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    double position = quantile * (sorted.length - 1);
    int below = (int) position;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  }

  /**
   * Returns the median.
   *
   * @param values at least one, in any order; left as they are
   * @return the median
   */
  public static double median(double[] values) {
    return quantile(values, 0.5);
  }

  /**
   * Writes a number with three significant digits, or all digits before the point.
   *
   * @param value finite
   * @return the text
   */
  public static String format(double value) {
    double magnitude = Math.abs(value);
    int decimals = DIGITS;
    for (double bound = 1; magnitude >= bound && decimals > 0; bound *= 10) {
      decimals--;
    }
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  /**
   * Writes a size.
   *
   * @param bytes not negative
   * @return in the greatest binary unit that divides it
   */
  public static String bytes(long bytes) {
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    long value = bytes;
    while (unit < units.length - 1 && value >= 1024 && value % 1024 == 0) {
      value /= 1024;
      unit++;
    }
    return value + " " + units[unit];
  }
}
