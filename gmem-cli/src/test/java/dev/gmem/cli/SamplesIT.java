package dev.gmem.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.gmem.samples.console.ExitCode;
import dev.gmem.samples.program.Samples;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The samples with the real agent, on the simulated device. */
class SamplesIT {
  /** A device whose memory is its own, so that data must move. */
  private static final String DEVICE = "sim0";

  @TempDir Path folder;

  private JarRun run(List<String> jvmArguments, String sample, List<String> options)
      throws IOException, InterruptedException {
    List<String> args = new ArrayList<>(List.of("run", sample, "--device", DEVICE));
    args.addAll(options);
    return JarRun.of(folder, jvmArguments, JarRun.CLI, args);
  }

  @Test
  void everySampleIsVerifiedAndItsDataMoves() throws Exception {
    assertThat(AllSamples.results(folder, List.of(), DEVICE).values())
        .hasSize(Samples.all().size())
        .allSatisfy(result -> assertThat(AllSamples.memory(result, "bytesToHost")).isPositive());
  }

  @Test
  void kernelsThatAreClassesDoWhatTheOthersDo() throws Exception {
    assertThat(AllSamples.comparisons(folder, List.of(), DEVICE)).hasSize(4);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:-TieredCompilation", "-XX:+UseZGC"})
  void flightGraphIsVerifiedUnderEveryCompiler(String jvmArgument) throws Exception {
    JarRun run = run(List.of(jvmArgument), "flight-graph", List.of());
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).contains("   1  0.05972  ATL William B Hartsfield-Atlanta Intl");
  }

  @Test
  void oneReadBringsOneGranuleHome() throws Exception {
    JarRun run = run(List.of(), "vector-add", List.of("--json"));
    Map<?, ?> figures = (Map<?, ?>) JSON.std.mapFrom(run.out()).get("figures");
    assertThat(figures.get("bytesToHostForOneRead")).isEqualTo(64 << 10);
  }

  @Test
  void theEdgesOfTheBuiltInPictureAreWritten() throws Exception {
    JarRun run = run(List.of(), "edge-detect", List.of("--output", "found.png"));
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
    assertThat(folder.resolve("found.png")).isNotEmptyFile();
  }

  @Test
  void theSamplesAlsoRunFromTheirOwnJar() throws Exception {
    JarRun run = JarRun.of(folder, List.of(), JarRun.SAMPLES, List.of("vector-add", "--n", "999"));
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).contains("verified");
  }
}
