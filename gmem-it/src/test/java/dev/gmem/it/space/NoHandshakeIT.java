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

/** The negative control of {@link CoherenceStressIT}: without the handshake, updates are lost. */
@Tag("noagent")
class NoHandshakeIT {
  @ParameterizedTest
  @ValueSource(strings = {"-Dx=1", "-Xint", "-XX:TieredStopAtLevel=1", "-XX:-TieredCompilation"})
  void updatesAreLostWithoutTheHandshake(String mode) throws Exception {
    String output = stress(mode, "-Dgmem.test.noHandshake=true");
    assertTrue(output.contains("LOST "), output);
  }

  @Test
  void nothingIsLostWithIt() throws Exception {
    String output = stress("-Dx=1", "-Dgmem.test.noHandshake=false");
    assertTrue(output.contains("COHERENT "), output);
  }

  private static String stress(String mode, String handshake)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add(mode);
    command.add(handshake);
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
