package dev.gmem.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What a runnable jar came to, in a JVM of its own.
 *
 * @param exitCode what it ended with
 * @param out its standard output
 * @param err its standard error
 */
record JarRun(int exitCode, String out, String err) {
  private static final int SECONDS_MAX = 240;

  /** Names the system property with the {@code gmem} command's jar. */
  static final String CLI = "gmem.cli.jar";

  /** Names the system property with the samples' jar. */
  static final String SAMPLES = "gmem.samples.jar";

  static JarRun of(Path folder, List<String> jvmArguments, String jar, List<String> args)
      throws IOException, InterruptedException {
    List<String> rest = new ArrayList<>(jvmArguments);
    rest.addAll(List.of("-jar", System.getProperty(jar)));
    rest.addAll(args);
    return of(folder, rest);
  }

  /** Runs a test's class with the {@code gmem} command's jar as class path and agent. */
  static JarRun ofClass(Path folder, List<String> jvmArguments, Class<?> main, String... args)
      throws IOException, InterruptedException {
    String jar = System.getProperty(CLI);
    String classes = main.getProtectionDomain().getCodeSource().getLocation().getPath();
    List<String> rest = new ArrayList<>(jvmArguments);
    rest.addAll(List.of("-javaagent:" + jar, "--enable-native-access=ALL-UNNAMED"));
    rest.addAll(List.of("-cp", jar + File.pathSeparator + classes, main.getName()));
    rest.addAll(List.of(args));
    return of(folder, rest);
  }

  private static JarRun of(Path folder, List<String> rest)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(rest);
    File out = folder.resolve("out").toFile();
    File err = folder.resolve("err").toFile();
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(out)
            .redirectError(err)
            .start();
    try {
      assertThat(process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String said = Files.readString(err.toPath());
    return new JarRun(process.exitValue(), Files.readString(out.toPath()), said);
  }
}
