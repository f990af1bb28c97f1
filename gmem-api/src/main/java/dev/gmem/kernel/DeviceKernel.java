package dev.gmem.kernel;

/**
 * The work of one work item, written in Java.
 *
 * <p>It must reach unified memory through {@code memory} alone (a {@code MemorySegment} captured by
 * the lambda would be the CPU's view of it). Work items run concurrently and in any order; what
 * they throw fails the launch.
 */
@FunctionalInterface
public interface DeviceKernel {
  /**
   * Runs one work item.
   *
   * @param item where in the range it is
   * @param memory the device's memory, at unified addresses
   * @param arguments the launch's arguments
   */
  void run(WorkItem item, DeviceMemory memory, KernelArguments arguments);
}
