package dev.gmem.it.coverage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
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

  @Test
  void aVectorThatFaultsFreesNobodyElsesSeat() throws Exception {
    List<String> options = List.of("-Xint", "-Djdk.virtualThreadScheduler.parallelism=2");
    String output = run(options, "heal=off", "VectorSeats", 5000);
    assertTrue(output.contains("early=0 faulted=true"), output);
  }

  private static void run(String mode, int rounds) throws Exception {
    String output = run(List.of(mode), "healQuietMillis=1", "VectorProbe", rounds);
    assertTrue(output.contains("VECTORS AGREE"), output);
  }

  /** Runs a program of the resources, and returns what it prints. */
  private static String run(List<String> options, String agent, String program, int argument)
      throws Exception {
    Path source = Path.of(VectorIT.class.getResource("/vector/" + program + ".java").toURI());
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(
        List.of(
            "--add-modules",
            "jdk.incubator.vector",
            "-javaagent:" + System.getProperty("gmem.agent.jar") + "=" + agent,
            "-cp",
            System.getProperty("java.class.path"),
            source.toString(),
            Integer.toString(argument)));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
