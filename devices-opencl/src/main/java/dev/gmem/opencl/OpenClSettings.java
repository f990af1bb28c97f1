package dev.gmem.opencl;

import java.util.Arrays;
import java.util.Map;

/**
 * What the user has set.
 *
 * @param mode which mode
 * @param memoryBytesMax most bytes of a discrete device's memory to use
 * @param profiling whether the driver takes the time of each command
 */
record OpenClSettings(OpenClMode mode, long memoryBytesMax, boolean profiling) {
  static final String MODE = "gmem.opencl.mode";
  static final String MEMORY = "gmem.opencl.memory";
  static final String PROFILING = "gmem.opencl.profiling";

  private static final Map<String, Integer> UNIT_SHIFTS =
      Map.of("", 0, "B", 0, "KiB", 10, "MiB", 20, "GiB", 30, "TiB", 40);

  static OpenClSettings defaults() {
    return new OpenClSettings(OpenClMode.AUTO, Long.MAX_VALUE, true);
  }

  /**
   * Reads the system properties.
   *
   * @throws IllegalArgumentException if one cannot be understood
   */
  static OpenClSettings read() {
    return new OpenClSettings(
        mode(System.getProperty(MODE, OpenClMode.AUTO.text()).strip()),
        memory(System.getProperty(MEMORY)),
        profiling(System.getProperty(PROFILING, "on").strip()));
  }

  private static boolean profiling(String text) {
    return switch (text) {
      case "on" -> true;
      case "off" -> false;
      default ->
          throw new IllegalArgumentException(
              "the system property " + PROFILING + "=" + text + " is neither on nor off");
    };
  }

  private static OpenClMode mode(String text) {
    for (OpenClMode mode : OpenClMode.values()) {
      if (mode.text().equals(text)) {
        return mode;
      }
    }
    throw new IllegalArgumentException(
        "the system property "
            + MODE
            + "="
            + text
            + " is none of "
            + Arrays.stream(OpenClMode.values()).map(OpenClMode::text).toList());
  }

  private static long memory(String text) {
    if (text == null) {
      return Long.MAX_VALUE;
    }
    String size = text.strip();
    int digits = 0;
    while (digits < size.length() && Character.isDigit(size.charAt(digits))) {
      digits++;
    }
    Integer shift = UNIT_SHIFTS.get(size.substring(digits).strip());
    try {
      if (shift != null && Long.parseLong(size.substring(0, digits)) > 0) {
        return Math.multiplyExact(Long.parseLong(size.substring(0, digits)), 1L << shift);
      }
    } catch (ArithmeticException | NumberFormatException e) {
      throw notSize(text, e);
    }
    throw notSize(text, null);
  }

  private static IllegalArgumentException notSize(String text, Exception cause) {
    return new IllegalArgumentException(
        "the system property "
            + MEMORY
            + "="
            + text
            + " is not a size such as 64MiB (units: B, KiB, MiB, GiB, TiB)",
        cause);
  }
}
