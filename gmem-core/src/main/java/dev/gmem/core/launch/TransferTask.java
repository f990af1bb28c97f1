package dev.gmem.core.launch;

import dev.gmem.Transfer;
import dev.gmem.TransferResult;
import dev.gmem.core.engine.DeviceSlot;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * A transfer from the call to its end: submitted (in the queue) → started (on a thread of the core,
 * or on the first that joins it) → ended (out of the queue, completed).
 */
final class TransferTask extends OrderedTask<TransferResult> implements Transfer {
  /** What a transfer does when its turn has come. */
  @FunctionalInterface
  interface Work {
    /**
     * Does it. May block.
     *
     * @param number the transfer's place in the order
     * @return bytes copied from one node to another
     */
    long run(long number);
  }

  private final Work work;
  private long bytes;
  private Throwable failure;
  private volatile boolean done;

  TransferTask(DeviceSlot slot, List<BufferUse> buffers, Work work) {
    super(slot, buffers);
    this.work = work;
  }

  @Override
  boolean isTransfer() {
    return true;
  }

  /** Does the work; notes how it ended, whatever it throws. */
  void run() {
    try {
      bytes = work.run(number());
    } catch (Throwable e) {
      failed(e);
      return;
    }
    done = true;
  }

  /** Takes note of why it has not done its work. */
  void failed(Throwable cause) {
    failure = cause;
    done = true;
  }

  @Override
  void publish() {
    if (failure == null) {
      future().complete(new TransferResult(bytes));
    } else {
      future().completeExceptionally(failure);
    }
  }

  @Override
  public TransferResult join() {
    help();
    try {
      return future().join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException known -> throw known;
        case Error known -> throw known;
        case null, default -> throw e;
      }
    }
  }

  @Override
  public boolean isDone() {
    return done;
  }

  @Override
  public CompletionStage<TransferResult> completion() {
    return future().minimalCompletionStage();
  }
}
