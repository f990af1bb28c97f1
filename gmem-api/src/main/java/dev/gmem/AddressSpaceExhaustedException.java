package dev.gmem;

/** No room is left: in the reserved addresses, or under the limit on host memory. */
public class AddressSpaceExhaustedException extends GmemException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message the rule, the values, what to do
   */
  public AddressSpaceExhaustedException(String message) {
    super(message, null);
  }

  /**
   * Makes one with a cause.
   *
   * @param message the rule, the values, what to do
   * @param cause what led to it, or null
   */
  public AddressSpaceExhaustedException(String message, Throwable cause) {
    super(message, cause);
  }
}
