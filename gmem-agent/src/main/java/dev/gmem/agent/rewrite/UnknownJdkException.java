package dev.gmem.agent.rewrite;

/**
 * The JDK has not the shape that the rewriter knows. The message is one sentence that names the
 * first difference.
 */
public final class UnknownJdkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param difference what differs, as the end of a sentence
   */
  public UnknownJdkException(String difference) {
    super(
        "GMEM knows JDK 25, and this is "
            + System.getProperty("java.vendor.version", System.getProperty("java.vendor"))
            + " "
            + System.getProperty("java.runtime.version")
            + ", which differs: "
            + difference);
  }
}
