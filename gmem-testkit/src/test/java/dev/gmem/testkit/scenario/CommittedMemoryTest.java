package dev.gmem.testkit.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CommittedMemoryTest {
  @Test
  void onlyWhatCanBeWrittenAndLiesBetweenCounts() {
    List<String> maps =
        List.of(
            "00001000-00003000 rw-p 00000000 00:00 0 ",
            "00003000-00005000 ---p 00000000 00:00 0 ",
            "00005000-00006000 rw-p 00000000 00:00 0   [name]",
            "7fff00000000-7fff00001000 rw-p 00000000 00:00 0");
    assertThat(CommittedMemory.usableBytes(maps, 0x2000, 0x6000)).isEqualTo(0x2000);
    assertThat(CommittedMemory.usableBytes(maps, 0x3000, 0x5000)).isZero();
    assertThat(CommittedMemory.usableBytes(maps, 0, Long.MAX_VALUE)).isEqualTo(0x4000);
  }
}
