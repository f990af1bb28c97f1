package dev.gmem;

import java.util.concurrent.CompletionStage;

/** A kernel on its way. May be used from any thread. */
public interface Launch {
  /**
   * Waits until the kernel has finished. Interrupts do not end the wait, and stay pending.
   *
   * <p>If it throws, all memory is where it can be used again. A launch that failed before its
   * kernel had started has changed nothing; a kernel that failed has written what it had come to.
   * What it was to {@linkplain Argument#overwrite overwrite}, and its device did not own, is as it
   * was, unless the kernel works on the host's memory: in zero-copy mode, and where the device's
   * own does not do (REMOTE_MAPPING). There it has what the kernel has written so far.
   *
   * @return what it took
   * @throws KernelLaunchException if the kernel failed; the cause says why
   * @throws DeviceException if memory could not be moved to the device or failed there
   */
  LaunchResult join();

  /**
   * Tells whether the kernel has finished or failed. Host code that has read what the kernel wrote,
   * on a device whose launches hold their arguments, finds it so.
   *
   * @return true once {@link #join()} does not wait for the kernel
   */
  boolean isDone();

  /**
   * Returns the end of the launch as a stage to build on. It completes with what {@link #join()}
   * returns or throws, on a thread of the library: dependents must not block it.
   *
   * @return the stage
   */
  CompletionStage<LaunchResult> completion();
}
