package dev.gmem.sim;

import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmDeviceProvider;
import dev.gmem.spi.GmDiscovery;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Offers simulated accelerators {@code sim0}, {@code sim1}, … as system properties say.
 *
 * <table>
 *   <caption>System properties</caption>
 *   <tr><th>property</th><th>meaning</th><th>default</th></tr>
 *   <tr><td>{@code gmem.sim.devices}</td><td>how many; 0 for none</td><td>2</td></tr>
 *   <tr><td>{@code gmem.sim.memory}</td><td>of each: bytes, or with KiB, MiB, GiB, TiB</td>
 *       <td>256MiB</td></tr>
 *   <tr><td>{@code gmem.sim.workers}</td><td>threads of each</td><td>2</td></tr>
 *   <tr><td>{@code gmem.sim.faults}</td><td>false: kernels cannot fault</td><td>true</td></tr>
 *   <tr><td>{@code gmem.sim.link}</td><td>latency in microseconds, then bandwidth in GB/s to the
 *       device and, if it differs, to the host: {@code 10,12.5,11}</td><td>takes no time</td></tr>
 * </table>
 *
 * <p>Each device has a link of its own. A value that cannot be understood makes all of them
 * unavailable: nothing runs on other devices than were asked for.
 */
public final class SimDeviceProvider implements GmDeviceProvider {
  private static final String NAME = "sim";
  private static final int PREFERENCE = -100;
  private static final String PREFIX = "gmem.sim.";
  private static final int DEVICES = 2;
  private static final int COUNT_MAX = 1_024;
  private static final double NANOS_PER_MICRO = 1e3;
  private static final double BYTES_PER_GB = 1e9;
  private static final Map<String, Integer> UNIT_SHIFTS =
      Map.of("", 0, "B", 0, "KiB", 10, "MiB", 20, "GiB", 30, "TiB", 40);

  /** Makes the provider; looks at nothing yet. */
  public SimDeviceProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int preference() {
    return PREFERENCE;
  }

  @Override
  public GmDiscovery discover() {
    try {
      int devices = property("devices", DEVICES, text -> count(text, 0));
      if (devices == 0) {
        return new GmDiscovery.Unavailable(
            NAME, "simulated devices are turned off by " + PREFIX + "devices=0", null);
      }
      long memoryBytes = property("memory", Sim.MEMORY_BYTES, SimDeviceProvider::size);
      int workers = property("workers", Sim.WORKERS, text -> count(text, 1));
      boolean faults = property("faults", true, SimDeviceProvider::flag);
      List<GmDevice> found = new ArrayList<>();
      for (int i = 0; i < devices; i++) {
        SimLink link = property("link", SimLink.off(), SimDeviceProvider::link);
        Sim.Builder builder = Sim.builder(NAME + i);
        if (!faults) {
          builder.without(GmCapability.REPLAYABLE_FAULTS);
        }
        found.add(builder.memoryBytes(memoryBytes).workers(workers).link(link).build());
      }
      return new GmDiscovery.Available(NAME, found);
    } catch (IllegalArgumentException e) {
      return new GmDiscovery.Unavailable(NAME, e.getMessage(), e);
    }
  }

  private static <T> T property(String name, T absent, Function<String, T> parse) {
    String text = System.getProperty(PREFIX + name);
    if (text == null) {
      return absent;
    }
    try {
      return parse.apply(text.strip());
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IllegalArgumentException(
          "the system property " + PREFIX + name + "=" + text + " is not " + expectation(name), e);
    }
  }

  private static String expectation(String name) {
    return switch (name) {
      case "devices" -> "a number from 0 to " + COUNT_MAX;
      case "memory" -> "a size such as 64MiB (units: B, KiB, MiB, GiB, TiB)";
      case "workers" -> "a number from 1 to " + COUNT_MAX;
      case "faults" -> "true or false";
      default -> "a latency in microseconds and one or two bandwidths in GB/s, such as 10,12.5";
    };
  }

  private static int count(String text, int least) {
    int value = Integer.parseInt(text);
    if (value < least || value > COUNT_MAX) {
      throw new IllegalArgumentException("out of range: " + value);
    }
    return value;
  }

  private static boolean flag(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("neither true nor false: " + text);
    };
  }

  private static long size(String text) {
    int digits = 0;
    while (digits < text.length() && Character.isDigit(text.charAt(digits))) {
      digits++;
    }
    Integer shift = UNIT_SHIFTS.get(text.substring(digits).strip());
    if (shift == null) {
      throw new IllegalArgumentException("unknown unit: " + text);
    }
    long bytes = Math.multiplyExact(Long.parseLong(text.substring(0, digits)), 1L << shift);
    if (bytes == 0) {
      throw new IllegalArgumentException("a device needs memory");
    }
    return bytes;
  }

  private static SimLink link(String text) {
    String[] parts = text.split(",", -1);
    if (parts.length < 2 || parts.length > 3) {
      throw new IllegalArgumentException("two or three numbers are needed: " + text);
    }
    double latencyMicros = Double.parseDouble(parts[0]);
    double toDevice = Double.parseDouble(parts[1]);
    double toHost = Double.parseDouble(parts[parts.length - 1]);
    return SimLink.of(
        Math.round(latencyMicros * NANOS_PER_MICRO),
        toDevice * BYTES_PER_GB,
        toHost * BYTES_PER_GB);
  }
}
