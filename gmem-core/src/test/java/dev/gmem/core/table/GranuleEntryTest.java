package dev.gmem.core.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.PageState;
import org.junit.jupiter.api.Test;

class GranuleEntryTest {
  private static final long[] PLAIN = {
    GranuleEntry.NOMAP,
    GranuleEntry.CPU,
    GranuleEntry.EVICTED,
    GranuleEntry.shared(1),
    GranuleEntry.shared(-1),
    GranuleEntry.device(0),
    GranuleEntry.device(31)
  };

  @Test
  void theLayoutIsTheOneInTheDiagram() {
    assertThat(GranuleEntry.NOMAP).isEqualTo(0b0_0_1_1_000L);
    assertThat(GranuleEntry.CPU).isEqualTo(0b0_0_1_1_001L);
    assertThat(GranuleEntry.shared(0b101)).isEqualTo(0b101L << 32 | 0b0_0_0_1_010L);
    assertThat(GranuleEntry.device(3)).isEqualTo(0b1000L << 32 | 0b0_0_0_0_011L);
    assertThat(GranuleEntry.EVICTED).isEqualTo(0b0_0_0_0_100L);
    assertThat(GranuleEntry.claimed(GranuleEntry.EVICTED)).isEqualTo(0b0_1_0_0_100L);
    assertThat(GranuleEntry.poison(GranuleEntry.EVICTED)).isEqualTo(0b1_0_0_0_100L);
  }

  @Test
  void aFieldSaysWhatWasPutIntoItAndNothingAboutTheOthers() {
    for (long entry : PLAIN) {
      long claimed = GranuleEntry.claimed(entry);
      assertThat(GranuleEntry.busy(entry)).isFalse();
      assertThat(GranuleEntry.busy(claimed)).isTrue();
      assertThat(GranuleEntry.unclaimed(claimed)).isEqualTo(entry);
      long poisoned = GranuleEntry.poison(claimed);
      assertThat(GranuleEntry.poisoned(entry)).isFalse();
      assertThat(GranuleEntry.poisoned(claimed)).isFalse();
      assertThat(GranuleEntry.poisoned(poisoned)).isTrue();
      assertThat(GranuleEntry.state(poisoned)).isEqualTo(GranuleEntry.state(entry));
      assertThat(GranuleEntry.devices(poisoned)).isEqualTo(GranuleEntry.devices(entry));
      assertThat(GranuleEntry.admits(poisoned, false)).isEqualTo(GranuleEntry.admits(entry, false));
      assertThat(GranuleEntry.admits(poisoned, true)).isEqualTo(GranuleEntry.admits(entry, true));
    }
  }

  @Test
  void everyDeviceHasABitOfItsOwn() {
    for (int slot = 0; slot < GranuleEntry.DEVICES_MAX; slot++) {
      long owned = GranuleEntry.device(slot);
      assertThat(GranuleEntry.state(owned)).isEqualTo(PageState.DEVICE);
      assertThat(GranuleEntry.owner(owned)).isEqualTo(slot);
      for (int other = 0; other < GranuleEntry.DEVICES_MAX; other++) {
        assertThat(GranuleEntry.onDevice(owned, other)).isEqualTo(slot == other);
        assertThat(GranuleEntry.onDevice(GranuleEntry.shared(1 << slot | 1 << other), other))
            .isTrue();
      }
    }
  }

  @Test
  void revokingTakesWritesAndMaybeReadsAndNothingElse() {
    for (long entry : PLAIN) {
      for (boolean reads : new boolean[] {false, true}) {
        long revoked = GranuleEntry.revoked(entry, reads);
        assertThat(GranuleEntry.admits(revoked, true)).isFalse();
        assertThat(GranuleEntry.admits(revoked, false))
            .isEqualTo(!reads && GranuleEntry.admits(entry, false));
        assertThat(GranuleEntry.state(revoked)).isEqualTo(GranuleEntry.state(entry));
        assertThat(GranuleEntry.devices(revoked)).isEqualTo(GranuleEntry.devices(entry));
      }
    }
  }

  @Test
  void restoringGivesEachStateWhatItHasByRight() {
    for (long entry : PLAIN) {
      assertThat(GranuleEntry.restored(entry)).isEqualTo(entry);
      assertThat(GranuleEntry.restored(GranuleEntry.revoked(entry, false))).isEqualTo(entry);
      assertThat(GranuleEntry.restored(GranuleEntry.revoked(entry, true))).isEqualTo(entry);
    }
  }

  @Test
  void anEntryTellsPeopleWhatItMeans() {
    assertThat(GranuleEntry.toString(GranuleEntry.CPU)).isEqualTo("CPU r w");
    assertThat(GranuleEntry.toString(GranuleEntry.claimed(GranuleEntry.shared(0b11))))
        .isEqualTo("SHARED{11} r busy");
    assertThat(GranuleEntry.toString(GranuleEntry.poison(GranuleEntry.device(1))))
        .isEqualTo("DEVICE{10} poisoned");
  }
}
