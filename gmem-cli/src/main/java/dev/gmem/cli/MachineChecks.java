package dev.gmem.cli;

import dev.gmem.samples.program.Summary;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Examines what the machine offers. Nothing here is needed by all; most of it is Linux's. */
final class MachineChecks {
  private static final long MEMORY_BYTES_MIN = 1L << 30;
  private static final String OVERCOMMIT_NEVER = "2";
  private static final Path ICD_FOLDER = Path.of("etc/OpenCL/vendors");
  private static final List<String> OPENCL_LIBRARIES =
      List.of(
          "libOpenCL.so.1",
          "libOpenCL.so",
          "OpenCL.dll",
          "/System/Library/Frameworks/OpenCL.framework/OpenCL");

  private final Path root;

  MachineChecks() {
    this(Path.of("/"));
  }

  /** Looks below a folder that stands for the root of the file system. */
  MachineChecks(Path root) {
    this.root = root;
  }

  void run(Consumer<Finding> findings) {
    findings.accept(openCl());
    if (Files.isDirectory(root.resolve("proc/sys/vm"))) {
      memory(findings);
      overcommit(findings);
      addressLimit(findings);
      hugePages(findings);
    }
  }

  private Finding openCl() {
    String library =
        OPENCL_LIBRARIES.stream().filter(MachineChecks::loads).findFirst().orElse(null);
    List<String> drivers = drivers();
    if (library == null) {
      return Finding.note(
          "OpenCL",
          "not installed",
          "Needed for OpenCL devices only; on Debian: apt-get install ocl-icd-libopencl1, and a"
              + " driver such as pocl-opencl-icd.");
    }
    if (drivers.isEmpty() && library.startsWith("libOpenCL")) {
      return Finding.note(
          "OpenCL",
          library + " without a driver in /" + ICD_FOLDER,
          "Install the driver of your device, or pocl-opencl-icd for the CPU.");
    }
    return Finding.good("OpenCL", library + " with " + String.join(", ", drivers));
  }

  private static boolean loads(String library) {
    try (Arena arena = Arena.ofConfined()) {
      SymbolLookup.libraryLookup(library, arena);
      return true;
    } catch (IllegalArgumentException | IllegalCallerException e) {
      return false;
    }
  }

  List<String> drivers() {
    List<String> drivers = new ArrayList<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(root.resolve(ICD_FOLDER), "*.icd")) {
      files.forEach(file -> drivers.add(file.getFileName().toString()));
    } catch (IOException e) {
      return List.of();
    }
    return drivers.stream().sorted().toList();
  }

  private void memory(Consumer<Finding> findings) {
    Matcher line = Pattern.compile("MemAvailable:\\s+(\\d{1,15}) kB").matcher(read("proc/meminfo"));
    if (!line.find()) {
      return;
    }
    long bytes = Long.parseLong(line.group(1)) << 10;
    String facts = Summary.bytes(bytes) + " available";
    findings.accept(
        bytes >= MEMORY_BYTES_MIN
            ? Finding.good("host memory", facts)
            : Finding.note("host memory", facts, "Close other programs before large runs."));
  }

  private void overcommit(Consumer<Finding> findings) {
    String mode = read("proc/sys/vm/overcommit_memory");
    if (mode.equals(OVERCOMMIT_NEVER)) {
      findings.accept(
          Finding.note(
              "overcommit",
              "vm.overcommit_memory is 2: reserved addresses may count as used memory",
              "If address spaces do not open: sysctl vm.overcommit_memory=0, or reserve less with"
                  + " SpaceOptions.withReservedBytes."));
    } else if (!mode.isEmpty()) {
      findings.accept(Finding.good("overcommit", "vm.overcommit_memory is " + mode));
    }
  }

  private void addressLimit(Consumer<Finding> findings) {
    Matcher line = Pattern.compile("Max address space\\s+(\\S+)").matcher(read("proc/self/limits"));
    if (line.find() && !line.group(1).equals("unlimited")) {
      findings.accept(
          Finding.note(
              "address limit",
              "this process may have " + line.group(1) + " bytes of addresses",
              "If address spaces do not open: ulimit -v unlimited, or reserve less with"
                  + " SpaceOptions.withReservedBytes."));
    }
  }

  private void hugePages(Consumer<Finding> findings) {
    String modes = read("sys/kernel/mm/transparent_hugepage/enabled");
    Matcher chosen = Pattern.compile("\\[(\\w+)]").matcher(modes);
    if (!chosen.find()) {
      return;
    }
    String facts = "transparent huge pages: " + chosen.group(1);
    findings.accept(
        chosen.group(1).equals("never")
            ? Finding.note(
                "huge pages",
                facts,
                "Large buffers are a little faster with them: echo madvise >"
                    + " /sys/kernel/mm/transparent_hugepage/enabled")
            : Finding.good("huge pages", facts));
  }

  private String read(String file) {
    try {
      return Files.readString(root.resolve(file)).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
