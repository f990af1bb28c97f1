package dev.gmem.core.launch;

import dev.gmem.GmemException;
import dev.gmem.KernelLaunchException;
import dev.gmem.Launch;
import dev.gmem.LaunchResult;
import dev.gmem.NdRange;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.Hold;
import dev.gmem.core.engine.Vma;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * One launch from the call to its end.
 *
 * <p>Life: submitted (in the queue, its holds in force) → started (its data is on the device, its
 * kernel runs) → ended (holds lifted, out of the queue, then completed). Fields are written before
 * the step that publishes them.
 */
final class LaunchTask implements Launch {
  private final DeviceSlot slot;
  private final GmKernel kernel;
  private final NdRange range;
  private final List<GmArgument> arguments;
  private final List<BufferUse> buffers;
  private final List<Hold> holds = new ArrayList<>();
  private final CompletableFuture<LaunchResult> future = new CompletableFuture<>();
  private long number;
  private boolean running;
  private long copyInNanos;
  private long bytesIn;

  LaunchTask(
      DeviceSlot slot,
      GmKernel kernel,
      NdRange range,
      List<GmArgument> arguments,
      List<BufferUse> buffers) {
    this.slot = slot;
    this.kernel = kernel;
    this.range = range;
    this.arguments = arguments;
    this.buffers = buffers;
  }

  DeviceSlot slot() {
    return slot;
  }

  List<BufferUse> buffers() {
    return buffers;
  }

  List<Hold> holds() {
    return holds;
  }

  long number() {
    return number;
  }

  void number(long value) {
    number = value;
  }

  boolean running() {
    return running;
  }

  void runs() {
    running = true;
  }

  void copiedIn(long nanos, long bytes) {
    copyInNanos = nanos;
    bytesIn = bytes;
  }

  CompletableFuture<LaunchResult> future() {
    return future;
  }

  boolean uses(Vma vma) {
    return buffers.stream().anyMatch(b -> b.vma() == vma);
  }

  boolean conflicts(LaunchTask earlier) {
    for (BufferUse mine : buffers) {
      for (BufferUse theirs : earlier.buffers) {
        boolean owned = slot.owns(mine.access().writes());
        boolean otherOwned = earlier.slot.owns(theirs.access().writes());
        if (mine.conflicts(theirs, owned, otherOwned)) {
          return true;
        }
      }
    }
    return false;
  }

  CompletionStage<Long> launchKernel() {
    return kernel.launch(range, arguments);
  }

  void complete(Long kernelNanos, Throwable failure) {
    if (failure == null) {
      future.complete(new LaunchResult(kernelNanos, copyInNanos, bytesIn));
    } else {
      future.completeExceptionally(typed(failure));
    }
  }

  private GmemException typed(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause instanceof GmemException known
        ? known
        : new KernelLaunchException(
            "the kernel failed: kernel="
                + kernel.name()
                + " device="
                + slot.device().id()
                + " range="
                + range
                + " cause="
                + cause,
            cause);
  }

  @Override
  public LaunchResult join() {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof GmemException known) {
        throw known;
      }
      throw e;
    }
  }

  @Override
  public boolean isDone() {
    return future.isDone();
  }

  @Override
  public CompletionStage<LaunchResult> completion() {
    return future.minimalCompletionStage();
  }
}
