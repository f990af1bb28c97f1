package dev.gmem.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.gmem.samples.console.ExitCode;
import dev.gmem.samples.program.Sample;
import dev.gmem.samples.program.Samples;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/**
 * Runs every sample once in one JVM, each as a command; what it prints goes to a file of its name
 * in the working directory.
 */
final class AllSamples {
  /** Those that could take long have less to do than they would. */
  private static final Map<String, List<String>> LESS =
      Map.of(
          "game-of-life", List.of("--steps", "30"),
          "mandelbrot", List.of("--width", "320", "--height", "240"),
          "n-body", List.of("--days", "30"));

  /** Where a sample is compared with itself, it runs several times. */
  private static final Map<String, List<String>> LEAST =
      Map.of(
          "edge-detect", List.of("--input", "mandelbrot.png"),
          "mandelbrot", List.of("--width", "160", "--height", "120"),
          "n-body", List.of("--days", "10"));

  private static final String COMPARE = "--compare";

  private AllSamples() {}

  /**
   * Runs them in a JVM with the agent.
   *
   * @param folder where they leave what they make
   * @param jvmArguments more of them
   * @param device as on the command line
   * @return what each came to, by its name; all are verified
   */
  static Map<String, Map<String, Object>> results(
      Path folder, List<String> jvmArguments, String device) throws Exception {
    JarRun run = JarRun.ofClass(folder, jvmArguments, AllSamples.class, device);
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
    Map<String, Map<String, Object>> results = new LinkedHashMap<>();
    for (Sample sample : Samples.all()) {
      Map<String, Object> result =
          JSON.std.mapFrom(Files.readString(folder.resolve(sample.name())));
      assertThat(result).containsEntry("verified", true).containsEntry("sample", sample.name());
      assertThat(memory(result, "launches")).isPositive();
      results.put(sample.name(), result);
    }
    return results;
  }

  /**
   * Compares the two forms of the kernels of every sample that has them, in a JVM with the agent.
   *
   * @param folder where they leave what they make
   * @param jvmArguments more of them
   * @param device as on the command line
   * @return what each came to, by its name; all are verified
   */
  static Map<String, Map<String, Object>> comparisons(
      Path folder, List<String> jvmArguments, String device) throws Exception {
    JarRun run = JarRun.ofClass(folder, jvmArguments, AllSamples.class, device, COMPARE);
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
    Map<String, Map<String, Object>> results = new LinkedHashMap<>();
    for (Sample sample : inTwoForms()) {
      Map<String, Object> result =
          JSON.std.mapFrom(Files.readString(folder.resolve(sample.name())));
      assertThat(result).containsEntry("verified", true).containsEntry("sample", sample.name());
      results.put(sample.name(), result);
    }
    return results;
  }

  /** Those that have their kernels in two forms; the one that draws the others' input first. */
  static List<Sample> inTwoForms() {
    return Samples.all().stream()
        .filter(sample -> sample.javaKernelBound().isPresent())
        .sorted(Comparator.comparing(sample -> !sample.name().equals("mandelbrot")))
        .toList();
  }

  /** A figure of what the memory did. */
  static long memory(Map<String, Object> result, String name) {
    return ((Number) ((Map<?, ?>) result.get("memory")).get(name)).longValue();
  }

  /**
   * Arguments: the device, and whether to compare. Ends with the first exit code that is not zero.
   */
  public static void main(String[] args) throws Exception {
    System.setProperty("java.awt.headless", "true");
    boolean compare = args.length > 1;
    for (Sample sample : compare ? inTwoForms() : Samples.all()) {
      List<String> options = new ArrayList<>(List.of("--device", args[0], "--json"));
      if (compare) {
        options.add(COMPARE);
      }
      options.addAll((compare ? LEAST : LESS).getOrDefault(sample.name(), List.of()));
      int exitCode = run(sample.name(), options);
      if (exitCode != 0) {
        System.err.println(sample.name() + " ended with " + exitCode);
        System.exit(exitCode);
      }
    }
  }

  private static int run(String sample, List<String> options) throws Exception {
    List<String> args = new ArrayList<>(List.of("run", sample));
    args.addAll(options);
    GmemCli cli = new GmemCli();
    CommandLine command = cli.command();
    try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(Path.of(sample)))) {
      command.setOut(out);
      return cli.execute(command, args.toArray(String[]::new));
    }
  }
}
