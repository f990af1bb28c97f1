package dev.gmem.it.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.agent.GmemAgent;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Faults leave slow code behind; the agent clears it away when they have become rare. */
@Tag("noagent")
class HealIT {
  @Test
  void withoutFaultsThereIsNoThread() throws Exception {
    assertThat(run("healQuietMillis=20", "0")).isEqualTo("heals=0 thread=false\n");
  }

  @Test
  void afterFaultsItHealsOnce() throws Exception {
    assertThat(run("healQuietMillis=20", "1")).isEqualTo("heals=1 thread=true\n");
  }

  @Test
  void afterFaultsThatComeBackItHealsAgain() throws Exception {
    assertThat(run("healQuietMillis=20", "3")).isEqualTo("heals=3 thread=true\n");
  }

  @Test
  void switchedOffItDoesNot() throws Exception {
    assertThat(run("heal=off,healQuietMillis=20", "2")).isEqualTo("heals=0 thread=false\n");
  }

  @Test
  void itLogsIfAsked() throws Exception {
    var options = List.of(ChildJvm.agent("healQuietMillis=20,log=on"));
    var result = ChildJvm.run(options, HealIT.class, "1");
    assertThat(result.err()).contains("gmem: segment code is compiled anew");
  }

  private static String run(String agentOptions, String rounds) throws InterruptedException {
    var result = ChildJvm.run(List.of(ChildJvm.agent(agentOptions)), HealIT.class, rounds);
    assertThat(result.err()).isEmpty();
    return result.out();
  }

  /** Takes faults, pauses, as often as it is told. */
  public static void main(String[] args) throws InterruptedException {
    try (Twin twin = new Twin(4096, 4096)) {
      MemorySegment memory = twin.segment();
      for (int round = 0; round < Integer.parseInt(args[0]); round++) {
        long healsBefore = GmemAgent.counters().heals();
        for (int i = 0; i < 100; i++) {
          twin.toDevice();
          memory.set(ValueLayout.JAVA_INT, 0, i);
        }
        for (int i = 0; i < 500 && GmemAgent.counters().heals() == healsBefore; i++) {
          Thread.sleep(10);
        }
      }
      Thread.sleep(200);
      boolean thread =
          Thread.getAllStackTraces().keySet().stream()
              .anyMatch(t -> t.getName().equals("gmem-healer"));
      System.out.println("heals=" + GmemAgent.counters().heals() + " thread=" + thread);
    }
  }
}
