package dev.gmem;

import java.util.concurrent.CompletionStage;

/**
 * Memory on its way from one node to another. May be used from any thread.
 *
 * <p>A transfer has its place in the order of launches. It begins when every earlier launch, and
 * every earlier transfer, that uses the range in a way that excludes it has ended, failed ones
 * included. Launches and transfers that come after it and use any of the range begin when it has
 * ended. The range counts in whole granules.
 *
 * <p>Accesses of the CPU are in no order with it: they find the latest values whether it has begun
 * or not, and wait at most for what is just moving.
 */
public interface Transfer {
  /**
   * Waits until the transfer has ended. Interrupts do not end the wait, and stay pending.
   *
   * @return what it took
   * @throws DeviceException if a device failed; what had not moved by then is where it was
   * @throws PinnedMemoryException if pins kept it from moving
   * @throws IllegalStateException if the memory was closed, or the device detached, before it began
   */
  TransferResult join();

  /**
   * Tells whether it has ended or failed.
   *
   * @return true once {@link #join()} does not wait
   */
  boolean isDone();

  /**
   * Returns the end of the transfer as a stage to build on. It completes with what {@link #join()}
   * returns or throws, on a thread of the library: dependents must not block it.
   *
   * @return the stage
   */
  CompletionStage<TransferResult> completion();
}
