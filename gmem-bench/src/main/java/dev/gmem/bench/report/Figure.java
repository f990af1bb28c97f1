package dev.gmem.bench.report;

import java.io.Serializable;
import java.util.Locale;

/**
 * How floor and measured compare: the median over all pairs, and the quartiles around it.
 *
 * @param kind what the numbers are
 * @param median of all pairs
 * @param low first quartile
 * @param high third quartile
 * @param pairs how many there were
 */
public record Figure(Kind kind, double median, double low, double high, int pairs)
    implements Serializable {
  /** How a pair becomes a number. */
  public enum Kind {
    /** Measured divided by floor. */
    RATIO {
      @Override
      double of(double floor, double measured) {
        return measured / floor;
      }

      @Override
      String format(double value) {
        return String.format(Locale.ROOT, "x%.3f", value);
      }
    },
    /** Measured less floor, in the unit of both. */
    DIFFERENCE {
      @Override
      double of(double floor, double measured) {
        return measured - floor;
      }

      @Override
      String format(double value) {
        return (value < 0 ? "-" : "+") + Numbers.format(Math.abs(value));
      }
    },
    /** Measured as a part of the floor, in per cent. */
    PERCENT {
      @Override
      double of(double floor, double measured) {
        return 100 * measured / floor;
      }

      @Override
      String format(double value) {
        return String.format(Locale.ROOT, "%.4f %%", value);
      }
    };

    abstract double of(double floor, double measured);

    abstract String format(double value);
  }

  /**
   * Writes the median.
   *
   * @return a ratio as {@code x1.007}, a difference with its sign
   */
  public String text() {
    return kind.format(median);
  }

  /**
   * Writes the quartiles.
   *
   * @return {@code low .. high}; empty if there was one pair only
   */
  public String spread() {
    return pairs < 2 ? "" : kind.format(low) + " .. " + kind.format(high);
  }
}
