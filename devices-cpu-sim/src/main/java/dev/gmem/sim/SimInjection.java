package dev.gmem.sim;

import dev.gmem.spi.GmStatus;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * A fault to inject: which calls of the SPI it disturbs, and how.
 *
 * <p>It happens before the call does anything. A call can be told to return a status, to throw, or
 * to stall; one that only stalls goes on afterwards. Calls are counted from when the injection is
 * given to a device, per device.
 *
 * <p>Immutable; may be given to several devices.
 *
 * <pre>{@code
 * Sim.builder("sim0")
 *     .inject(SimInjection.on(SimCall.PEER_MAP).nth(3).returning(GmStatus.NOMEM))
 *     .inject(SimInjection.on(SimCall.PEER_UNMAP).stallingUntil(latch))
 *     .build();
 * }</pre>
 */
public final class SimInjection {
  /** What is done to a call. */
  sealed interface Effect {
    /** The call returns at once. */
    record Return(GmStatus status) implements Effect {}

    /** The call throws. */
    record Throw(Supplier<? extends RuntimeException> exception) implements Effect {}

    /** The call waits before it begins. */
    record Stall(Duration time, CountDownLatch released) implements Effect {}
  }

  /** Says which calls an injection disturbs. By default, all calls of the kind. */
  public static final class Trigger {
    private final SimCall call;
    private final Predicate<SimEvent> filter;
    private final long first;
    private final long last;

    private Trigger(SimCall call, Predicate<SimEvent> filter, long first, long last) {
      this.call = call;
      this.filter = filter;
      this.first = first;
      this.last = last;
    }

    /**
     * Considers some calls only; others are not counted.
     *
     * @param which which calls
     * @return a narrower trigger
     */
    public Trigger when(Predicate<SimEvent> which) {
      return new Trigger(call, filter.and(which), first, last);
    }

    /**
     * Disturbs one call.
     *
     * @param occurrence which one, from 1
     * @return a narrower trigger
     */
    public Trigger nth(long occurrence) {
      return between(occurrence, occurrence);
    }

    /**
     * Disturbs consecutive calls.
     *
     * @param firstOccurrence the first one, from 1
     * @param lastOccurrence the last one
     * @return a narrower trigger
     * @throws IllegalArgumentException if the first is below 1 or above the last
     */
    public Trigger between(long firstOccurrence, long lastOccurrence) {
      if (firstOccurrence < 1 || firstOccurrence > lastOccurrence) {
        throw new IllegalArgumentException(
            "occurrences count from 1, in order: first="
                + firstOccurrence
                + " last="
                + lastOccurrence);
      }
      return new Trigger(call, filter, firstOccurrence, lastOccurrence);
    }

    /**
     * Makes the calls return a status.
     *
     * @param status what they return
     * @return the injection
     * @throws IllegalArgumentException if the call returns none
     */
    public SimInjection returning(GmStatus status) {
      if (!call.hasStatus()) {
        throw new IllegalArgumentException(call + " returns no status; it can throw or stall");
      }
      return new SimInjection(this, new Effect.Return(Objects.requireNonNull(status, "status")));
    }

    /**
     * Makes the calls throw. A launch fails with the exception.
     *
     * @param exception makes what they throw
     * @return the injection
     */
    public SimInjection throwing(Supplier<? extends RuntimeException> exception) {
      return new SimInjection(this, new Effect.Throw(exception));
    }

    /**
     * Makes the calls take longer. Asynchronous forms and launches return at once nevertheless.
     *
     * @param time how much longer
     * @return the injection
     */
    public SimInjection stalling(Duration time) {
      return new SimInjection(this, new Effect.Stall(time, new CountDownLatch(1)));
    }

    /**
     * Makes the calls wait. Asynchronous forms and launches return at once nevertheless.
     *
     * @param released lets them go on when it reaches zero
     * @return the injection
     */
    public SimInjection stallingUntil(CountDownLatch released) {
      return new SimInjection(this, new Effect.Stall(null, released));
    }
  }

  private final Trigger trigger;
  private final Effect effect;

  private SimInjection(Trigger trigger, Effect effect) {
    this.trigger = trigger;
    this.effect = effect;
  }

  /**
   * Begins an injection.
   *
   * @param call the kind of call to disturb
   * @return all calls of that kind
   */
  public static Trigger on(SimCall call) {
    return new Trigger(call, event -> true, 1, Long.MAX_VALUE);
  }

  /** Tells whether a call is one to count. */
  boolean considers(SimEvent event) {
    return event.call() == trigger.call && trigger.filter.test(event);
  }

  /** Tells whether the call of this number, from 1, is disturbed. */
  boolean disturbs(long occurrence) {
    return occurrence >= trigger.first && occurrence <= trigger.last;
  }

  Effect effect() {
    return effect;
  }
}
