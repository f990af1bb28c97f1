package dev.gmem.samples.program;

import dev.gmem.DeviceStatistics;
import dev.gmem.SpaceStatistics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the memory did while a sample ran.
 *
 * @param device identifier of the device
 * @param granuleBytes size of a granule
 * @param statistics the address space's counters at the end
 * @param residency where the buffers were, by the moment
 */
public record Summary(
    String device,
    int granuleBytes,
    SpaceStatistics statistics,
    Map<String, List<Places>> residency) {
  private static final String[] UNITS = {"bytes", "KiB", "MiB", "GiB", "TiB"};

  /**
   * Says it for people.
   *
   * @return a few lines
   */
  public List<String> lines() {
    var total = statistics.total();
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "faults     host %,d (%,d reads, %,d writes), device %,d%s",
            total.hostFaults(),
            total.hostReadFaults(),
            total.hostWriteFaults(),
            total.deviceFaults(),
            total.prefetched() > 0 ? "; " + bytes(total.prefetched()) + " came along" : ""));
    lines.add(
        "moved      "
            + bytes(total.bytesToDevices())
            + " to "
            + device
            + ", "
            + bytes(total.bytesToHost())
            + " back"
            + (total.evictions() > 0 ? ", " + bytes(total.evictions()) + " evicted" : ""));
    DeviceStatistics used = statistics.devices().get(device);
    if (used != null) {
      lines.add(
          String.format(
              Locale.ROOT,
              "kernels    %,d launched, ran for %.1f ms",
              used.launches(),
              used.kernelNanos() / 1e6));
      if (used.bytesRefaulted() > 0) {
        lines.add(
            "thrashing  "
                + bytes(used.bytesRefaulted())
                + " came back soon after they were evicted; up to "
                + bytes(used.bytesKept())
                + " kept now");
      }
      if (total.bounces() > 0) {
        lines.add(
            String.format(
                Locale.ROOT,
                "bouncing   %,d times a granule was taken from who had just taken it; %,d faults"
                    + " waited",
                total.bounces(),
                total.rests()));
      }
      if (used.copyInNanos() + used.copyOutNanos() > 0) {
        lines.add(
            String.format(
                Locale.ROOT,
                "copies     took %.1f ms to %s, %.1f ms back",
                used.copyInNanos() / 1e6,
                device,
                used.copyOutNanos() / 1e6));
      }
    }
    statistics.devices().forEach((id, each) -> addLoss(lines, id, each));
    residency.forEach(
        (moment, places) -> {
          lines.add("granules   of " + bytes(granuleBytes) + ", " + moment + ":");
          places.forEach(place -> lines.add("           " + place.line()));
        });
    return lines;
  }

  private void addLoss(List<String> lines, String id, DeviceStatistics each) {
    if (each.lost()) {
      lines.add(
          "lost       "
              + id
              + ", and "
              + bytes(each.bytesLost())
              + " that only it had; "
              + bytes(statistics.poisonedBytes())
              + " of all are lost still");
    }
  }

  /**
   * Says it for programs.
   *
   * @return the figures by name
   */
  public Map<String, Object> toMap() {
    var total = statistics.total();
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("granuleBytes", granuleBytes);
    map.put("hostReadFaults", total.hostReadFaults());
    map.put("hostWriteFaults", total.hostWriteFaults());
    map.put("deviceFaults", total.deviceFaults());
    map.put("bytesToDevices", total.bytesToDevices());
    map.put("bytesToHost", total.bytesToHost());
    map.put("bytesEvicted", total.evictions());
    map.put("bytesPrefetched", total.prefetched());
    map.put("revocations", total.revocations());
    map.put("bounces", total.bounces());
    map.put("rests", total.rests());
    DeviceStatistics used = statistics.devices().get(device);
    if (used != null) {
      map.put("bytesRefaulted", used.bytesRefaulted());
      map.put("bytesKept", used.bytesKept());
      map.put("launches", used.launches());
      map.put("kernelNanos", used.kernelNanos());
      map.put("copyInNanos", used.copyInNanos());
      map.put("copyOutNanos", used.copyOutNanos());
    }
    Map<String, Object> lost = new LinkedHashMap<>();
    statistics
        .devices()
        .forEach(
            (id, each) -> {
              if (each.lost()) {
                lost.put(id, each.bytesLost());
              }
            });
    map.put("lostDevices", List.copyOf(lost.keySet()));
    map.put("bytesLost", lost);
    map.put("poisonedBytes", statistics.poisonedBytes());
    Map<String, Object> moments = new LinkedHashMap<>();
    residency.forEach(
        (moment, places) -> moments.put(moment, places.stream().map(Places::toMap).toList()));
    map.put("residency", moments);
    return map;
  }

  /**
   * Says a number of bytes for people.
   *
   * @param bytes how many
   * @return for instance {@code "4.0 MiB"}, {@code "64 KiB"}, {@code "12 bytes"}
   */
  public static String bytes(long bytes) {
    int unit = 0;
    double scaled = bytes;
    while (scaled >= 1024 && unit < UNITS.length - 1) {
      scaled /= 1024;
      unit++;
    }
    boolean whole = scaled == Math.rint(scaled);
    return String.format(Locale.ROOT, whole ? "%.0f %s" : "%.1f %s", scaled, UNITS[unit]);
  }
}
