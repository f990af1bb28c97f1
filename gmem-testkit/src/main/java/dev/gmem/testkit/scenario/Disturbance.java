package dev.gmem.testkit.scenario;

import dev.gmem.DeviceException;
import dev.gmem.GmemException;
import dev.gmem.IllegalDeviceAccessException;
import dev.gmem.KernelCompilationException;
import dev.gmem.KernelLaunchException;
import dev.gmem.PoisonedMemoryException;
import dev.gmem.spi.GmDevice;
import dev.gmem.testkit.injection.InjectedDevice;
import dev.gmem.testkit.injection.Injection;
import dev.gmem.testkit.injection.Injector;
import dev.gmem.testkit.injection.SpiCall;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What goes wrong in a random program: calls of its devices fail, say that they are busy, or take
 * longer, at random from a seed. Tells failures that follow from that from those that do not.
 *
 * <p>Threads: one at a time, but for the devices.
 */
final class Disturbance {
  private static final int ONE_IN = 40;
  private static final Duration STALL = Duration.ofNanos(200_000);
  private static final int TRIES = 4;

  /** What is done may throw what files throw. */
  interface Work<E extends Exception> {
    void run() throws E;
  }

  private final boolean disturbs;
  private final long seed;
  private final Injection[] more;
  private final List<Injector> injectors = new ArrayList<>();
  private boolean calm;
  private long failures;

  private Disturbance(boolean disturbs, long seed, Injection... more) {
    this.disturbs = disturbs;
    this.seed = seed;
    this.more = more;
  }

  /** Nothing goes wrong. */
  static Disturbance none() {
    return new Disturbance(false, 0);
  }

  /** Calls go wrong at random, and as others say. */
  static Disturbance from(long seed, Injection... more) {
    return new Disturbance(true, seed, more);
  }

  /** Tells whether anything may go wrong. */
  boolean disturbs() {
    return disturbs;
  }

  /** How many operations have failed. */
  long failures() {
    return failures;
  }

  /** How many calls have been disturbed so far. */
  long disturbed() {
    return injectors.stream().mapToLong(i -> i.log().size()).sum();
  }

  /** Wraps a device, so that its calls are disturbed from now on. */
  InjectedDevice around(GmDevice device, String id) {
    InjectedDevice wrapper = InjectedDevice.of(device, id);
    if (disturbs) {
      long chance = seed + 1000L * injectors.size();
      wrapper.inject(Injection.anything(chance, ONE_IN));
      wrapper.inject(
          Injection.on(SpiCall.PEER_MAP, SpiCall.PEER_UNMAP, SpiCall.COPY, SpiCall.LAUNCH)
              .oneIn(ONE_IN, chance + 100)
              .stalling(STALL));
      wrapper.inject(more);
      if (calm) {
        wrapper.injector().pause();
      }
      injectors.add(wrapper.injector());
    }
    return wrapper;
  }

  /**
   * Does something that may fail.
   *
   * @return false if it has failed, as it may
   */
  <E extends Exception> boolean attempt(Work<E> work) throws E {
    return attempt(disturbed(), work);
  }

  /**
   * Does something that may fail.
   *
   * @param before {@link #disturbed} when it began
   * @return false if it has failed, as it may
   */
  <E extends Exception> boolean attempt(long before, Work<E> work) throws E {
    try {
      work.run();
      return true;
    } catch (GmemException | Injection.Injected failure) {
      if (!mayBe(failure) || disturbed() == before) {
        throw failure;
      }
      failures++;
      return false;
    }
  }

  /**
   * Does something that changes nothing when it fails, or no more than when it is done twice, until
   * it has succeeded. In the end nothing is disturbed, so it must.
   */
  <E extends Exception> void insist(Work<E> work) throws E {
    for (int tries = 1; tries < TRIES; tries++) {
      if (attempt(work)) {
        return;
      }
    }
    calmly(work);
  }

  /** Does something that must not fail, undisturbed. */
  <E extends Exception> void calmly(Work<E> work) throws E {
    boolean outer = !calm;
    calm = true;
    injectors.forEach(Injector::pause);
    try {
      work.run();
    } finally {
      if (outer) {
        calm = false;
        injectors.forEach(Injector::resume);
      }
    }
  }

  /** A call that fails is told by the exception that says so, and no other. */
  private static boolean mayBe(RuntimeException failure) {
    return switch (failure) {
      case PoisonedMemoryException ignored -> false;
      case IllegalDeviceAccessException ignored -> false;
      case DeviceException ignored -> true;
      case KernelLaunchException ignored -> true;
      case KernelCompilationException ignored -> true;
      case Injection.Injected ignored -> true; // from a compiler
      default -> false;
    };
  }
}
