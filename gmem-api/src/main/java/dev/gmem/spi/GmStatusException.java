package dev.gmem.spi;

import java.util.Objects;

/**
 * A status together with what led to it. A call of {@link GmMmu} that throws it, or whose stage
 * completes with it, counts as having returned that status; the exception becomes the cause of what
 * the user sees.
 */
public final class GmStatusException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What the call came to. */
  private final GmStatus status;

  /**
   * Makes one.
   *
   * @param status what the call came to, not {@link GmStatus#SUCCESS}
   * @param message what happened
   * @param cause what led to it, or null
   */
  public GmStatusException(GmStatus status, String message, Throwable cause) {
    super(message, cause);
    this.status = Objects.requireNonNull(status, "status");
  }

  /**
   * Returns what the call came to.
   *
   * @return never {@link GmStatus#SUCCESS}
   */
  public GmStatus status() {
    return status;
  }
}
