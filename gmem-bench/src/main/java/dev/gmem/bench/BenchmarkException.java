package dev.gmem.bench;

/** A benchmark could not be run, or did not do what it was to measure. */
public final class BenchmarkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was expected, and what happened instead
   */
  public BenchmarkException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was tried
   * @param cause why it failed
   */
  public BenchmarkException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * Checks a number that a benchmark must have produced.
   *
   * @param what it is
   * @param expected what it must be
   * @param actual what it is
   * @throws BenchmarkException if they differ
   */
  public static void require(String what, long expected, long actual) {
    if (expected != actual) {
      throw new BenchmarkException(what + ": expected=" + expected + " actual=" + actual);
    }
  }

  /**
   * Checks a condition that a benchmark relies on.
   *
   * @param holds whether it holds
   * @param otherwise what is wrong if not
   * @throws BenchmarkException if it does not hold
   */
  public static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new BenchmarkException(otherwise);
    }
  }
}
