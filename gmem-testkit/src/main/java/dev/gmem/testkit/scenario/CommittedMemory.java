package dev.gmem.testkit.scenario;

import dev.gmem.AddressSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the operating system (Linux) says about an address space's memory. */
final class CommittedMemory {
  private static final Path MAPS = Path.of("/proc/self/maps");

  private CommittedMemory() {}

  /**
   * Returns how many bytes of a space's reserved addresses the CPU can use: what is allocated. The
   * rest is reserved without access.
   */
  static long bytesIn(AddressSpace space) throws IOException {
    long begin = space.reservedAddress();
    return usableBytes(Files.readAllLines(MAPS), begin, begin + space.options().reservedBytes());
  }

  /** Sums up the parts of mappings that can be written and lie between two addresses. */
  static long usableBytes(List<String> maps, long begin, long end) {
    long bytes = 0;
    for (String line : maps) {
      String[] fields = line.split("[- ]", 4);
      if (fields[2].contains("w")) {
        long from = Math.max(begin, Long.parseUnsignedLong(fields[0], 16));
        long to = Math.min(end, Long.parseUnsignedLong(fields[1], 16));
        bytes += Math.max(0, to - from);
      }
    }
    return bytes;
  }
}
