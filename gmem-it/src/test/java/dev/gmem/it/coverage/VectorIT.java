package dev.gmem.it.coverage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The Vector API, which takes a flag of its own and so a JVM of its own. */
@Tag("noagent")
@Timeout(300)
class VectorIT {
  @ParameterizedTest
  @ValueSource(strings = {"-Dx=1", "-XX:TieredStopAtLevel=1", "-XX:-TieredCompilation"})
  void vectorLoadsAndStoresFault(String mode) throws Exception {
    run(mode, 100);
  }

  @Test
  void vectorLoadsAndStoresFaultWithFrequentHealing() throws Exception {
    run("-Xbatch", 21); // each healing has everything compiled once more, and waited for
  }

  private static void run(String mode, int rounds) throws Exception {
    Path probe = Path.of(VectorIT.class.getResource("/vector/VectorProbe.java").toURI());
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            mode,
            "--add-modules",
            "jdk.incubator.vector",
            "-javaagent:" + System.getProperty("gmem.agent.jar") + "=healQuietMillis=1",
            "-cp",
            System.getProperty("java.class.path"),
            probe.toString(),
            Integer.toString(rounds));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertTrue(output.contains("VECTORS AGREE"), output);
  }
}
