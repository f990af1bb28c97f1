package dev.gmem.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.gmem.samples.console.ExitCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The runnable jar as the gmem script starts it. */
class GmemCliIT {
  @TempDir Path folder;

  private JarRun run(String... args) throws IOException, InterruptedException {
    return JarRun.of(folder, List.of(), JarRun.CLI, List.of(args));
  }

  @Test
  void theDoctorFindsNothingBroken() throws Exception {
    JarRun run = run("doctor", "--json");
    assertThat(run.exitCode()).as(run.out() + run.err()).isEqualTo(ExitCode.OK);
    assertThat(JSON.std.mapFrom(run.out())).containsEntry("healthy", true);
    assertThat(run.out()).contains("\"device sim0\"", "a kernel gave the right result");
  }

  @Test
  void aSampleRunsOnTheDeviceThatIsNamed() throws Exception {
    JarRun run = run("run", "vector-add", "--n", "100000", "--device", "sim1");
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).startsWith("vector-add on sim1").contains("verified");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void withoutANameTheDefaultDeviceIsTakenAndSaid() throws Exception {
    Map<?, ?> listed = JSON.std.mapFrom(run("devices", "--json").out());
    String id = defaultOf(listed);
    JarRun run = run("run", "vector-add", "--n", "1000");
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).startsWith("vector-add on " + id + ": ");
  }

  private static String defaultOf(Map<?, ?> listed) {
    List<String> ids = new ArrayList<>();
    for (Object provider : (List<?>) listed.get("providers")) {
      if (((Map<?, ?>) provider).get("devices") instanceof List<?> devices) {
        for (Object device : devices) {
          if (Boolean.TRUE.equals(((Map<?, ?>) device).get("default"))) {
            ids.add((String) ((Map<?, ?>) device).get("id"));
          }
        }
      }
    }
    assertThat(ids).hasSize(1);
    return ids.getFirst();
  }

  @Test
  void aSampleWithoutItsPreferredKindOfDeviceSaysWhy() throws Exception {
    List<String> args = List.of("run", "vector-add", "--n", "1000");
    JarRun run = JarRun.of(folder, List.of("-Dgmem.opencl.mode=none"), JarRun.CLI, args);
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).startsWith("vector-add on sim0: ");
    assertThat(run.out()).containsPattern("(?m)^no opencl device: .*gmem.opencl.mode=none");
  }

  @Test
  void aKindOfDeviceThatIsNotThereIsRefusedWithTheReason() throws Exception {
    List<String> args = List.of("run", "vector-add", "--device", "opencl");
    JarRun run = JarRun.of(folder, List.of("-Dgmem.opencl.mode=none"), JarRun.CLI, args);
    assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(run.err()).contains("gmem.opencl.mode=none").doesNotContain("\tat ");
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.out()).isEmpty();
  }

  @Test
  void anUnknownDeviceIsNeverReplacedByAnother() throws Exception {
    JarRun run = run("run", "vector-add", "--device", "gpu7");
    assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(run.err()).contains("gpu7", "sim0").doesNotContain("\tat ");
    assertThat(run.out()).isEmpty();
  }

  @Test
  void plainOutputHasNoColours() throws Exception {
    assertThat(run("doctor").out()).doesNotContain("\u001B");
  }

  @Test
  void benchmarksAreListed() throws Exception {
    JarRun run = run("bench", "list");
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).contains("start-up");
  }

  @Test
  void aBenchmarkThatTheJarCannotRunNamesTheCommandThatCan() throws Exception {
    JarRun run = run("bench", "run", "java-kernel-aparapi");
    assertThat(run.exitCode()).isNotEqualTo(ExitCode.OK);
    assertThat(run.err()).contains("./gmem bench run java-kernel-aparapi", "gmem.bench.lib");
    assertThat(run.err().lines()).hasSize(1);
  }
}
