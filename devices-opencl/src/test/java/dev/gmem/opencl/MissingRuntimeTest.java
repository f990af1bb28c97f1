package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gmem.Gmem;
import dev.gmem.spi.GmDiscovery;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same in JVMs of their own, where something is really missing. */
class MissingRuntimeTest {
  @TempDir Path directory;

  /** Prints what the provider answers, twice. */
  static final class Ask {
    private Ask() {}

    public static void main(String[] arguments) {
      for (int i = 0; i < 2; i++) {
        for (GmDiscovery answer : Gmem.discover()) {
          System.out.println(
              switch (answer) {
                case GmDiscovery.Available available ->
                    "available: " + available.devices().getFirst().description();
                case GmDiscovery.Unavailable none -> "unavailable: " + none.reason();
              });
        }
      }
    }
  }

  private List<String> ask(Map<String, String> environment, List<String> options)
      throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(options);
    if (!options.contains("-cp")) {
      arguments.addAll(List.of("-cp", FreshJvm.classPath()));
    }
    List<String> lines = FreshJvm.run(Ask.class, directory, environment, arguments);
    return lines.stream().filter(l -> !l.startsWith("WARNING: java.io.tmpdir")).toList();
  }

  private static void assertSaysTwice(List<String> lines, String... parts) {
    assertEquals(2, lines.size(), () -> String.join("\n", lines));
    for (String line : lines) {
      for (String part : parts) {
        assertTrue(line.contains(part), () -> "'" + part + "' is missing in: " + line);
      }
    }
  }

  @Test
  void withoutADriver() throws IOException, InterruptedException {
    TestDevices.cl();
    assertSaysTwice(
        ask(Map.of("OCL_ICD_VENDORS", directory.resolve("none").toString()), List.of()),
        "unavailable: no OpenCL driver is registered");
  }

  @Test
  void withADriverThatDoesNotLoad() throws IOException, InterruptedException {
    TestDevices.cl();
    Path vendors = Files.createDirectory(directory.resolve("vendors"));
    Files.writeString(vendors.resolve("broken.icd"), "/nowhere/libnothing.so\n");
    assertSaysTwice(
        ask(Map.of("OCL_ICD_VENDORS", vendors.toString()), List.of()),
        "unavailable: no OpenCL driver is registered");
  }

  @Test
  void withoutTheLoader() throws IOException, InterruptedException {
    assumeTrue(
        System.getProperty("os.name").equals("Linux"), "skipped: hides a library as Linux does");
    Files.writeString(directory.resolve("libOpenCL.so.1"), "not a library");
    Files.writeString(directory.resolve("libOpenCL.so"), "not a library");
    assertSaysTwice(
        ask(Map.of("LD_LIBRARY_PATH", directory.toString()), List.of()),
        "unavailable: the OpenCL loader (libOpenCL) is not on this machine",
        "apt-get install");
  }

  @Test
  void withoutJocl() throws IOException, InterruptedException {
    String path = FreshJvm.path(Gmem.class, OpenClDeviceProvider.class, Ask.class);
    assertSaysTwice(
        ask(Map.of(), List.of("-cp", path)), "unavailable: JOCL is not on the class path");
  }

  @Test
  void withATemporaryDirectoryThatDoesNotExist() throws IOException, InterruptedException {
    Path file = Files.createFile(directory.resolve("file"));
    assertSaysTwice(
        ask(Map.of(), List.of("-Djava.io.tmpdir=" + file.resolve("none"))),
        "unavailable: JOCL's native library does not load",
        "java.io.tmpdir=" + file);
  }

  @Test
  void withHalfALibraryLeftByAJvmThatWasKilled() throws IOException, InterruptedException {
    TestDevices.cl();
    Path half = directory.resolve("libJOCL_2_0_6-linux-x86_64.so");
    Files.writeString(half, "half");
    assertSaysTwice(ask(Map.of(), List.of("-Djava.io.tmpdir=" + directory)), "available: ");
  }
}
