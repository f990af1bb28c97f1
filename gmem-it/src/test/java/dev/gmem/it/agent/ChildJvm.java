package dev.gmem.it.agent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a class of these tests in a JVM of its own. */
final class ChildJvm {
  private static final long SECONDS_MAX = 120;

  /** What a JVM left behind. */
  record Result(int exitCode, String out, String err) {}

  private ChildJvm() {}

  static String agentJar() {
    return System.getProperty("gmem.agent.jar");
  }

  /** The option that attaches the agent. */
  static String agent(String options) {
    return "-javaagent:" + agentJar() + (options.isEmpty() ? "" : "=" + options);
  }

  /** Runs a class with this JVM's class path; options of the JVM first. */
  static Result run(List<String> jvmOptions, Class<?> main, String... arguments)
      throws InterruptedException {
    List<String> options = new ArrayList<>(jvmOptions);
    options.add("-cp");
    options.add(System.getProperty("java.class.path"));
    options.add(main.getName());
    options.addAll(List.of(arguments));
    return run(options);
  }

  static Result run(List<String> command) throws InterruptedException {
    try {
      Path out = Files.createTempFile("gmem", ".out");
      Path err = Files.createTempFile("gmem", ".err");
      Process process = start(command, out, err);
      if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("no end after " + SECONDS_MAX + " s: " + command + read(out, err));
      }
      Result result = new Result(process.exitValue(), text(out), text(err));
      Files.delete(out);
      Files.delete(err);
      return result;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Process start(List<String> command, Path out, Path err) throws IOException {
    List<String> all = new ArrayList<>();
    all.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    all.addAll(command);
    return new ProcessBuilder(all).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
  }

  /** Starts {@link GateProbe} without the agent, and returns when its loops have been compiled. */
  static Process startHot(Path out, Path err) throws IOException, InterruptedException {
    Process child =
        start(
            List.of(
                "-XX:+EnableDynamicAgentLoading",
                "-cp",
                System.getProperty("java.class.path"),
                GateProbe.class.getName(),
                "hot"),
            out,
            err);
    while (!text(out).contains("ready")) {
      if (!child.isAlive()) {
        throw new AssertionError(read(out, err));
      }
      Thread.sleep(10);
    }
    return child;
  }

  static String text(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8);
  }

  private static String read(Path out, Path err) throws IOException {
    return "\nout: " + text(out) + "\nerr: " + text(err);
  }
}
