package dev.gmem;

/**
 * The CPU touched, or something was asked for, a part of an allocation that the program has given
 * back by {@link AddressSpace#unmap} or moved away by {@link AddressSpace#remap}. The rest of the
 * allocation goes on as before. A kernel that touches such memory gets an {@link
 * IllegalDeviceAccessException}.
 */
public class UnmappedMemoryException extends GmemException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param message the rule, the values, what to do
   */
  public UnmappedMemoryException(String message) {
    super(message, null);
  }
}
