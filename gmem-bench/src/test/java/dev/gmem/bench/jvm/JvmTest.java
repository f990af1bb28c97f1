package dev.gmem.bench.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.gmem.bench.BenchmarkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

class JvmTest {
  @Test
  void anEmptyProgramRunsAndTakesProcessorTime() {
    ProcessTime time =
        ProcessTime.of(JavaProcess.command(List.of(), EmptyProgram.class, List.of()));
    assertThat(time.seconds()).isPositive();
    if (ProcessTime.knowsProcessorTime()) {
      assertThat(time.processorSeconds()).isPositive();
    }
  }

  @Test
  void aFailingProgramIsReportedWithItsCommandAndOutput() {
    List<String> command =
        JavaProcess.command(List.of(), EmptyProgram.class, List.of("look for the agent"));
    assertThatExceptionOfType(BenchmarkException.class)
        .isThrownBy(() -> JavaProcess.run(command))
        .withMessageContaining("code=1")
        .withMessageContaining(EmptyProgram.class.getName())
        .withMessageContaining("agent is not attached");
  }

  @Test
  void aProgramThatDoesNotStartIsReported() {
    assertThatExceptionOfType(BenchmarkException.class)
        .isThrownBy(() -> JavaProcess.run(List.of("/no/such/program")))
        .withMessageContaining("/no/such/program")
        .withCauseInstanceOf(IOException.class);
  }

  @Test
  void theEmptyAgentIsAnAgent() throws IOException {
    Path jar = EmptyAgent.jar();
    try {
      List<String> arguments = List.of("-javaagent:" + jar);
      assertThatNoException()
          .isThrownBy(
              () -> JavaProcess.run(JavaProcess.command(arguments, EmptyProgram.class, List.of())));
    } finally {
      Files.delete(jar);
    }
  }

  @Test
  @ResourceLock(Resources.SYSTEM_PROPERTIES)
  void aFileThatIsNoAgentIsRefusedByName() {
    String before = System.getProperty(AgentJar.PROPERTY);
    System.setProperty(AgentJar.PROPERTY, "no-such.jar");
    try {
      assertThatExceptionOfType(BenchmarkException.class)
          .isThrownBy(AgentJar::find)
          .withMessageContaining("file=no-such.jar")
          .withMessageContaining("-Dgmem.agent.jar=");
    } finally {
      if (before == null) {
        System.clearProperty(AgentJar.PROPERTY);
      } else {
        System.setProperty(AgentJar.PROPERTY, before);
      }
    }
  }
}
