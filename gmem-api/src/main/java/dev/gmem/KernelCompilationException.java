package dev.gmem;

/**
 * A kernel does not compile. The message holds the build log and the offending line where the
 * compiler tells it.
 */
public class KernelCompilationException extends GmemException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message the rule, the values, what to do
   */
  public KernelCompilationException(String message) {
    super(message, null);
  }

  /**
   * Makes one with a cause.
   *
   * @param message the rule, the values, what to do
   * @param cause what led to it, or null
   */
  public KernelCompilationException(String message, Throwable cause) {
    super(message, cause);
  }
}
