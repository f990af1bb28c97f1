package dev.gmem.core.testing;

import java.util.function.BooleanSupplier;

/**
 * Where the fakes let others run. They work in tests with real threads ({@link #FREE}), and under a
 * {@link Scheduler} that decides at each point who goes on.
 */
public interface Schedule {
  /** Ends a thread whose access has faulted as often as it may. */
  final class GivenUp extends RuntimeException {
    private static final long serialVersionUID = 1L;

    GivenUp() {
      super("an access was unlucky too often", null, false, false);
    }
  }

  /** No control: every call but {@link #await} does nothing. */
  Schedule FREE = new FreeSchedule();

  /**
   * Lets others go first, maybe. What the caller touches from here to its next point is one step.
   *
   * @param what what comes next, for people
   */
  void point(String what);

  /**
   * Waits until a condition holds that others bring about.
   *
   * @param what what is waited for, for people
   * @param ready the condition; reads only what the steps that change it write
   */
  void await(String what, BooleanSupplier ready);

  /**
   * Names something that threads share.
   *
   * @param key equal in every run
   * @return its number
   */
  int object(Object key);

  /**
   * The step reads something.
   *
   * @param object its number
   */
  void reads(int object);

  /**
   * The step writes something.
   *
   * @param object its number
   */
  void writes(int object);

  /**
   * Returns how often an access may fault before its thread gives up. Two threads may take a
   * granule from each other for ever; a search for all schedules must end.
   *
   * @return the bound; no bound for real threads, of which none is that unlucky
   */
  int faultsMax();

  /**
   * Tells whether the caller holds no monitor.
   *
   * @return true if it may call a device
   */
  boolean noneHeld();

  /**
   * Takes note of pins.
   *
   * @param more how many have come; negative if they have gone
   */
  default void pins(int more) {}
}
