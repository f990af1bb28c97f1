package dev.gmem;

/**
 * A migration gave up waiting for memory that is pinned to the CPU by a native call or an I/O
 * operation.
 */
public class PinnedMemoryException extends GmemException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message the rule, the values, what to do
   */
  public PinnedMemoryException(String message) {
    super(message, null);
  }

  /**
   * Makes one with a cause.
   *
   * @param message the rule, the values, what to do
   * @param cause what led to it, or null
   */
  public PinnedMemoryException(String message, Throwable cause) {
    super(message, cause);
  }
}
