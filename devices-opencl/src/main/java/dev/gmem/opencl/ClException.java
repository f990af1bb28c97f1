package dev.gmem.opencl;

import dev.gmem.spi.GmStatus;

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

  /** What a transfer that failed comes to. */
  GmStatus status() {
    return isLost() ? GmStatus.DEVICE_LOST : GmStatus.DMA_ERROR;
  }

  /** Tells whether the device is lost: nothing that is asked of it will succeed again. */
  boolean isLost() {
    return ClCode.isLost(code);
  }
}
