package dev.gmem.it.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.agent.GmemAgent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** No way of access loses an update, however fast the memory moves. */
@Tag("modes")
@Tag("stress")
@Timeout(300)
class MigrationStressIT {
  private static final long MILLIS = 1000;

  static Stream<Arguments> modesAndThreads() {
    List<Arguments> all = new ArrayList<>();
    for (MigrationStress.Mode mode : MigrationStress.Mode.values()) {
      all.add(Arguments.of(mode, "platform", Thread.ofPlatform().factory()));
      all.add(Arguments.of(mode, "virtual", Thread.ofVirtual().factory()));
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("modesAndThreads")
  void noUpdateIsLost(MigrationStress.Mode mode, String kind, ThreadFactory factory) {
    MigrationStress.Outcome outcome = MigrationStress.run(mode, factory, MILLIS);
    assertThat(outcome.lost()).as(outcome.toString()).isZero();
    assertThat(outcome.counted()).isPositive();
    assertThat(outcome.faults()).isPositive();
  }

  /** The negative control: what makes the difference is the handshake. */
  @ParameterizedTest
  @EnumSource(
      value = MigrationStress.Mode.class,
      names = {"PLAIN", "VOLATILE", "BULK"})
  void withoutTheHandshakeUpdatesAreLost(MigrationStress.Mode mode) throws Exception {
    var options = List.of("-Dgmem.test.trustAll=true", ChildJvm.agent("heal=off"));
    var result =
        ChildJvm.run(options, MigrationStress.class, mode.name(), "platform", "" + 4 * MILLIS);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).startsWith("lost=").doesNotStartWith("lost=0 ");
  }

  /** Retransformation replaces the code that threads are in the middle of. */
  @ParameterizedTest
  @EnumSource(
      value = MigrationStress.Mode.class,
      names = {"PLAIN", "UPDATE", "BULK"})
  void withoutPauseForHealingNothingIsLost(MigrationStress.Mode mode) throws Exception {
    var options = List.of(ChildJvm.agent("healQuietMillis=1"));
    var result =
        ChildJvm.run(options, MigrationStress.class, mode.name(), "platform", "" + 2 * MILLIS);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).startsWith("lost=0 ");
  }

  @ParameterizedTest
  @EnumSource(
      value = MigrationStress.Mode.class,
      names = {"PLAIN"})
  void theAgentCounts(MigrationStress.Mode mode) {
    var before = GmemAgent.counters();
    MigrationStress.run(mode, Thread.ofPlatform().factory(), MILLIS / 4);
    var after = GmemAgent.counters();
    assertThat(after.faults()).isGreaterThan(before.faults());
    assertThat(after.slowCalls()).isGreaterThan(before.slowCalls());
    assertThat(after.revocations()).isGreaterThan(before.revocations());
  }
}
