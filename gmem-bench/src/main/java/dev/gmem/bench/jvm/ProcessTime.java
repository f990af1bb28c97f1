package dev.gmem.bench.jvm;

import dev.gmem.bench.BenchmarkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a process took.
 *
 * @param seconds from its start to its end
 * @param processorSeconds of all its threads, in steps of 10 ms; 0 where that is not known
 */
record ProcessTime(double seconds, double processorSeconds) {
  private static final Path STATISTICS = Path.of("/proc/self/stat");

  /** Fields of user and system time of children that were waited for, counted after the name. */
  private static final int USER_FIELD = 13;

  private static final int SYSTEM_FIELD = 14;
  private static final double TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux
  private static final double NANOS_PER_SECOND = 1e9;

  /** Runs a command line and times it. No other process of this JVM may end meanwhile. */
  static ProcessTime of(List<String> command) {
    long before = ticksOfChildren();
    double seconds = JavaProcess.run(command) / NANOS_PER_SECOND;
    return new ProcessTime(seconds, (ticksOfChildren() - before) / TICKS_PER_SECOND);
  }

  static boolean knowsProcessorTime() {
    return Files.isReadable(STATISTICS);
  }

  private static long ticksOfChildren() {
    if (!knowsProcessorTime()) {
      return 0;
    }
    try {
      String text = Files.readString(STATISTICS);
      String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ");
      return Long.parseLong(fields[USER_FIELD]) + Long.parseLong(fields[SYSTEM_FIELD]);
    } catch (IOException e) {
      throw new BenchmarkException("the processor time cannot be read: file=" + STATISTICS, e);
    }
  }
}
