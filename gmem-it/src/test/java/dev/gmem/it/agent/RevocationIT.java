package dev.gmem.it.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When a revocation has returned, no access that it revoked is made any more. */
@Tag("noagent")
class RevocationIT {
  /** Repeated, as it is the first revocation in a JVM that meets code that trusts the gate. */
  @RepeatedTest(4)
  void reachesCompiledLoopsThatAllocate() throws Exception {
    assertThat(run("-Dx=1")).isEqualTo("late=0\n");
  }

  @RepeatedTest(2)
  void reachesThemAgainAfterHealing() throws Exception {
    var options = List.of("-Xmn4m", "-XX:+UseSerialGC", ChildJvm.agent("healQuietMillis=1"));
    assertThat(ChildJvm.run(options, AllocatingLoop.class).out()).isEqualTo("late=0\n");
  }

  @Test
  void trustWouldNot() throws Exception {
    assertThat(run("-Dgmem.test.trustAll=true")).isNotEqualTo("late=0\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-Dx=1", "-Dgmem.test.fence=absent"})
  void reachesWhatAProcessorHasNotWrittenOutYet(String fence) throws Exception {
    assertThat(stalledStores(fence)).isEqualTo("late=0\n");
  }

  @Test
  void wouldNotWithoutTheFence() throws Exception {
    assertThat(stalledStores("-Dgmem.test.fence=void")).isEqualTo("late=1\n");
  }

  private static String stalledStores(String option) throws Exception {
    return ChildJvm.run(List.of(option, ChildJvm.agent("heal=off")), StalledStores.class).out();
  }

  @ParameterizedTest
  @ValueSource(strings = {"platform", "virtual"})
  void waitsForAThreadInTheMiddleOfAnAccess(String thread) throws Exception {
    var options = List.of("-Xint", ChildJvm.agent("heal=off"));
    assertThat(ChildJvm.run(options, LongAccess.class, thread).out()).isEqualTo("inside=false\n");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void trustsNobodyIfItCannotFindEverybody(boolean found) throws Exception {
    var options =
        List.of(
            "-Djdk.trackAllThreads=" + found,
            "--add-exports=java.base/jdk.internal.foreign=ALL-UNNAMED",
            ChildJvm.agent(""));
    assertThat(ChildJvm.run(options, ModeProbe.class).out()).isEqualTo("careful=" + !found + "\n");
  }

  private static String run(String option) throws Exception {
    var options = List.of("-Xmn4m", "-XX:+UseSerialGC", option, ChildJvm.agent("heal=off"));
    return ChildJvm.run(options, AllocatingLoop.class).out();
  }
}
