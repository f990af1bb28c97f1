package dev.gmem.sim;

import dev.gmem.spi.GmStatus;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Counts a device's calls and says which of them are disturbed. Threads: any. */
final class Injector {
  /** What is to happen to one call: some stalls, then perhaps an end. */
  record Verdict(List<SimInjection.Effect.Stall> stalls, SimInjection.Effect end) {
    private static final Verdict UNDISTURBED = new Verdict(List.of(), null);

    boolean isStalled() {
      return !stalls.isEmpty();
    }

    /** Stalls, then throws, or returns a status, or returns null: the call goes on. */
    GmStatus apply() {
      for (SimInjection.Effect.Stall stall : stalls) {
        await(stall);
      }
      return switch (end) {
        case SimInjection.Effect.Return returns -> returns.status();
        case SimInjection.Effect.Throw throwing -> throw throwing.exception().get();
        case null, default -> null;
      };
    }

    private static void await(SimInjection.Effect.Stall stall) {
      try {
        CountDownLatch released = stall.released();
        if (stall.time() == null) {
          released.await();
        } else {
          released.await(stall.time().toNanos(), TimeUnit.NANOSECONDS);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while an injection stalled the call", e);
      }
    }
  }

  private record Armed(SimInjection injection, AtomicLong occurrences) {}

  private final CopyOnWriteArrayList<Armed> armed = new CopyOnWriteArrayList<>();

  void add(SimInjection injection) {
    armed.add(new Armed(injection, new AtomicLong()));
  }

  void clear() {
    armed.clear();
  }

  /** Counts a call and decides about it. */
  Verdict judge(SimCall call, long address, long bytes) {
    if (armed.isEmpty()) {
      return Verdict.UNDISTURBED;
    }
    SimEvent event = new SimEvent(call, address, bytes);
    List<SimInjection.Effect> effects =
        armed.stream()
            .filter(a -> a.injection().considers(event))
            .filter(a -> a.injection().disturbs(a.occurrences().incrementAndGet()))
            .map(a -> a.injection().effect())
            .toList();
    return new Verdict(
        effects.stream()
            .filter(SimInjection.Effect.Stall.class::isInstance)
            .map(SimInjection.Effect.Stall.class::cast)
            .toList(),
        effects.stream()
            .filter(effect -> !(effect instanceof SimInjection.Effect.Stall))
            .findFirst()
            .orElse(null));
  }

  /** Counts a call that returns no status, and stalls it or throws. */
  void check(SimCall call) {
    judge(call, 0, 0).apply();
  }
}
