package dev.gmem.samples.program;

import dev.gmem.Residency;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * Where the granules of a buffer were at some moment.
 *
 * @param buffer its name
 * @param bytes its length
 * @param granules by place: {@code "host"}, {@code "sim0"}, {@code "host+sim0"} for replicas,
 *     {@code "lost"} for what was on a device alone that is lost
 */
public record Places(String buffer, long bytes, Map<String, Long> granules) {
  static Places of(String buffer, long bytes, Residency residency) {
    Map<String, Long> granules = new LinkedHashMap<>();
    for (Residency.Extent extent : residency.extents()) {
      long count = Math.ceilDiv(extent.bytes(), residency.granuleBytes());
      granules.merge(place(extent), count, Long::sum);
    }
    return new Places(buffer, bytes, granules);
  }

  private static String place(Residency.Extent extent) {
    if (extent.poisoned()) {
      return "lost";
    }
    String devices = String.join("+", new TreeSet<>(extent.devices()));
    return switch (extent.state()) {
      case NOMAP, CPU, EVICTED -> "host";
      case SHARED -> "host+" + devices;
      case DEVICE -> devices;
      case UNMAPPED -> "nowhere";
      case FILE -> "file";
    };
  }

  /**
   * Says it for people.
   *
   * @return for instance {@code "a: 64 host+sim0"}
   */
  public String line() {
    StringBuilder line = new StringBuilder(buffer + ":");
    String separator = " ";
    for (Map.Entry<String, Long> entry : granules.entrySet()) {
      line.append(separator).append(entry.getValue()).append(' ').append(entry.getKey());
      separator = ", ";
    }
    return line.toString();
  }

  /**
   * Says it for programs.
   *
   * @return the components by name
   */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("buffer", buffer);
    map.put("bytes", bytes);
    map.put("granules", granules);
    return map;
  }
}
