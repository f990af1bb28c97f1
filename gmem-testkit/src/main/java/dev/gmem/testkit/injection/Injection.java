package dev.gmem.testkit.injection;

import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmStatusException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * A rule of fault injection: which calls of the SPI it disturbs, and how.
 *
 * <p>A call can be told to return a status, to throw, to stall, or to be the device's last; one
 * that only stalls goes on afterwards. Calls are counted from when the injection is given to an
 * {@link Injector}, for each injector. If several injections meet in one call, it stalls for all of
 * them, and then the first that ends it does.
 *
 * <p>Immutable; may be given to several devices.
 *
 * <pre>{@code
 * Injection.on(SpiCall.PEER_MAP).nth(3).returning(GmStatus.NOMEM)
 * Injection.on(SpiCall.PEER_UNMAP).within(range).stallingUntil(stall)
 * Injection.on(SpiCall.PEER_UNMAP).nth(2).dying()
 * Injection.on(SpiCall.LAUNCH).oneIn(10, seed).throwing(IllegalStateException::new)
 * Injection.anything(seed, 50)
 * }</pre>
 */
public final class Injection {
  /** What is done to a call. */
  sealed interface Effect {
    /** It returns at once: one of these, as its number decides. */
    record Return(List<GmStatus> statuses, long seed) implements Effect {
      GmStatus status(long occurrence) {
        return statuses.get((int) Long.remainderUnsigned(mix(seed, occurrence), statuses.size()));
      }
    }

    /** It throws. */
    record Throw(Supplier<? extends Throwable> thrown) implements Effect {}

    /** It waits. */
    record Hold(Stall stall) implements Effect {}

    /** It takes longer. */
    record Delay(Duration time) implements Effect {}

    /** Its device is lost. */
    record Die() implements Effect {}
  }

  /** Says which calls an injection disturbs. By default, all calls of the kind. Immutable. */
  public static final class Trigger {
    private final Set<SpiCall> calls;
    private final Predicate<SpiEvent> filter;
    private final LongPredicate occurrences;
    private final long seed;
    private final boolean after;
    private final boolean atOnce;

    private Trigger(
        Set<SpiCall> calls,
        Predicate<SpiEvent> filter,
        LongPredicate occurrences,
        long seed,
        boolean after,
        boolean atOnce) {
      this.calls = calls;
      this.filter = filter;
      this.occurrences = occurrences;
      this.seed = seed;
      this.after = after;
      this.atOnce = atOnce;
    }

    /**
     * Considers some calls only; others are not counted.
     *
     * @param which which calls
     * @return a narrower trigger
     */
    public Trigger when(Predicate<SpiEvent> which) {
      return new Trigger(calls, filter.and(which), occurrences, seed, after, atOnce);
    }

    /**
     * Considers calls only that concern some of a range; others are not counted.
     *
     * @param range the range
     * @return a narrower trigger
     */
    public Trigger within(GmRange range) {
      return when(event -> event.overlaps(range.address(), range.end()));
    }

    /**
     * Disturbs one call.
     *
     * @param occurrence which one, from 1
     * @return a narrower trigger
     * @throws IllegalArgumentException if it is below 1
     */
    public Trigger nth(long occurrence) {
      return between(occurrence, occurrence);
    }

    /**
     * Disturbs consecutive calls.
     *
     * @param first the first one, from 1
     * @param last the last one
     * @return a narrower trigger
     * @throws IllegalArgumentException if the first is below 1 or above the last
     */
    public Trigger between(long first, long last) {
      if (first < 1 || first > last) {
        throw new IllegalArgumentException(
            "occurrences count from 1, in order: first=" + first + " last=" + last);
      }
      return that(occurrence -> occurrence >= first && occurrence <= last, seed);
    }

    /**
     * Disturbs calls at random. Whether the n-th is disturbed depends on the seed and on n, and on
     * nothing else.
     *
     * @param calls one in how many, at least 1
     * @param seed where chance begins
     * @return a narrower trigger
     * @throws IllegalArgumentException if the number is below 1
     */
    public Trigger oneIn(int calls, long seed) {
      if (calls < 1) {
        throw new IllegalArgumentException("one in so many calls, at least 1: calls=" + calls);
      }
      return that(n -> Long.remainderUnsigned(mix(seed, n), calls) == 0, seed ^ calls);
    }

    private Trigger that(LongPredicate which, long chance) {
      return new Trigger(calls, filter, occurrences.and(which), chance, after, atOnce);
    }

    /**
     * Disturbs calls once they have done their work, instead of before they begin. Those that stall
     * then have moved their bytes, and say so late. Those that are told to fail have changed what
     * they say they have not; a launch may, for all others it is a lie.
     *
     * @return another trigger
     */
    public Trigger afterwards() {
      return new Trigger(calls, filter, occurrences, seed, true, atOnce);
    }

    /**
     * Disturbs asynchronous calls on the caller's thread: it is held, and what is thrown comes out
     * of the call. Otherwise the call returns at once, and its result is late, or fails.
     *
     * @return another trigger
     */
    public Trigger atOnce() {
      return new Trigger(calls, filter, occurrences, seed, after, true);
    }

    /**
     * Makes the calls come to a status.
     *
     * @param status what they come to; {@link GmStatus#SUCCESS} without having done anything is a
     *     lie, for tests of tests
     * @param others further ones: each call takes one, as its number and the seed decide
     * @return the injection
     * @throws IllegalArgumentException if one of the calls comes to no status
     */
    public Injection returning(GmStatus status, GmStatus... others) {
      for (SpiCall call : calls) {
        if (!call.hasStatus()) {
          throw new IllegalArgumentException(
              "the call comes to no status; it can throw or stall: call=" + call);
        }
      }
      List<GmStatus> statuses = new ArrayList<>();
      statuses.add(Objects.requireNonNull(status, "status"));
      statuses.addAll(List.of(others));
      return new Injection(this, new Effect.Return(List.copyOf(statuses), ~seed));
    }

