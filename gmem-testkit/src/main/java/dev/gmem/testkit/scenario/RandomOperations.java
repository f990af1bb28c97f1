package dev.gmem.testkit.scenario;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.injection.Injection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/**
 * Random programs on memory that the CPU and two devices of a kind share, compared with an array:
 * accesses, launches, prefetches, advice, copies, allocations that go, move or lose a part, files,
 * and devices that come, go, and are lost. At the end of each program nothing is left on a device,
 * allocated, or committed on the host.
 *
 * <p>Each of its tests does so once with devices that work, and once with devices whose calls fail,
 * stall, or say that they are busy, at random. Then whatever fails must say so, and leave memory as
 * its contract says.
 *
 * <p>An implementer of a device extends this class as {@link HmmScenarios}, and runs it in a JVM
 * with the agent. A program that fails is shortened, and told.
 *
 * <table>
 *   <caption>System properties</caption>
 *   <tr><td>{@code gmem.model.seed}</td><td>seed of the first program; it is reported</td></tr>
 *   <tr><td>{@code gmem.model.seeds}</td><td>how many programs, each from the next seed; by default
 *       as many as make {@code gmem.model.steps}</td></tr>
 *   <tr><td>{@code gmem.model.steps}</td>
 *       <td>how many steps in all; by default {@link #steps}</td></tr>
 *   <tr><td>{@code gmem.model.program.steps}</td><td>steps of one program, which has an address
 *       space of its own; 200 by default</td></tr>
 * </table>
 */
public abstract class RandomOperations {
  private static final int PROGRAM_STEPS = Integer.getInteger("gmem.model.program.steps", 200);

  private static final long SEED = Long.getLong("gmem.model.seed", System.nanoTime());
  private static final Duration PROGRAM_TIMEOUT =
      Duration.ofMinutes(2).plusMillis(20L * PROGRAM_STEPS);
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
    programs(reporter, seed -> Disturbance.none());
  }

  @Test
  void memoryIsAnArrayThoughCallsFail(TestReporter reporter) {
    long failures = programs(reporter, seed -> Disturbance.from(seed));
    assertTrue(failures > 0, "nothing has failed");
  }

  /** Runs programs; returns how many of their operations have failed. */
  private long programs(TestReporter reporter, LongFunction<Disturbance> disturbances) {
    reporter.publishEntry("gmem.model.seed", Long.toString(SEED));
    long steps = Long.getLong("gmem.model.steps", steps());
    long seeds = Long.getLong("gmem.model.seeds", Math.ceilDiv(steps, PROGRAM_STEPS));
    long launches = 0;
    long hostFaults = 0;
    long failures = 0;
    boolean moves = false;
    for (long seed = SEED; seed < SEED + seeds; seed++) {
      RandomProgram program = check(fixture(), seed, disturbances);
      launches += program.launches();
      hostFaults += program.hostFaults();
      failures += program.failures();
      moves |= program.moves();
    }
    long made = seeds * PROGRAM_STEPS;
    reporter.publishEntry(
        Map.of(
            "programs", Long.toString(seeds),
            "steps", Long.toString(made),
            "launches", Long.toString(launches),
            "hostFaults", Long.toString(hostFaults),
            "failures", Long.toString(failures)));
    assertTrue(launches > made / 20, "too few launches to mean anything: " + launches);
    assertTrue(!moves || hostFaults > made / 100, "the CPU hardly ever faulted: " + hostFaults);
    return failures;
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
    check(fixture, seed, ignored -> Disturbance.none());
  }

  /**
   * As above; calls fail, and devices do as they should not.
   *
   * @param fixture the device
   * @param seed what the program, and which calls fail, follow from
   * @param lies what no device may do, in force besides
   * @throws AssertionError as above
   */
  protected static void checkProgramThoughCallsFail(
      DeviceFixture fixture, long seed, Injection... lies) {
    check(fixture, seed, chance -> Disturbance.from(chance, lies));
  }

  private static RandomProgram check(
      DeviceFixture fixture, long seed, LongFunction<Disturbance> disturbances) {
    List<Operation> operations = Operation.program(seed, PROGRAM_STEPS);
    Supplier<RandomProgram> programs = () -> new RandomProgram(fixture, disturbances.apply(seed));
    RandomProgram program = programs.get();
    String seedText = "gmem.model.seed=" + seed;
    try {
      assertTimeoutPreemptively(PROGRAM_TIMEOUT, () -> program.run(operations), seedText);
      return program;
    } catch (Throwable failure) {
      throw new AssertionError(seedText + ": " + told(programs, operations, failure), failure);
    }
  }

  private static String told(
      Supplier<RandomProgram> programs, List<Operation> operations, Throwable failure) {
    if (failure.toString().contains("timed out")) {
      return "a program did not end";
    }
    List<Operation> shortest =
        new Shrinker(SHRINKING_ATTEMPTS).shrink(operations, shorter -> fails(programs, shorter));
    return shortest.stream()
        .map(Operation::toString)
        .collect(
            Collectors.joining("\n  ", failure.getMessage() + "\nshortest program:\n  ", "\n"));
  }

  /** Any failure counts; one that is not repeated leaves the program as long as it was. */
  private static boolean fails(Supplier<RandomProgram> programs, List<Operation> operations) {
    try {
      assertTimeoutPreemptively(PROGRAM_TIMEOUT, () -> programs.get().run(operations));
      return false;
    } catch (Throwable failure) {
      return true;
    }
  }
}
