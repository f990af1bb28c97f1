package dev.gmem.samples.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.AllocationStatistics;
import dev.gmem.DeviceStatistics;
import dev.gmem.PageState;
import dev.gmem.Residency;
import dev.gmem.SpaceStatistics;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SummaryTest {
  private static Residency.Extent extent(long bytes, PageState state, String... devices) {
    return new Residency.Extent(0, bytes, state, Set.of(devices), false, false);
  }

  private static Summary summary() {
    Residency residency =
        new Residency(
            4096,
            List.of(
                extent(8192, PageState.SHARED, "sim1", "sim0"),
                extent(4096, PageState.DEVICE, "sim0"),
                extent(4096, PageState.EVICTED),
                extent(100, PageState.CPU)));
    var total = new AllocationStatistics(3, 4, 1200, 5 << 20, 1536, 6, 0, 512, 1500, 40);
    var used =
        new DeviceStatistics(
            1, 2, 3, 0, 2_500_000, 40_000, 4, 0, 0, 5 << 20, 3 << 10, 2, 1_500_000, 0, 0, false);
    return new Summary(
        "sim0",
        4096,
        new SpaceStatistics(total, 0, 0, 0, 0, 0, 0, 0, Map.of("sim0", used)),
        Map.of("at the end", List.of(Places.of("a", 16484, residency))));
  }

  @Test
  void saysWhatIsLost() {
    var total = new AllocationStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    var lost =
        new DeviceStatistics(0, 0, 0, 0, 0, 0, 0, 0, 64 << 10, 0, 0, 2, 1_500_000, 0, 0, true);
    var poisoned = new Residency.Extent(0, 8192, PageState.DEVICE, Set.of(), false, true);
    var residency = new Residency(4096, List.of(poisoned));
    Summary summary =
        new Summary(
            "sim0",
            4096,
            new SpaceStatistics(total, 0, 0, 0, 8192, 0, 0, 0, Map.of("sim0", lost)),
            Map.of("at the end", List.of(Places.of("a", 8192, residency))));
    assertThat(summary.lines())
        .contains(
            "lost       sim0, and 64 KiB that only it had; 8 KiB of all are lost still",
            "           a: 2 lost");
    assertThat(summary.toMap())
        .containsEntry("lostDevices", List.of("sim0"))
        .containsEntry("bytesLost", Map.of("sim0", 64L << 10))
        .containsEntry("poisonedBytes", 8192L);
    assertThat(summary().toMap())
        .containsEntry("lostDevices", List.of())
        .containsEntry("bytesLost", Map.of())
        .containsEntry("poisonedBytes", 0L);
  }

  @Test
  void saysWhatHappenedInAFewLines() {
    assertThat(summary().lines())
        .containsExactly(
            "faults     host 7 (3 reads, 4 writes), device 1,200; 512 bytes came along",
            "moved      5 MiB to sim0, 1.5 KiB back",
            "kernels    2 launched, ran for 1.5 ms",
            "thrashing  5 MiB came back soon after they were evicted; up to 3 KiB kept now",
            "bouncing   1,500 times a granule was taken from who had just taken it; 40 faults"
                + " waited",
            "copies     took 2.5 ms to sim0, 0.0 ms back",
            "granules   of 4 KiB, at the end:",
            "           a: 2 host+sim0+sim1, 1 sim0, 2 host");
  }

  @Test
  void saysItForPrograms() {
    assertThat(summary().toMap())
        .containsEntry("hostReadFaults", 3L)
        .containsEntry("bytesToHost", 1536L)
        .containsEntry("bytesPrefetched", 512L)
        .containsEntry("bytesRefaulted", 5L << 20)
        .containsEntry("bytesKept", 3L << 10)
        .containsEntry("bounces", 1500L)
        .containsEntry("rests", 40L)
        .containsEntry("launches", 2L)
        .containsEntry("copyInNanos", 2_500_000L)
        .containsEntry("copyOutNanos", 40_000L)
        .containsKey("residency");
  }

  @Test
  void bytesAreScaled() {
    assertThat(Summary.bytes(0)).isEqualTo("0 bytes");
    assertThat(Summary.bytes(1023)).isEqualTo("1023 bytes");
    assertThat(Summary.bytes(1024)).isEqualTo("1 KiB");
    assertThat(Summary.bytes(3L << 40)).isEqualTo("3 TiB");
    assertThat(Summary.bytes(1500)).isEqualTo("1.5 KiB");
  }
}
