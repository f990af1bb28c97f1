package dev.gmem.core.engine;

import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmStatusException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * What a call of a device came to. Whatever it throws is an answer, errors included: a claim must
 * not be left behind because a device, or the JVM in its code, ran out of something.
 *
 * @param status never null
 * @param cause what was thrown, or null
 */
public record Answer(GmStatus status, Throwable cause) {
  static final Answer SUCCESS = new Answer(GmStatus.SUCCESS, null);

  /** The answer of a device that is not asked any more. */
  static final Answer LOST = new Answer(GmStatus.DEVICE_LOST, null);

  /**
   * Makes a call.
   *
   * @param call the call
   * @return its answer
   */
  public static Answer to(Supplier<GmStatus> call) {
    try {
      return of(call.get());
    } catch (Throwable e) {
      return thrown(e);
    }
  }

  /** Waits for the end of a call; null is the answer of a device that does not say. */
  static Answer end(CompletionStage<GmStatus> stage) {
    if (stage == null) {
      return of(null);
    }
    try {
      return of(stage.toCompletableFuture().join());
    } catch (CompletionException e) {
      return thrown(e.getCause() == null ? e : e.getCause());
    } catch (Throwable e) {
      return thrown(e);
    }
  }

  private static Answer of(GmStatus status) {
    return new Answer(status == null ? GmStatus.FAILURE_UNKNOWN : status, null);
  }

  /** The answer of a call that throws. */
  static Answer thrown(Throwable thrown) {
    boolean says = thrown instanceof GmStatusException known && known.status() != GmStatus.SUCCESS;
    return new Answer(
        says ? ((GmStatusException) thrown).status() : GmStatus.FAILURE_UNKNOWN, thrown);
  }

  /**
   * Tells whether the call did what it was asked for.
   *
   * @return true if so
   */
  public boolean isSuccess() {
    return status == GmStatus.SUCCESS;
  }
}
