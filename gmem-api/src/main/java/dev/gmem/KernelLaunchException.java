package dev.gmem;

/** A kernel failed while it ran. The cause is what it threw, or what the device reported. */
public class KernelLaunchException extends GmemException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message the rule, the values, what to do
   */
  public KernelLaunchException(String message) {
    super(message, null);
  }

  /**
   * Makes one with a cause.
   *
   * @param message the rule, the values, what to do
   * @param cause what led to it, or null
   */
  public KernelLaunchException(String message, Throwable cause) {
    super(message, cause);
  }
}
