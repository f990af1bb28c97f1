package dev.gmem.it.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

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

  private static String run(String option) throws Exception {
    var options = List.of("-Xmn4m", "-XX:+UseSerialGC", option, ChildJvm.agent("heal=off"));
    return ChildJvm.run(options, AllocatingLoop.class).out();
  }
}
