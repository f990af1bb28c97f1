package dev.gmem;

/**
 * The root of what this library throws, besides the JDK's exceptions for wrong arguments and closed
 * arenas. The message states the rule, the values, and what to do.
 */
public class GmemException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message the rule, the values, what to do
   * @param cause what led to it, or null
   */
  public GmemException(String message, Throwable cause) {
    super(message, cause);
  }
}
