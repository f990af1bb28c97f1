package dev.gmem.sim;

import dev.gmem.NdRange;
import dev.gmem.kernel.DeviceKernel;
import dev.gmem.kernel.DeviceMemory;
import dev.gmem.kernel.KernelArguments;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A kernel under way. Workers take chunks of its work items until none is left or one has failed.
 *
 * <p>Threads: {@link #work} from any worker, even several; the rest under the queue's lock.
 */
final class Launch {
  private static final long CHUNKS = 64;
  private static final long CHUNK_ITEMS_MAX = 1_024;

  private final DeviceKernel body;
  private final NdRange range;
  private final KernelArguments arguments;
  private final long items;
  private final long chunkItems;
  private final AtomicLong nextItem = new AtomicLong();
  private final CompletableFuture<Long> result = new CompletableFuture<>();
  private volatile Throwable failure;

  /** Workers inside {@link #work}; guarded by the queue's lock. */
  private int active;

  private long startNanos;

  Launch(DeviceKernel body, NdRange range, KernelArguments arguments) {
    this.body = body;
    this.range = range;
    this.arguments = arguments;
    items = range.items();
    chunkItems = Math.clamp(items / CHUNKS, 1, CHUNK_ITEMS_MAX);
  }

  CompletableFuture<Long> result() {
    return result;
  }

  /** Tells whether all work items are taken, or none need be any more. */
  boolean isExhausted() {
    return failure != null || nextItem.get() >= items;
  }

  /** A worker is about to call {@link #work}. */
  void enter() {
    if (active++ == 0 && startNanos == 0) {
      startNanos = System.nanoTime();
    }
  }

  /** A worker came back from {@link #work}; true if it was the last one. */
  boolean leave() {
    return --active == 0;
  }

  void work(DeviceMemory memory) {
    SimWorkItem item = new SimWorkItem(range);
    long first;
    while (!isExhausted() && (first = nextItem.getAndAdd(chunkItems)) < items) {
      item.seek(first);
      try {
        workChunk(item, memory, Math.min(items - first, chunkItems));
      } catch (Throwable t) {
        fail(t);
      }
    }
  }

  private void workChunk(SimWorkItem item, DeviceMemory memory, long count) {
    for (long i = 0; i < count; i++) {
      body.run(item, memory, arguments);
      item.advance();
    }
  }

  private synchronized void fail(Throwable t) {
    if (failure == null) {
      failure = t;
    }
  }

  /** Tells the one who launched. Called once, without the lock. */
  void complete() {
    if (failure != null) {
      result.completeExceptionally(failure);
    } else {
      result.complete(System.nanoTime() - startNanos);
    }
  }
}
