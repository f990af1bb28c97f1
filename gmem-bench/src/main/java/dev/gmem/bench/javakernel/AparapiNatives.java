package dev.gmem.bench.javakernel;

import dev.gmem.bench.BenchmarkException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What Aparapi itself executes kernels with: 19 MB of libraries for seven platforms, GCC's runtime
 * among them, which nobody needs but this comparison. So {@code gmem.jar} has none of it, and finds
 * it where the build of this module has put it.
 */
final class AparapiNatives {
  /** A folder of jars; {@code ./gmem} names that of this module's build. */
  static final String FOLDER = "gmem.bench.lib";

  private static final String LOADER = "com.aparapi.natives.NativeLoader";

  private AparapiNatives() {}

  /** Says what is missing, and what to do. */
  static Optional<String> missing() {
    return isLoaded() || jar().isPresent()
        ? Optional.empty()
        : Optional.of(
            "Aparapi's native library is not on the class path; run `./gmem bench run"
                + " java-kernel-aparapi` in a source tree, or name a folder that has"
                + " aparapi-jni-*.jar in it: -D"
                + FOLDER
                + "="
                + System.getProperty(FOLDER, ""));
  }

  /** What a JVM needs on its class path besides what is on this one's. */
  static List<Path> classPath() {
    return isLoaded()
        ? List.of()
        : List.of(jar().orElseThrow(() -> new BenchmarkException(missing().orElseThrow())));
  }

  private static boolean isLoaded() {
    try {
      Class.forName(LOADER, false, AparapiNatives.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  private static Optional<Path> jar() {
    String folder = System.getProperty(FOLDER);
    if (folder == null || !Files.isDirectory(Path.of(folder))) {
      return Optional.empty();
    }
    try (DirectoryStream<Path> jars =
        Files.newDirectoryStream(Path.of(folder), "aparapi-jni-*.jar")) {
      for (Path jar : jars) {
        return Optional.of(jar);
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
