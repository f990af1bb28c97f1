package dev.gmem.core.engine;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.DeviceStatistics;
import dev.gmem.PrefetchPolicy;
import dev.gmem.SpaceOptions;
import dev.gmem.core.space.SpaceProbe;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.Stage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A device on which more is used again and again than there is room for. */
@Timeout(60)
class ThrashTest {
  private static final int MEMORY = 256; // granules
  private static final int LARGE = MEMORY + MEMORY / 4;
  private static final int KEPT_MAX = MEMORY * 3 / 4;
  private static final SpaceOptions OPTIONS =
      SpaceOptions.defaults()
          .withGranuleBytes(GRANULE)
          .withReservedBytes(16 << 20)
          .withPrefetch(PrefetchPolicy.none());

  private final Stage stage = new Stage(OPTIONS);
  private final FakeDevice device = stage.fake("d0").memoryBytes((long) MEMORY * GRANULE);
  private int written;

  private DeviceStatistics statistics() {
    return stage.space().statistics().devices().get("d0");
  }

  /** Writes each granule, in an order in which no two are neighbours. */
  private void pass(MemorySegment segment) {
    long granules = segment.byteSize() / GRANULE;
    written++;
    for (long i = 0; i < granules; i++) {
      device.write(segment.address() + i * 37 % granules * GRANULE, 1, written & 0x7f);
    }
  }

  private long granulesOfPass(MemorySegment segment) {
    long before = statistics().bytesIn();
    pass(segment);
    return (statistics().bytesIn() - before) / GRANULE;
  }

  private void expectLast(MemorySegment segment) {
    for (long at = 0; at < segment.byteSize(); at += GRANULE) {
      assertThat(stage.host().read(segment.address() + at, 1)).isEqualTo(written & 0x7f);
    }
  }

  /** Touched by the CPU first, so that all that goes to the device is copied. */
  private static MemorySegment touched(Stage stage, Arena arena, int granules) {
    MemorySegment segment = arena.allocate((long) granules * GRANULE, GRANULE);
    for (long at = 0; at < segment.byteSize(); at += GRANULE) {
      stage.host().write(segment.address() + at, 1, 1);
    }
    return segment;
  }

  @Test
  void whatComesAndGoesIsRememberedOnce() {
    stage.attach(device);
    MemorySegment s = touched(stage, stage.arena(), 3);
    for (int i = 0; i < 10_000; i++) {
      device.write(s.address() + i % 3 * GRANULE, 1, 1);
      stage.host().read(s.address() + i % 3 * GRANULE, 1);
      device.clearCalls();
    }
    assertThat(EngineProbe.remembered(SpaceProbe.slot(stage.view(device)))).isLessThan(2_000);
    stage.atEnd();
  }

  @Test
  void whatComesBackSoonIsKeptWhileTheRestMakesDoWithWhatIsLeft() {
    stage.attach(device);
    MemorySegment s = touched(stage, stage.arena(), LARGE);
    for (int i = 0; i < 3; i++) {
      pass(s);
    }
    assertThat(statistics().bytesRefaulted()).isPositive();
    assertThat(statistics().bytesKept())
        .isBetween((long) KEPT_MAX / 2 * GRANULE, (long) KEPT_MAX * GRANULE);
    for (int i = 0; i < 4; i++) {
      assertThat(granulesOfPass(s)).isLessThan(LARGE * 2 / 3); // least recently used first: LARGE
    }
    expectLast(s);
    stage.close();
  }

  @Test
  void whatIsUsedOnceIsNoThrashing() {
    stage.attach(device);
    MemorySegment s = touched(stage, stage.arena(), 3 * MEMORY);
    pass(s);
    assertThat(statistics().bytesEvicted()).isGreaterThanOrEqualTo(2L * MEMORY * GRANULE);
    assertThat(statistics().bytesRefaulted()).isZero();
    assertThat(statistics().bytesKept()).isZero();
    expectLast(s);
    stage.close();
  }

  @Test
  void whatComesBackLateIsNoThrashing() {
    stage.attach(device);
    MemorySegment s = touched(stage, stage.arena(), 3 * MEMORY);
    for (int i = 0; i < 4; i++) {
      assertThat(granulesOfPass(s)).isEqualTo(3 * MEMORY);
    }
    assertThat(statistics().bytesRefaulted()).isZero();
    expectLast(s);
    stage.close();
  }

  @Test
  void whatIsKeptGoesWhenThereIsNothingElse() {
    stage.attach(device);
    MemorySegment s = touched(stage, stage.arena(), LARGE);
    for (int i = 0; i < 3; i++) {
      pass(s);
    }
    assertThat(statistics().bytesKept()).isPositive();
    stage.space().quota(stage.view(device), 4L * GRANULE);
    assertThat(statistics().residentBytes()).isLessThanOrEqualTo(4L * GRANULE);
    assertThat(statistics().bytesKept()).isZero();
    pass(s);
    expectLast(s);
    stage.close();
  }

  @Test
  void whatIsKeptGoesAfterAWhile() {
    stage.attach(device);
    MemorySegment old = touched(stage, stage.arena(), LARGE);
    for (int i = 0; i < 3; i++) {
      pass(old);
    }
    MemorySegment next = touched(stage, stage.arena(), LARGE);
    int passes = 0;
    while (stage.space().residency(old).bytesOn("d0") > 0) {
      pass(next);
      assertThat(++passes).isLessThan(10);
    }
    assertThat(granulesOfPass(next) + granulesOfPass(next)).isLessThan(2 * LARGE);
    expectLast(next);
    stage.close();
  }

  @Test
  void whatIsGoneIsNotKept() {
    stage.attach(device);
    for (int round = 0; round < 20; round++) {
      Arena arena = stage.space().arena();
      MemorySegment s = touched(stage, arena, LARGE);
      for (int i = 0; i < 3; i++) {
        pass(s);
      }
      assertThat(statistics().bytesKept()).isPositive();
      arena.close();
      assertThat(statistics().bytesKept()).isZero();
      assertThat(statistics().residentBytes()).isZero();
    }
    stage.close();
  }

  @Test
  void aDeviceThatWasKeptBusyDetaches() {
    stage.attach(device);
    MemorySegment s = touched(stage, stage.arena(), LARGE);
    for (int i = 0; i < 3; i++) {
      pass(s);
    }
    DeviceSlot slot = SpaceProbe.slots(stage.space()).getFirst();
    stage.space().detach(stage.view(device));
    assertThat(slot.usedBytes()).isZero();
    expectLast(s);
    stage.close();
  }
}
