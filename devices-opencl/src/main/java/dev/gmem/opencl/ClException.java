package dev.gmem.opencl;

/** An OpenCL function returned an error, or a command ended with one. */
final class ClException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What it returned. */
  private final int code;

  /**
   * Makes one.
   *
   * @param function the function, or the command
   * @param code what it returned; negative
   */
  ClException(String function, int code) {
    super(function + " returned " + ClCode.name(code));
    this.code = code;
  }

  int code() {
    return code;
  }

  boolean isNoRoom() {
    return ClCode.isNoRoom(code);
  }
}
