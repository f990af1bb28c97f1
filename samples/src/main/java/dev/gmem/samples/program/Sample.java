package dev.gmem.samples.program;

import dev.gmem.SpaceOptions;
import java.util.OptionalDouble;

/**
 * A program on real input, whose CPU code and kernels work on the same memory, and whose result is
 * checked against plain Java.
 *
 * <p>Its options are fields with picocli's annotations. A sample is made, filled with options,
 * {@linkplain #prepare prepared} once, and {@linkplain #run run}, several times if need be, by one
 * thread.
 */
public interface Sample {
  /**
   * Returns the name.
   *
   * @return as on the command line
   */
  String name();

  /**
   * Describes the sample for people.
   *
   * @return one line
   */
  String description();

  /**
   * Returns the layout that suits the sample.
   *
   * @return the options of the address space it runs in
   */
  default SpaceOptions layout() {
    return SpaceOptions.defaults();
  }

  /**
   * Says how far two forms of the sample's kernels may differ.
   *
   * @return the greatest difference between elements of its buffers that passes; empty if the
   *     sample has its kernels in one form only
   */
  default OptionalDouble javaKernelBound() {
    return OptionalDouble.empty();
  }

  /**
   * Checks options and reads input, before any unified memory is needed.
   *
   * @throws dev.gmem.samples.console.Refusal if the user must mend something
   */
  default void prepare() {}

  /**
   * Does the work.
   *
   * @param run the address space, the device, and where to tell what happens
   * @return the result
   */
  Outcome run(SampleRun run);
}
