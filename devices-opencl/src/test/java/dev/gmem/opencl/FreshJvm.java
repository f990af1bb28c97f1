package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.Gmem;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jocl.Pointer;

/** Runs a class's {@code main} in a JVM that has done nothing yet. */
final class FreshJvm {
  private FreshJvm() {}

  /** Where classes were loaded from. */
  static String path(Class<?>... classes) {
    return Stream.of(classes)
        .map(c -> Path.of(URI.create(c.getProtectionDomain().getCodeSource().getLocation() + "")))
        .map(Path::toString)
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** The OpenCL devices, without core or agent, and this module's tests. */
  static String classPath() {
    return path(Gmem.class, OpenClDeviceProvider.class, FreshJvm.class, Pointer.class);
  }

  /**
   * Runs it to its end, which has to be a good one.
   *
   * @param directory for the output
   * @return the lines that it printed
   */
  static List<String> run(
      Class<?> main, Path directory, Map<String, String> environment, List<String> options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(options);
    command.add(main.getName());
    Path output = directory.resolve("output");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    // It names drivers beside those of the folder.
    builder.environment().remove("OCL_ICD_FILENAMES");
    builder.environment().putAll(environment);
    Process process = builder.start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    List<String> lines = Files.readAllLines(output, StandardCharsets.UTF_8);
    assertEquals(0, process.exitValue(), () -> String.join("\n", lines));
    return lines;
  }
}
