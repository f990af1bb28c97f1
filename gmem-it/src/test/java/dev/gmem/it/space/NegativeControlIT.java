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

  private static String stress(String mode, String trust) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add(mode);
    command.add(trust);
    command.add("-javaagent:" + System.getProperty("gmem.agent.jar"));
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(CoherenceStress.class.getName());
    command.addAll(List.of("4000", "PLAIN,PLAIN", "false", "true"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output;
  }
}
