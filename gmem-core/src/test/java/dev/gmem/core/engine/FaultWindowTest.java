package dev.gmem.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FaultWindowTest {
  private static final int GRANULE = 64 << 10;

  @Test
  void itDoublesWhileFaultsComeInSequence() {
    FaultWindow window = new FaultWindow(GRANULE);
    long at = 10;
    for (long granules = 1; granules <= 64; granules *= 2) {
      assertThat(window.extend(at, at + 1)).isEqualTo(at + granules);
      at += granules;
    }
  }

  @Test
  void itStopsGrowingAtFourMebibytes() {
    FaultWindow window = new FaultWindow(GRANULE);
    long at = 0;
    for (int i = 0; i < 20; i++) {
      at = window.extend(at, at + 1);
    }
    assertThat(window.extend(at, at + 1) - at).isEqualTo((4 << 20) / GRANULE);
  }

  @Test
  void itFallsBackToWhatIsNeededWhenAFaultComesElsewhere() {
    FaultWindow window = new FaultWindow(GRANULE);
    window.extend(0, 1);
    window.extend(1, 2);
    assertThat(window.extend(100, 101)).isEqualTo(101);
    assertThat(window.extend(50, 51)).isEqualTo(51);
    assertThat(window.extend(50, 51)).isEqualTo(51);
  }

  @Test
  void itNeverBringsLessThanWhatIsNeeded() {
    FaultWindow window = new FaultWindow(GRANULE);
    assertThat(window.extend(3, 9)).isEqualTo(9);
    assertThat(window.extend(9, 20)).isEqualTo(20);
  }

  @Test
  void itGoesOnFromWhereAFaultReallyCame() {
    FaultWindow window = new FaultWindow(GRANULE);
    window.extend(0, 1);
    window.extend(1, 2); // would have brought 1 and 2
    window.reached(2);
    assertThat(window.extend(2, 3)).isEqualTo(6);
  }

  @Test
  void aGranuleLargerThanTheWindowComesAlone() {
    FaultWindow window = new FaultWindow(8 << 20);
    window.extend(0, 1);
    assertThat(window.extend(1, 2)).isEqualTo(2);
  }
}
