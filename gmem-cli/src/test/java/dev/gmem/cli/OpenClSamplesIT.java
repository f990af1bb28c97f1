package dev.gmem.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.gmem.Gmem;
import dev.gmem.samples.program.Samples;
import dev.gmem.spi.GmDiscovery;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The samples with the real agent on an OpenCL device, in each of its modes. Where there is none
 * they are skipped with the provider's reason, or fail if the system property {@code
 * gmem.opencl.required} is true.
 */
class OpenClSamplesIT {
  private static final String MODE = "gmem.opencl.mode";
  private static final long GRANULE_BYTES = 4096;

  @TempDir Path folder;

  private static void requireDevice(String mode) {
    String before = System.getProperty(MODE);
    System.setProperty(MODE, mode);
    List<GmDiscovery> answers = Gmem.discover();
    if (before == null) {
      System.clearProperty(MODE);
    } else {
      System.setProperty(MODE, before);
    }
    DevicesCommand.close(answers);
    for (GmDiscovery answer : answers) {
      if (answer instanceof GmDiscovery.Unavailable(String kind, String reason, Throwable cause)
          && kind.equals("opencl")) {
        if (Boolean.getBoolean("gmem.opencl.required")) {
          fail("an OpenCL device is required: " + reason, cause);
        }
        abort("skipped: " + reason);
      }
    }
  }

  private Map<String, Map<String, Object>> run(String mode) throws Exception {
    requireDevice(mode);
    Map<String, Map<String, Object>> results =
        AllSamples.results(folder, List.of("-D" + MODE + "=" + mode), "opencl");
    assertThat(results.values())
        .allSatisfy(result -> assertThat(result).containsEntry("device", "opencl0"));
    assertThat(folder.resolve("edges.png")).isNotEmptyFile();
    assertThat(folder.resolve("mandelbrot.png")).isNotEmptyFile();
    assertThat(folder.resolve("n-body.gif")).isNotEmptyFile();
    return results;
  }

  private static Map<?, ?> figures(Map<String, Object> result) {
    return (Map<?, ?>) result.get("figures");
  }

  private static long number(Map<?, ?> map, String name) {
    return ((Number) map.get(name)).longValue();
  }

  @Test
  void everySampleIsVerifiedInTheModeThatTheDeviceChooses() throws Exception {
    assertThat(run("auto")).hasSize(Samples.all().size());
  }

  @Test
  void everySampleIsVerifiedWithoutATransferOnHostMemory() throws Exception {
    assertThat(run("zero-copy").values())
        .allSatisfy(
            result -> {
              assertThat(AllSamples.memory(result, "bytesToDevices")).isZero();
              assertThat(AllSamples.memory(result, "bytesToHost")).isZero();
            });
  }

  @Test
  void everySampleIsVerifiedWithMemoryOfItsOwnAndMovesWhatItTouches() throws Exception {
    Map<String, Map<String, Object>> results = run("discrete");
    assertThat(results.values())
        .allSatisfy(result -> assertThat(AllSamples.memory(result, "bytesToHost")).isPositive());
    assertThat(number(figures(results.get("vector-add")), "bytesToHostForOneRead"))
        .isEqualTo(64 << 10);
    assertThat(number(figures(results.get("n-body")), "bytesToHostPerStep"))
        .isEqualTo(GRANULE_BYTES);
    assertEditsMoveSingleGranules(figures(results.get("game-of-life")));
  }

  @Test
  void kernelsThatAreClassesDoWhatTheOpenClDoes() throws Exception {
    requireDevice("discrete");
    List<String> discrete = List.of("-D" + MODE + "=discrete");
    assertThat(AllSamples.comparisons(folder, discrete, "opencl"))
        .containsOnlyKeys("edge-detect", "mandelbrot", "n-body", "k-means")
        .allSatisfy((name, result) -> assertThat(result).containsEntry("device", "opencl0"));
  }

  /** The grid has 16 granules; an edit may bring the next one along, if it follows the last. */
  private static void assertEditsMoveSingleGranules(Map<?, ?> figures) {
    List<?> steps = (List<?>) figures.get("steps");
    assertThat(steps).hasSize(30);
    for (Object step : steps.subList(1, steps.size())) {
      long home = number((Map<?, ?>) step, "bytesToHost");
      assertThat(home).as("%s", step).isBetween(GRANULE_BYTES, 2 * GRANULE_BYTES);
      assertThat(number((Map<?, ?>) step, "bytesToDevice")).as("%s", step).isEqualTo(home);
    }
  }
}
