package dev.gmem.sim;

import dev.gmem.spi.GmStatus;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A mapping, move or unmapping in steps, so that it can run on the caller's thread or on others.
 *
 * <pre>
 *   begin ── not SUCCESS ─▶ end: nothing was changed
 *     └ move ── throws ─▶ undo ─▶ end: nothing was changed
 *         └ wait for the link ─▶ commit ─▶ SUCCESS
 * </pre>
 *
 * <p>One transfer is used once, by one thread at a time.
 */
abstract class Transfer {
  /** Checks, takes what it needs, and occupies the link. */
  abstract GmStatus begin();

  /** Returns when the link has delivered, as of {@link System#nanoTime}. */
  abstract long arrivalNanos();

  /** Copies the bytes. */
  abstract void move();

  /** Makes the change visible. */
  abstract void commit();

  /** Gives back what {@link #begin} took. */
  abstract void undo();

  /** Does all of it and returns the status. */
  final GmStatus run() {
    GmStatus status = begin();
    if (status == GmStatus.SUCCESS) {
      moveOrUndo();
      SimLink.await(arrivalNanos());
      commit();
    }
    return status;
  }

  /** Begins on this thread; does the rest on others if there is something to wait for. */
  final void start(ScheduledExecutorService threads, CompletableFuture<GmStatus> result) {
    GmStatus status = begin();
    if (status != GmStatus.SUCCESS) {
      result.complete(status);
    } else if (arrivalNanos() - System.nanoTime() <= 0) {
      moveOrUndo();
      commit();
      result.complete(GmStatus.SUCCESS);
    } else {
      orUndo(() -> threads.execute(() -> finish(threads, result)));
    }
  }

  private void finish(ScheduledExecutorService threads, CompletableFuture<GmStatus> result) {
    try {
      moveOrUndo();
    } catch (Throwable t) {
      result.completeExceptionally(t);
      return;
    }
    Supplier<GmStatus> rest =
        () -> {
          SimLink.await(arrivalNanos());
          commit();
          return GmStatus.SUCCESS;
        };
    try {
      orUndo(
          () ->
              threads.schedule(
                  () -> complete(result, rest),
                  SimLink.sleepNanos(arrivalNanos()),
                  TimeUnit.NANOSECONDS));
    } catch (Throwable t) {
      result.completeExceptionally(t);
    }
  }

  private void moveOrUndo() {
    orUndo(this::move);
  }

  /** Takes a step; if it cannot be taken, which includes that no thread takes it, all is undone. */
  private void orUndo(Runnable step) {
    try {
      step.run();
    } catch (Throwable t) {
      undo();
      throw t;
    }
  }

  /** Completes a result with what a supplier returns or throws. */
  static void complete(CompletableFuture<GmStatus> result, Supplier<GmStatus> supplier) {
    try {
      result.complete(supplier.get());
    } catch (Throwable t) {
      result.completeExceptionally(t);
    }
  }
}
