package dev.gmem;

/**
 * Unified memory cannot be had in this JVM: the agent is not attached, the implementation is
 * missing, or the JDK is of an unknown shape.
 */
public class GmemUnavailableException extends GmemException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message the rule, the values, what to do
   */
  public GmemUnavailableException(String message) {
    super(message, null);
  }

  /**
   * Makes one with a cause.
   *
   * @param message the rule, the values, what to do
   * @param cause what led to it, or null
   */
  public GmemUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
