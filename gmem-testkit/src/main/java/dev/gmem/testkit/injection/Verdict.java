package dev.gmem.testkit.injection;

import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmStatusException;
import dev.gmem.testkit.injection.Injection.Effect;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What is to happen to one call. Each of its two moments, before and after the call's work, is some
 * stalls and then perhaps an end.
 *
 * @param event the call
 * @param sentences what the injections say that it meets, in their order
 */
record Verdict(SpiEvent event, List<Sentence> sentences) {
  static final Verdict UNDISTURBED = new Verdict(null, List.of());

  /** What one injection says about its n-th call. */
  record Sentence(Injection injection, long occurrence) {
    boolean ends() {
      return switch (injection.effect()) {
        case Effect.Return ignored -> true;
        case Effect.Throw ignored -> true;
        case Effect.Die ignored -> true;
        case Effect.Hold ignored -> false;
        case Effect.Delay ignored -> false;
      };
    }

    boolean isAt(boolean after) {
      return injection.isAfter() == after;
    }

    String description() {
      String moment = injection.isAfter() ? " afterwards" : "";
      return switch (injection.effect()) {
        case Effect.Return returns -> "returns " + returns.status(occurrence) + moment;
        case Effect.Throw ignored -> (injection.isAtOnce() ? "throws at once" : "throws") + moment;
        case Effect.Die ignored -> "is lost" + moment;
        case Effect.Hold ignored -> "stalls" + moment;
        case Effect.Delay delay -> "stalls for " + delay.time() + moment;
      };
    }

    /** Stalls; or throws, or returns a status. */
    GmStatus carryOut() {
      switch (injection.effect()) {
        case Effect.Return returns -> {
          return returns.status(occurrence);
        }
        case Effect.Throw throwing -> throw unchecked(throwing.thrown().get());
        case Effect.Die ignored ->
            throw new GmStatusException(GmStatus.DEVICE_LOST, "injected", null);
        case Effect.Hold hold -> hold.stall().hold();
        case Effect.Delay delay -> sleep(delay.time().toNanos());
      }
      return null;
    }

    private static RuntimeException unchecked(Throwable thrown) {
      if (thrown instanceof Error error) {
        throw error;
      }
      return thrown instanceof RuntimeException exception
          ? exception
          : new IllegalStateException("an injection can throw what is unchecked only", thrown);
    }

    private static void sleep(long nanos) {
      long end = System.nanoTime() + nanos;
      for (long rest = nanos; rest > 0; rest = end - System.nanoTime()) {
        LockSupport.parkNanos(rest);
      }
    }
  }

  /** The sentences that are carried out: all stalls, and the first end of each moment. */
  List<Sentence> effective() {
    List<Sentence> effective = new ArrayList<>();
    boolean ended = false;
    for (boolean after : new boolean[] {false, true}) {
      if (!ended) {
        effective.addAll(stalls(after));
        Sentence end = end(after);
        if (end != null) {
          effective.add(end);
          ended = true;
        }
      }
    }
    return effective;
  }

  private List<Sentence> stalls(boolean after) {
    return sentences.stream().filter(s -> s.isAt(after) && !s.ends()).toList();
  }

  private Sentence end(boolean after) {
    return sentences.stream().filter(s -> s.isAt(after) && s.ends()).findFirst().orElse(null);
  }

  private boolean isAtOnce() {
    return sentences.stream().allMatch(s -> s.injection().isAtOnce());
  }

  /** Stalls, then throws, or returns a status, or returns null: the call goes on. */
  GmStatus carryOut(boolean after) {
    for (Sentence stall : stalls(after)) {
      stall.carryOut();
    }
    Sentence end = end(after);
    return end == null ? null : end.carryOut();
  }

  /** Makes a call that comes to a status. */
  GmStatus around(Supplier<GmStatus> call) {
    if (sentences.isEmpty()) {
      return call.get();
    }
    GmStatus before = carryOut(false);
    if (before != null) {
      return before;
    }
    GmStatus status = call.get();
    GmStatus after = carryOut(true);
    return after == null ? status : after;
  }

  /** Makes a call that comes to none. */
  <T> T aroundValue(Supplier<T> call) {
    carryOut(false);
    T value = call.get();
    carryOut(true);
    return value;
  }

  /** Makes a call that returns nothing. */
  void aroundVoid(Runnable call) {
    carryOut(false);
    call.run();
    carryOut(true);
  }

  /**
   * Makes an asynchronous call. What is injected happens on the caller's thread if it is to be at
   * once; otherwise by the result, and what stalls does so on a thread of its own.
   *
   * @param call the call
   * @param asResult what a status that is injected is as a result
   */
  <T> CompletionStage<T> aroundAsync(
      Supplier<CompletionStage<T>> call, Function<GmStatus, T> asResult) {
    if (sentences.isEmpty()) {
      return call.get();
    }
    if (isAtOnce()) {
      GmStatus before = carryOut(false);
      return before == null
          ? afterwards(call.get(), asResult)
          : CompletableFuture.completedFuture(asResult.apply(before));
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    moment(
        false,
        result,
        status -> {
          if (status == null) {
            finish(afterwards(call.get(), asResult), result);
          } else {
            result.complete(asResult.apply(status));
          }
        });
    return result;
  }

  private <T> CompletionStage<T> afterwards(
      CompletionStage<T> stage, Function<GmStatus, T> asResult) {
    if (stalls(true).isEmpty() && end(true) == null) {
      return stage;
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    BiConsumer<T, Throwable> ended =
        (value, thrown) ->
            moment(
                true,
                result,
                status -> {
                  if (status != null) {
                    result.complete(asResult.apply(status));
                  } else if (thrown != null) {
                    result.completeExceptionally(cause(thrown));
                  } else {
                    result.complete(value);
                  }
                });
    stage.whenComplete(ended);
    return result;
  }

  /** Carries a moment out, on another thread if it stalls; what it throws is the result. */
  private void moment(boolean after, CompletableFuture<?> result, Consumer<GmStatus> next) {
    Runnable work =
        () -> {
          try {
            next.accept(carryOut(after));
          } catch (Throwable t) {
            result.completeExceptionally(t);
          }
        };
    if (stalls(after).isEmpty()) {
      work.run();
    } else {
      // A virtual thread could find no carrier: they may all run threads that wait for this call.
      Thread.ofPlatform().daemon().name("injected-" + event.call()).start(work);
    }
  }

  private static <T> void finish(CompletionStage<T> stage, CompletableFuture<T> result) {
    stage.whenComplete(
        (value, thrown) -> {
          if (thrown == null) {
            result.complete(value);
          } else {
            result.completeExceptionally(cause(thrown));
          }
        });
  }

  private static Throwable cause(Throwable thrown) {
    return thrown instanceof CompletionException && thrown.getCause() != null
        ? thrown.getCause()
        : thrown;
  }
}
