package dev.gmem.spi;

import java.util.List;

/** Compiled kernels of one device. */
public interface GmProgram extends AutoCloseable {
  /**
   * Returns the kernels.
   *
   * @return at least one
   */
  List<GmKernel> kernels();

  /** Lets the program go; nothing of it runs any more. */
  @Override
  default void close() {}
}
