package dev.gmem.testkit.scenario;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.testkit.DeviceFixture;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/**
 * Random programs on memory that the CPU and two devices of a kind share, compared with an array:
 * accesses, launches, prefetches, advice, copies, allocations that go, move or lose a part, files,
 * and devices that come and go. At the end of each program nothing is left on a device, allocated,
 * or committed on the host.
 *
 * <p>An implementer of a device extends this class as {@link HmmScenarios}, and runs it in a JVM
 * with the agent. It makes {@link #steps} steps, or {@code -Dgmem.model.steps=1000000}. The seed is
 * reported, and {@code -Dgmem.model.seed} sets it. A program that fails is shortened, and told.
 */
public abstract class RandomOperations {
  /** Steps of one program, which has an address space of its own. */
  private static final int PROGRAM_STEPS = 200;

  private static final long SEED = Long.getLong("gmem.model.seed", System.nanoTime());
  private static final Duration PROGRAM_TIMEOUT = Duration.ofMinutes(2);
  private static final int SHRINKING_ATTEMPTS = 300;

  /** For subclasses. */
  protected RandomOperations() {}

  /**
   * Says which device to test.
   *
   * @return the fixture; the same one each time, or equivalent ones. It is good if the device has
   *     room for 12 granules of 4 KiB, and not for 48
   */
  protected abstract DeviceFixture fixture();

  /**
   * Says how many steps to make in every build.
   *
   * @return 4000, some seconds for a device that is attached quickly
   */
  protected long steps() {
    return 4000;
  }

  @Test
  void memoryIsAnArrayWhoeverReachesIt(TestReporter reporter) {
    reporter.publishEntry("gmem.model.seed", Long.toString(SEED));
    long steps = Long.getLong("gmem.model.steps", steps());
    long launches = 0;
    long hostFaults = 0;
    boolean moves = false;
    for (long done = 0; done < steps; done += PROGRAM_STEPS) {
      RandomProgram program = check(fixture(), SEED + done / PROGRAM_STEPS);
      launches += program.launches();
      hostFaults += program.hostFaults();
      moves |= program.moves();
    }
    assertTrue(launches > steps / 20, "too few launches to mean anything: " + launches);
    assertTrue(!moves || hostFaults > steps / 100, "the CPU hardly ever faulted: " + hostFaults);
  }

  /**
   * Makes the steps of one program, for a test that random programs find a flaw.
   *
   * @param fixture the device
   * @param seed what the program follows from
   * @throws AssertionError if memory is not as an array: the seed, and the shortest program that
   *     fails
   */
  protected static void checkProgram(DeviceFixture fixture, long seed) {
    check(fixture, seed);
  }

  private static RandomProgram check(DeviceFixture fixture, long seed) {
    List<Operation> operations = Operation.program(seed, PROGRAM_STEPS);
    RandomProgram program = new RandomProgram(fixture);
    String seedText = "gmem.model.seed=" + seed;
    try {
      assertTimeoutPreemptively(PROGRAM_TIMEOUT, () -> program.run(operations), seedText);
      return program;
    } catch (Throwable failure) {
      throw new AssertionError(seedText + ": " + told(fixture, operations, failure), failure);
    }
  }

  private static String told(DeviceFixture fixture, List<Operation> operations, Throwable failure) {
    if (failure.toString().contains("timed out")) {
      return "a program did not end";
    }
    List<Operation> shortest =
        new Shrinker(SHRINKING_ATTEMPTS).shrink(operations, shorter -> fails(fixture, shorter));
    return shortest.stream()
        .map(Operation::toString)
        .collect(
            Collectors.joining("\n  ", failure.getMessage() + "\nshortest program:\n  ", "\n"));
  }

  /** Any failure counts; one that is not repeated leaves the program as long as it was. */
  private static boolean fails(DeviceFixture fixture, List<Operation> operations) {
    try {
      assertTimeoutPreemptively(PROGRAM_TIMEOUT, () -> new RandomProgram(fixture).run(operations));
      return false;
    } catch (Throwable failure) {
      return true;
    }
  }
}
