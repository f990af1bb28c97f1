package dev.gmem.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.PrefetchPolicy.Pattern;
import dev.gmem.core.engine.FaultHistory.Expected;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a few faults in a row make expect. Granules of 64 KiB unless said otherwise. */
class FaultHistoryTest {
  private static final int GRANULE = 64 << 10;

  private final FaultHistory history = new FaultHistory(GRANULE);
  private final Set<Long> gone = new HashSet<>();

  private Expected fault(long first) {
    return fault(first, first + 1);
  }

  private Expected fault(long first, long end) {
    return history.note(first * GRANULE, first, end, granule -> !gone.contains(granule));
  }

  /** A fault at a byte of which all that is expected comes. */
  private Expected faultAt(long at) {
    return history.note(at, at / GRANULE, at / GRANULE + 1, granule -> true);
  }

  /** A fault with which all that is expected comes. */
  private Expected served(long first) {
    Expected expected = fault(first);
    history.came(first, expected.first(), expected.end());
    return expected;
  }

  @Test
  void aWindowDoublesWhileFaultsComeUpwards() {
    long at = 10;
    for (long granules = 1; granules <= 64; granules *= 2) {
      Expected expected = served(at);
      assertThat(expected.pattern()).isEqualTo(granules == 1 ? Pattern.NONE : Pattern.SEQUENTIAL);
      assertThat(expected.first()).isEqualTo(at);
      assertThat(expected.end()).isEqualTo(at + granules);
      at += granules;
    }
  }

  @Test
  void aWindowDoublesWhileFaultsComeDownwards() {
    long at = 1000;
    for (long granules = 1; granules <= 64; granules *= 2) {
      Expected expected = served(at);
      assertThat(expected.end()).isEqualTo(at + 1);
      assertThat(expected.first()).isEqualTo(at + 1 - granules);
      at -= granules;
    }
  }

  @Test
  void whoTurnsBackBeginsWithASmallWindow() {
    served(100);
    served(101);
    served(103); // 103 to 106
    Expected back = served(99);
    assertThat(back.pattern()).isEqualTo(Pattern.NONE);
    served(107); // goes on with what came upwards
    Expected down = served(98); // and this with what came last down there
    assertThat(down.pattern()).isEqualTo(Pattern.SEQUENTIAL);
    assertThat(down.end() - down.first()).isEqualTo(2);
  }

  @Test
  void aWindowStopsGrowingAtFourMebibytes() {
    long at = 0;
    Expected expected = served(at);
    for (int i = 0; i < 20; i++) {
      at = expected.end();
      expected = served(at);
    }
    assertThat(expected.end() - at).isEqualTo((4 << 20) / GRANULE);
  }

  @Test
  void aGranuleLargerThanTheWindowComesAlone() {
    FaultHistory large = new FaultHistory(8 << 20);
    large.note(0, 0, 1, granule -> true);
    Expected expected = large.note(8 << 20, 1, 2, granule -> true);
    assertThat(expected.end()).isEqualTo(2);
  }

  @Test
  void itNeverExpectsLessThanWhatIsNeeded() {
    fault(3, 9);
    Expected expected = fault(9, 20);
    assertThat(expected.first()).isEqualTo(9);
    assertThat(expected.end()).isEqualTo(20);
    Expected down = fault(1, 3);
    assertThat(down.pattern()).isEqualTo(Pattern.NONE); // the stream has gone upwards, past 9
  }

  @Test
  void aFaultElsewhereIsNoPattern() {
    served(0);
    served(1);
    assertThat(fault(100).pattern()).isEqualTo(Pattern.NONE);
    assertThat(fault(50).pattern()).isEqualTo(Pattern.NONE);
    assertThat(fault(50).pattern()).isEqualTo(Pattern.NONE);
    assertThat(fault(73).pattern()).isEqualTo(Pattern.NONE);
  }

  @Test
  void aSequenceGoesOnInsideOfWhatShouldHaveCome() {
    served(0);
    served(1); // 1 and 2
    history.came(1, 1, 9); // some of it was taken away, or could not come
    assertThat(fault(5).end()).isEqualTo(9);
  }

  @Test
  void itGoesOnFromWhereTheLastFaultReallyCame() {
    fault(0);
    fault(1); // would have brought 1 and 2
    assertThat(fault(2).end()).isEqualTo(6);
  }

  @Test
  void severalSequencesGoOnSideBySide() {
    for (long stream = 0; stream < 4; stream++) {
      served(1000 * stream); // which is a stride, as it happens
    }
    long size = 1;
    for (int i = 0; i < 4; i++) {
      for (long stream = 0; stream < 4; stream++) {
        Expected expected = served(1000 * stream + 2 * size - 1);
        assertThat(expected.pattern()).isEqualTo(Pattern.SEQUENTIAL);
        assertThat(expected.end() - expected.first()).isEqualTo(2 * size);
      }
      size *= 2;
    }
  }

  @Test
  void aSequenceEndsWhenWhatItTouchedHasGoneAgain() {
    served(0);
    served(1);
    gone.add(1L);
    assertThat(fault(3).pattern()).isEqualTo(Pattern.NONE);
    gone.clear();
    assertThat(fault(4).pattern()).isEqualTo(Pattern.SEQUENTIAL);
  }

  @Test
  void threeFaultsAtOneDistanceAreAStride() {
    long stride = 150_000; // not of whole granules
    assertThat(faultAt(0).pattern()).isEqualTo(Pattern.NONE);
    assertThat(faultAt(stride).pattern()).isEqualTo(Pattern.NONE);
    Expected third = faultAt(2 * stride);
    assertThat(third.pattern()).isEqualTo(Pattern.STRIDED);
    assertThat(third.strideBytes()).isEqualTo(stride);
    assertThat(third.places()).isEqualTo(1);
    assertThat(faultAt(4 * stride).places()).isEqualTo(2);
    assertThat(faultAt(7 * stride).places()).isEqualTo(4);
    assertThat(faultAt(9 * stride).places()).isEqualTo(8); // some had not come
    assertThat(faultAt(18 * stride + 8).pattern()).isEqualTo(Pattern.NONE);
  }

  @Test
  void aStrideGoesDownwardsToo() {
    long stride = -5 * GRANULE;
    faultAt(100 * GRANULE);
    faultAt(100 * GRANULE + stride);
    Expected third = faultAt(100 * GRANULE + 2 * stride);
    assertThat(third.pattern()).isEqualTo(Pattern.STRIDED);
    assertThat(third.strideBytes()).isEqualTo(stride);
  }

  @Test
  void placesAtAStrideAreBounded() {
    long stride = 10 * GRANULE;
    long at = 0;
    long places = 0;
    faultAt(at);
    for (int i = 0; i < 20; i++) {
      at += (places + 1) * stride;
      places = faultAt(at).places();
    }
    assertThat(places).isEqualTo(FaultHistory.PLACES_MAX);
  }

  @Test
  void aStrideEndsWhenWhatItTouchedHasGoneAgain() {
    served(0);
    served(10);
    gone.add(10L);
    assertThat(fault(20).pattern()).isEqualTo(Pattern.NONE);
  }

  @Test
  void aDistanceFromWhatHasGoneIsNoStride() {
    served(0);
    gone.add(0L);
    served(10);
    assertThat(fault(20).pattern()).isEqualTo(Pattern.NONE);
  }
}
