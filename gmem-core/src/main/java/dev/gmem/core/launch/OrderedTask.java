package dev.gmem.core.launch;

import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.Vma;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What has its place in the order of data: a launch or a transfer. The number is given when it
 * enters the queue, and published by it.
 *
 * @param <R> what it takes to its end
 */
abstract class OrderedTask<R> {
  private final DeviceSlot slot;
  private final List<BufferUse> buffers;
  private final CompletableFuture<R> future = new CompletableFuture<>();

  private final Turn turn = new Turn();

  private long number;

  /**
   * Makes one.
   *
   * @param slot the device where it uses the buffers, or null for the host
   * @param buffers what it uses
   */
  OrderedTask(DeviceSlot slot, List<BufferUse> buffers) {
    this.slot = slot;
    this.buffers = List.copyOf(buffers);
  }

  /** The device where it uses its buffers; null for the host. */
  final DeviceSlot slot() {
    return slot;
  }

  final List<BufferUse> buffers() {
    return buffers;
  }

  final long number() {
    return number;
  }

  final void number(long value) {
    number = value;
  }

  final CompletableFuture<R> future() {
    return future;
  }

  /** When it does its work, and who does it. */
  final Turn turn() {
    return turn;
  }

  /**
   * Called by a thread that is to wait for the end. To do the work costs it less than to be woken
   * by the thread that does; so it does what there is to do before it comes to this task's turn,
   * one task after the other, and then the work of this one. A virtual thread waits: the work may
   * block its carrier.
   */
  final void help() {
    if (Thread.currentThread().isVirtual()) {
      return;
    }
    Deque<OrderedTask<?>> path = new ArrayDeque<>();
    path.push(this);
    try {
      while (!path.isEmpty()) {
        OrderedTask<?> task = path.peek();
        OrderedTask<?> before = task.turn.await();
        if (before != null) {
          path.push(before);
          continue;
        }
        task.turn.takeAwaited();
        path.pop();
        if (task != this) {
          task.awaitEnd();
        }
      }
    } finally {
      path.forEach(task -> task.turn.leave());
    }
  }

  /** Waits until it has ended, however it does. */
  void awaitEnd() {
    future.handle((result, failure) -> null).join();
  }

  /** Tells everybody who waits for it how it ended. A second call does nothing. */
  abstract void publish();

  /** Whether those who come after it are to find its work done, readers included. */
  abstract boolean isTransfer();

  final boolean uses(Vma vma) {
    return buffers.stream().anyMatch(b -> b.vma() == vma);
  }

  /** Whether it has to wait for one that came before. */
  final boolean conflicts(OrderedTask<?> earlier) {
    for (BufferUse mine : buffers) {
      for (BufferUse theirs : earlier.buffers) {
        if (mine.overlaps(theirs) && excludes(mine, earlier, theirs)) {
          return true;
        }
      }
    }
    return false;
  }

  /** Two that only read exclude each other if they do so at two places, of which one owns. */
  private boolean excludes(BufferUse mine, OrderedTask<?> earlier, BufferUse theirs) {
    boolean written = mine.access().writes() || theirs.access().writes();
    return written
        || earlier.isTransfer()
        || slot != earlier.slot && (ownsWhatItReads() || earlier.ownsWhatItReads());
  }

  private boolean ownsWhatItReads() {
    return slot != null && slot.owns(false);
  }
}
