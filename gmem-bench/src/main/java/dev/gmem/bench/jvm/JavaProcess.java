package dev.gmem.bench.jvm;

import dev.gmem.bench.BenchmarkException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs a class of this class path in a JVM of its own, the same kind as this one. */
public final class JavaProcess {
  private static final int OUTPUT_CHARS_MAX = 8_000;

  private JavaProcess() {}

  /**
   * Makes a command line.
   *
   * @param jvmArguments for the JVM
   * @param main class to run
   * @param arguments for the class
   * @return the command line
   */
  public static List<String> command(
      List<String> jvmArguments, Class<?> main, List<String> arguments) {
    return command(jvmArguments, List.of(), main, arguments);
  }

  /**
   * Makes a command line for a class that needs more than is on this class path.
   *
   * @param jvmArguments for the JVM
   * @param more jars or folders for the end of the class path
   * @param main class to run
   * @param arguments for the class
   * @return the command line
   */
  public static List<String> command(
      List<String> jvmArguments, List<Path> more, Class<?> main, List<String> arguments) {
    StringBuilder classPath = new StringBuilder(System.getProperty("java.class.path"));
    more.forEach(path -> classPath.append(File.pathSeparatorChar).append(path));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvmArguments);
    command.add("-cp");
    command.add(classPath.toString());
    command.add(main.getName());
    command.addAll(arguments);
    return command;
  }

  /**
   * Runs a command line to its end.
   *
   * @param command the command line
   * @return the nanoseconds it took
   * @throws BenchmarkException if it does not start, or ends with another code than 0; the message
   *     holds the end of its output
   */
  public static long run(List<String> command) {
    return run(command, Map.of());
  }

  /**
   * Runs a command line to its end, in an environment that has more in it than this process's.
   *
   * @param command the command line
   * @param environment what more
   * @return the nanoseconds it took
   * @throws BenchmarkException as {@link #run(List)}
   */
  public static long run(List<String> command, Map<String, String> environment) {
    try {
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().putAll(environment);
      long start = System.nanoTime();
      Process process = builder.start();
      process.getOutputStream().close();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      int code = process.waitFor();
      long nanos = System.nanoTime() - start;
      if (code != 0) {
        int from = Math.max(0, output.length() - OUTPUT_CHARS_MAX);
        throw new BenchmarkException(
            "a JVM failed: code=" + code + " command=" + command + "\n" + output.substring(from));
      }
      return nanos;
    } catch (IOException e) {
      throw new BenchmarkException("a JVM could not be run: command=" + command, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchmarkException("interrupted while a JVM ran: command=" + command, e);
    }
  }
}
