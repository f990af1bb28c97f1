package dev.gmem.core.launch;

import dev.gmem.DeviceLostException;
import dev.gmem.GmemException;
import dev.gmem.KernelLaunchException;
import dev.gmem.Launch;
import dev.gmem.LaunchResult;
import dev.gmem.NdRange;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.Hold;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmCopyTimes;
import dev.gmem.spi.GmKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One launch from the call to its end.
 *
 * <p>Life: submitted (in the queue, its holds in force) → started (its data is on the device, its
 * kernel runs) → ended (done, then holds lifted, out of the queue, completed). Fields are written
 * before the step that publishes them.
 */
final class LaunchTask extends OrderedTask<LaunchResult> implements Launch {
  private final GmKernel kernel;
  private final NdRange range;
  private final List<GmArgument> arguments;
  private final List<GmArgument.Buffer> reached;
  private final List<Hold> holds = new ArrayList<>();
  private boolean running;
  private GmCopyTimes copyTimes = new GmCopyTimes(0, 0);
  private long bytesIn;
  private long kernelNanos;
  private Throwable failure;
  private volatile boolean done;

  /** The kernel's own end, once it has been started. */
  private volatile CompletableFuture<Long> kernelEnd;

  private final AtomicBoolean ending = new AtomicBoolean();

  LaunchTask(
      DeviceSlot slot,
      GmKernel kernel,
      NdRange range,
      List<GmArgument> arguments,
      List<GmArgument.Buffer> reached,
      List<BufferUse> buffers) {
    super(slot, buffers);
    this.kernel = kernel;
    this.range = range;
    this.arguments = arguments;
    this.reached = reached;
  }

  @Override
  boolean isTransfer() {
    return false;
  }

  List<Hold> holds() {
    return holds;
  }

  boolean running() {
    return running;
  }

  void runs() {
    running = true;
  }

  void copied(GmCopyTimes took, long bytes) {
    copyTimes = took;
    bytesIn = bytes;
  }

  /**
   * Tells whether the contents of a buffer do not matter: not if they do for another argument, by
   * which the kernel may read them before it writes.
   */
  boolean overwrites(BufferUse use) {
    boolean overwrites = !use.access().needsContents();
    for (int i = 0; overwrites && i < buffers().size(); i++) {
      BufferUse other = buffers().get(i);
      overwrites = !other.access().needsContents() || !other.overlapsInside(use);
    }
    return overwrites;
  }

  CompletionStage<Long> launchKernel() {
    return reached.isEmpty()
        ? kernel.launch(range, arguments)
        : kernel.launch(range, arguments, reached);
  }

  /** Notes the kernel's own end, for whoever joins. */
  void started(CompletionStage<Long> end) {
    kernelEnd = futureOf(end);
  }

  /** One for all who wait, and for who ends their wait; a stage may make another each time. */
  private static CompletableFuture<Long> futureOf(CompletionStage<Long> end) {
    try {
      return end.toCompletableFuture();
    } catch (UnsupportedOperationException e) {
      CompletableFuture<Long> future = new CompletableFuture<>();
      end.whenComplete(
          (nanos, failure) -> {
            if (failure == null) {
              future.complete(nanos);
            } else {
              future.completeExceptionally(failure);
            }
          });
      return future;
    }
  }

  /** Tells whether its kernel has been started. */
  boolean isStarted() {
    return kernelEnd != null;
  }

  /** Whether the caller ends it: the kernel, or who finds that its device is lost. */
  boolean beginEnd() {
    return ending.compareAndSet(false, true);
  }

  /** Wakes those who wait for a kernel of which nothing will be heard. */
  void forgetKernel(Throwable cause) {
    kernelEnd.completeExceptionally(cause);
  }

  /** What it is told whose device is lost. */
  DeviceLostException lost(Throwable cause) {
    long address = buffers().isEmpty() ? 0 : buffers().getFirst().address();
    long bytes = buffers().isEmpty() ? 0 : buffers().getFirst().bytes();
    return slot().fate().exception(address, bytes, cause);
  }

  /**
   * Takes note of how it ended. From now on it is done, though its holds are still in force.
   *
   * @param nanos how long the kernel ran; null, from a device that does not say, counts as 0
   * @param cause why it failed, or null
   */
  void ended(Long nanos, Throwable cause) {
    kernelNanos = nanos == null ? 0 : nanos;
    failure = cause;
    done = true;
  }

  /** Takes note of what else has failed. */
  void addFailure(Throwable other) {
    if (failure == null) {
      failure = other;
    } else if (other != failure) {
      failure.addSuppressed(other);
    }
  }

  @Override
  void publish() {
    if (failure == null) {
      future()
          .complete(
              new LaunchResult(kernelNanos, copyTimes.inNanos(), copyTimes.outNanos(), bytesIn));
    } else if (!future().isDone()) {
      future().completeExceptionally(typed(failure));
    }
  }

  private GmemException typed(Throwable thrown) {
    Throwable cause =
        thrown instanceof CompletionException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown;
    return cause instanceof GmemException known
        ? known
        : new KernelLaunchException(
            "the kernel failed: kernel="
                + kernel.name()
                + " device="
                + slot().device().id()
                + " range="
                + range
                + " cause="
                + cause,
            cause);
  }

  @Override
  public LaunchResult join() {
    help();
    awaitKernel();
    try {
      return future().join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof GmemException known) {
        throw known;
      }
      throw e;
    }
  }

  @Override
  void awaitEnd() {
    awaitKernel();
    super.awaitEnd();
  }

  /**
   * Waits for the kernel itself, if it has been started: a device may let the thread that wants the
   * result wait for the hardware, instead of having it woken by another one.
   */
  private void awaitKernel() {
    CompletableFuture<Long> end = kernelEnd;
    if (end != null && !done) {
      try {
        end.join();
      } catch (CompletionException | CancellationException e) {
        return; // the launch tells it, too
      }
    }
  }

  @Override
  public boolean isDone() {
    return done;
  }

  @Override
  public CompletionStage<LaunchResult> completion() {
    return future().minimalCompletionStage();
  }
}