    /**
     * Makes the calls throw. What {@link dev.gmem.spi.GmStatusException} names counts as their
     * status.
     *
     * @param thrown makes what they throw: a {@link RuntimeException} or an {@link Error}
     * @return the injection
     */
    public Injection throwing(Supplier<? extends Throwable> thrown) {
      return new Injection(this, new Effect.Throw(Objects.requireNonNull(thrown, "thrown")));
    }

    /**
     * Makes the device die in the first of these calls: that and all that come after it come to
     * {@link GmStatus#DEVICE_LOST}, but those that let the device go.
     *
     * @return the injection
     */
    public Injection dying() {
      return new Injection(this, new Effect.Die());
    }

    /**
     * Makes the calls wait until the test lets them go.
     *
     * @param stall holds them
     * @return the injection
     */
    public Injection stallingUntil(Stall stall) {
      return new Injection(this, new Effect.Hold(Objects.requireNonNull(stall, "stall")));
    }

    /**
     * Makes the calls take longer.
     *
     * @param time how much longer
     * @return the injection
     */
    public Injection stalling(Duration time) {
      return new Injection(this, new Effect.Delay(Objects.requireNonNull(time, "time")));
    }
  }

  /** What the random rules throw, so that tests can tell it from what the device itself throws. */
  public static final class Injected extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Makes one. */
    public Injected() {
      super("injected");
    }
  }

  private final Trigger trigger;
  private final Effect effect;

  private Injection(Trigger trigger, Effect effect) {
    this.trigger = trigger;
    this.effect = effect;
  }

  /**
   * Begins an injection.
   *
   * @param call a kind of call to disturb
   * @param others further ones, counted together with it
   * @return all calls of these kinds
   */
  public static Trigger on(SpiCall call, SpiCall... others) {
    return new Trigger(EnumSet.of(call, others), event -> true, n -> true, 0, false, false);
  }

  /**
   * Makes the rules of a device that fails at random, in any way that the SPI allows: by a status,
   * by throwing, by the result of an asynchronous call. Nothing stalls. What a device must do,
   * detaching and closing, it does.
   *
   * @param seed where chance begins
   * @param calls each rule disturbs one call in so many
   * @return the rules
   */
  public static Injection[] anything(long seed, int calls) {
    return new Injection[] {
      on(SpiCall.PEER_MAP)
          .oneIn(calls, seed + 1)
          .returning(
              GmStatus.NOMEM, GmStatus.DMA_ERROR, GmStatus.MIGRATING, GmStatus.FAILURE_UNKNOWN),
      on(SpiCall.PEER_UNMAP)
          .oneIn(calls, seed + 2)
          .returning(GmStatus.DMA_ERROR, GmStatus.MIGRATING, GmStatus.FAILURE_UNKNOWN),
      on(SpiCall.PEER_PROTECT)
          .oneIn(calls, seed + 3)
          .returning(GmStatus.UNIMPLEMENTED, GmStatus.MIGRATING, GmStatus.FAILURE_UNKNOWN),
      on(SpiCall.COPY)
          .oneIn(calls, seed + 4)
          .returning(GmStatus.UNIMPLEMENTED, GmStatus.DMA_ERROR, GmStatus.MIGRATING),
      on(SpiCall.PEER_VA_ALLOC)
          .oneIn(calls, seed + 5)
          .returning(GmStatus.PAGE_EXIST, GmStatus.NOMEM, GmStatus.FAILURE_UNKNOWN),
      on(SpiCall.PEER_MAP, SpiCall.PEER_UNMAP).oneIn(calls, seed + 6).throwing(Injected::new),
      on(SpiCall.PEER_MAP, SpiCall.PEER_UNMAP)
          .oneIn(calls, seed + 7)
          .atOnce()
          .throwing(() -> new GmStatusException(GmStatus.DMA_ERROR, "injected", new Injected())),
      on(SpiCall.COMPILE, SpiCall.LAUNCH, SpiCall.DEV_FAULT)
          .oneIn(calls, seed + 8)
          .throwing(Injected::new),
      on(SpiCall.LAUNCH).oneIn(calls, seed + 9).atOnce().throwing(Injected::new),
      on(SpiCall.PEER_MOVE)
          .oneIn(calls, seed + 10)
          .returning(GmStatus.UNIMPLEMENTED, GmStatus.NOMEM, GmStatus.DMA_ERROR, GmStatus.MIGRATING)
    };
  }

  /** Tells whether a call is one to count. */
  boolean considers(SpiEvent event) {
    return trigger.calls.contains(event.call()) && trigger.filter.test(event);
  }

  /** Tells whether the call of this number, from 1, is disturbed. */
  boolean disturbs(long occurrence) {
    return trigger.occurrences.test(occurrence);
  }

  Effect effect() {
    return effect;
  }

  /** Tells whether it comes once the call has done its work. */
  boolean isAfter() {
    return trigger.after;
  }

  /** Tells whether it happens on the caller's thread. */
  boolean isAtOnce() {
    return trigger.atOnce;
  }

  /** A number for each occurrence: the finalizer of SplitMix64 (Steele, Lea, Flood 2014). */
  private static long mix(long seed, long occurrence) {
    long z = seed + occurrence * 0x9E37_79B9_7F4A_7C15L;
    z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
    z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
    return z ^ z >>> 31;
  }
}
