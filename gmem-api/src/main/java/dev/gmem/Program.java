package dev.gmem;

import java.util.List;

/** Compiled kernels. May be used from any thread; lives as long as its device. */
public interface Program {
  /**
   * Returns the names of the kernels in it.
   *
   * @return in the order of the source where that is known
   */
  List<String> kernelNames();

  /**
   * Finds a kernel.
   *
   * @param name its name in the source
   * @return the kernel
   * @throws IllegalArgumentException if there is none; the message lists those there are
   */
  Kernel kernel(String name);
}
