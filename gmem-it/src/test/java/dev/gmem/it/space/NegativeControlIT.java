package dev.gmem.it.space;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The negative control of {@link CoherenceStressIT}: if accesses trust a gate that is tightened,
 * and nobody waits for them, updates are lost.
 */
@Tag("noagent")
class NegativeControlIT {
  @ParameterizedTest
  @ValueSource(strings = {"-Dx=1", "-Xint", "-XX:TieredStopAtLevel=1", "-XX:-TieredCompilation"})
  void updatesAreLostByTrust(String mode) throws Exception {
    String output = stress(mode, "-Dgmem.test.trustAll=true");
    assertTrue(output.contains("LOST "), output);
  }

  @Test
  void nothingIsLostByCare() throws Exception {
    String output = stress("-Dx=1", "-Dgmem.test.trustAll=false");
    assertTrue(output.contains("COHERENT "), output);
  }

  /** Accesses become trusting again and again; then a kernel closes the gate for latecomers. */
  @Test
  void nothingIsLostByTrustThatIsTakenBackInTime() throws Exception {
    String output =
        stress(
            "=healQuietMillis=1",
            List.of("-Xmn4m", "-XX:+UseSerialGC"),
            List.of("6000", "ALLOCATING", "false", "false", "1", "200"));
    assertTrue(output.contains("COHERENT "), output);
  }

  private static String stress(String mode, String trust) throws IOException, InterruptedException {
    return stress(
        "", List.of(mode, trust), List.of("4000", "PLAIN,PLAIN", "false", "true", "0", "0"));
  }

  private static String stress(String agentOptions, List<String> options, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add("-javaagent:" + System.getProperty("gmem.agent.jar") + agentOptions);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(CoherenceStress.class.getName());
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output;
  }
}
