package dev.gmem.opencl;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.jocl.LibUtils;
import org.jocl.Pointer;

/**
 * Prepares what JOCL loads: the OpenCL loader and JOCL's own native library.
 *
 * <p>JOCL does so itself, but prints when there is no loader, and writes its library into the final
 * file: a JVM that starts at the same time, or after one that was killed, finds half of it. Here
 * the file appears whole or not at all.
 */
final class JoclLibrary {
  /** What JOCL's error says, and ours. */
  static final String LOADER_MISSING = "Could not initialize native OpenCL library";

  private static final String VERSION = "2_0_6";

  /** What JOCL looks for on Linux. */
  private static final List<String> LOADERS = List.of("libOpenCL.so.1", "libOpenCL.so");

  private JoclLibrary() {}

  /**
   * Looks for the OpenCL loader, where it is known how to.
   *
   * @throws UnsatisfiedLinkError if it is missing
   */
  static void requireLoader() {
    if (!"Linux".equals(System.getProperty("os.name"))) {
      return;
    }
    IllegalArgumentException missing = null;
    for (String loader : LOADERS) {
      try {
        SymbolLookup.libraryLookup(loader, Arena.global());
        return;
      } catch (IllegalArgumentException e) {
        missing = e;
      }
    }
    UnsatisfiedLinkError error = new UnsatisfiedLinkError(LOADER_MISSING + ": " + LOADERS);
    error.initCause(missing);
    throw error;
  }

  /** Does what it can; what it cannot is left to JOCL, which reports it. */
  static void extract() {
    String file =
        LibUtils.createLibraryFileName(LibUtils.createPlatformLibraryName("JOCL_" + VERSION));
    Path target = Path.of(System.getProperty("java.io.tmpdir"), file);
    try (InputStream library = Pointer.class.getResourceAsStream("/lib/" + file)) {
      if (library == null) {
        return;
      }
      byte[] content = library.readAllBytes();
      if (Files.exists(target) && Files.size(target) == content.length) {
        return;
      }
      Path part = Files.createTempFile(target.getParent(), file, ".part");
      try {
        Files.write(part, content);
        Files.move(
            part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      return;
    }
  }
}
