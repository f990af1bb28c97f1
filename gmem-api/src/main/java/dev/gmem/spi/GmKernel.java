package dev.gmem.spi;

import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** A kernel of one device. Called from many threads. */
public interface GmKernel {
  /**
   * Returns the kernel's name.
   *
   * @return as in its source
   */
  String name();

  /**
   * Returns what the parameters are.
   *
   * @return in order
   */
  List<Parameter> parameters();

  /**
   * Checks arguments and range before anything moves.
   *
   * @param range the work items
   * @param arguments in order, as many as there are parameters, of matching kinds
   * @throws IllegalArgumentException if the device cannot take them; the message names rule and
   *     values
   */
  default void validate(NdRange range, List<GmArgument> arguments) {}

  /**
   * Checks a launch that reaches memory by stored pointers. Called instead of {@link
   * #validate(NdRange, List)}, on devices with {@link GmCapability#SHARED_ADDRESSES} or {@link
   * GmCapability#HOST_ADDRESSES} only.
   *
   * @param range the work items
   * @param arguments in order, as many as there are parameters, of matching kinds
   * @param reached what else it uses; not empty
   * @throws IllegalArgumentException if the device cannot take them; the message names rule and
   *     values
   */
  default void validate(
      NdRange range, List<GmArgument> arguments, List<GmArgument.Buffer> reached) {
    validate(range, arguments);
  }

  /**
   * Starts the kernel and returns at once. On a device without {@link
   * GmCapability#REPLAYABLE_FAULTS} all buffers are mapped, and stay so until it ends.
   *
   * @param range the work items
   * @param arguments as validated
   * @return completes when the kernel has ended and its writes are in the device's memory, with the
   *     nanoseconds it ran; exceptionally if it failed
   */
  CompletionStage<Long> launch(NdRange range, List<GmArgument> arguments);

  /**
   * Starts a kernel that reaches memory by stored pointers. Called instead of {@link
   * #launch(NdRange, List)} after {@link #validate(NdRange, List, List)}. What is reached is mapped
   * as buffers are; but with {@link GmCapability#HOST_ADDRESSES} the allocations that any of it
   * lies in are not mapped: the kernel finds all it uses of them in the host frames.
   *
   * @param range the work items
   * @param arguments as validated
   * @param reached as validated
   * @return as above
   */
  default CompletionStage<Long> launch(
      NdRange range, List<GmArgument> arguments, List<GmArgument.Buffer> reached) {
    return launch(range, arguments);
  }
}
