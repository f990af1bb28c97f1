package dev.gmem.samples.program;

/** The form of the kernels that a sample launches. */
public enum KernelForm {
  /** What the device takes at first hand: OpenCL C, or a Java lambda. */
  OWN,
  /** A class for Aparapi, the same on every device. */
  JAVA;

  /** As on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
