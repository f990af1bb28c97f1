package dev.gmem.samples.program;

/** Compares results with what plain Java computed, where a bound is allowed. */
final class Distance {
  private Distance() {}

  /**
   * Takes one more difference into a greatest difference.
   *
   * @param soFar the greatest so far
   * @param difference one more, of any sign
   * @return the greatest; infinite, and so above every bound, once one was not a number
   */
  static double max(double soFar, double difference) {
    return Double.isNaN(difference)
        ? Double.POSITIVE_INFINITY
        : Math.max(soFar, Math.abs(difference));
  }
}
