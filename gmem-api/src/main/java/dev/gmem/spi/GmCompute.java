package dev.gmem.spi;

import dev.gmem.KernelSource;

/** The part of a device that runs kernels. Called from many threads. */
public interface GmCompute {
  /**
   * Tells whether a source is in a form this device understands.
   *
   * @param source never a {@link KernelSource.OneOf}: the core chooses among its forms
   * @return true if {@link #compile} is worth a try
   */
  boolean supports(KernelSource source);

  /**
   * Compiles kernels. The core calls it once per source and keeps the result.
   *
   * @param source a supported source
   * @return the program
   * @throws dev.gmem.KernelCompilationException if it does not compile
   */
  GmProgram compile(KernelSource source);
}
