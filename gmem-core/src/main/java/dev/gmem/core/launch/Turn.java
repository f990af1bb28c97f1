package dev.gmem.core.launch;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The turn of a task, and who takes it.
 *
 * <p>Life: not announced (the task starts at once, or nobody has said yet) → announced (others have
 * to end first) → come (there is work) → taken, or lost. If nobody awaits it when it comes, a
 * thread of the core is started; otherwise who awaits it takes it, which saves a switch of threads.
 *
 * <p>Threads: any. Who comes with the work writes it and then asks whether it is awaited; who
 * awaits says so and then looks for the work: one of them sees the other.
 */
final class Turn {
  /** What to do; null before it comes, and once somebody does it. */
  private final AtomicReference<Runnable> work = new AtomicReference<>();

  private volatile List<OrderedTask<?>> before = List.of();
  private volatile boolean awaited;
  private volatile Runnable starter;

  /** Ends when it has come; null if it has not been announced. */
  private volatile CompletableFuture<Void> came;

  /**
   * Announces it.
   *
   * @param tasks what has to end first
   * @param what the task's work
   * @param start starts a thread that takes the turn
   */
  void announce(List<OrderedTask<?>> tasks, Runnable what, Runnable start) {
    before = tasks;
    starter = start;
    CompletableFuture<?>[] ends =
        tasks.stream().map(OrderedTask::future).toArray(CompletableFuture[]::new);
    came =
        CompletableFuture.allOf(ends)
            .handle(
                (ignored, failure) -> {
                  come(what);
                  return null;
                });
  }

  private void come(Runnable what) {
    before = List.of();
    work.set(what);
    if (!awaited) {
      starter.run();
    }
  }

  /**
   * Promises to take it.
   *
   * @return one of those that have to end first, and have not; null if there is none
   */
  OrderedTask<?> await() {
    if (came == null) {
      return null;
    }
    awaited = true;
    for (OrderedTask<?> task : before) {
      if (!task.future().isDone()) {
        return task;
      }
    }
    return null;
  }

  /** Waits until it has come, if it was announced, and takes it if nobody has. */
  void takeAwaited() {
    CompletableFuture<Void> coming = came;
    if (coming != null) {
      coming.join();
    }
    take();
  }

  /** Takes it, if it has come and nobody has taken it. */
  void take() {
    Runnable what = work.getAndSet(null);
    if (what != null) {
      what.run();
    }
  }

  /** Takes back the promise to take it. */
  void leave() {
    awaited = false;
    if (work.get() != null) {
      starter.run();
    }
  }

  /** Takes the work away. Returns false if there is none, or somebody does it already. */
  boolean lose() {
    return work.getAndSet(null) != null;
  }
}
