package dev.gmem.opencl;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * The result of a batch. Whoever joins it waits for the device itself, on a platform thread: that
 * is one switch of threads less than to be woken by the lane's waiter. A virtual thread would keep
 * its carrier, and is woken.
 *
 * @param <T> what it completes with
 */
final class Pending<T> extends CompletableFuture<T> {
  private volatile Lane lane;
  private volatile Batch batch;

  /** Says what it waits for. */
  void on(Lane where, Batch what) {
    batch = what;
    lane = where;
  }

  private void help() {
    Lane where = lane;
    if (where != null && !isDone() && !Thread.currentThread().isVirtual()) {
      where.help(batch);
    }
  }

  @Override
  public T join() {
    help();
    return super.join();
  }

  @Override
  public T get() throws InterruptedException, ExecutionException {
    help();
    return super.get();
  }
}
