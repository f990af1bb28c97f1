package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.AllocationStatistics;
import dev.gmem.PrefetchPolicy;
import dev.gmem.SpaceOptions;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.Stage;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The CPU and a device that use one granule at the same time. Time passes only while they rest. */
@Timeout(60)
class BounceTest {
  private static final int ACCESSES = 400;
  private static final int WHILE_RESTING = 25;

  /** What two sides still have to do. */
  private static final class Play {
    private final Stage stage;
    private final FakeDevice d;
    private final MemorySegment s;
    private int cpu = ACCESSES;
    private int device = ACCESSES;
    private boolean deviceFaults;

    Play(long residencyNanos) {
      stage =
          new Stage(
              Stage.OPTIONS
                  .withPrefetch(PrefetchPolicy.none())
                  .withResidencyNanosMin(residencyNanos));
      d = stage.device("d0");
      s = stage.granules(2);
      stage.host().onRest(this::goOn);
    }

    /** One side rests; the other has what it needs. */
    private void goOn() {
      for (int i = 0; i < WHILE_RESTING; i++) {
        if (deviceFaults) {
          cpuStep();
        } else {
          deviceStep();
        }
      }
    }

    private void cpuStep() {
      if (cpu > 0) {
        cpu--;
        stage.host().write(s.address(), 8, cpu);
      }
    }

    private void deviceStep() {
      if (device > 0) {
        device--;
        d.write(s.address() + 8, 8, device);
      }
    }

    AllocationStatistics run() {
      while (cpu > 0 || device > 0) {
        deviceFaults = false;
        cpuStep();
        deviceFaults = true;
        deviceStep();
      }
      stage.atEnd();
      return stage.space().statistics(s);
    }
  }

  @Test
  void itMovesLessOftenIfWhoHasItMayUseItForAWhile() {
    AllocationStatistics without = new Play(0).run();
    AllocationStatistics with = new Play(200_000).run();
    assertThat(without.rests()).isZero();
    assertThat(without.bytesToDevices()).isGreaterThan((long) (ACCESSES - 2) * GRANULE);
    assertThat(with.bytesToDevices() * 8).isLessThan(without.bytesToDevices());
    assertThat(with.bytesToHost() * 8).isLessThan(without.bytesToHost());
    assertThat(with.rests()).isBetween(5L, 2L * ACCESSES / WHILE_RESTING);
    assertThat(with.bounces()).isGreaterThanOrEqualTo(with.rests());
  }

  @Test
  void whatDoesNotBounceIsNeverWaitedFor() {
    Stage stage = new Stage(Stage.OPTIONS.withPrefetch(PrefetchPolicy.none()));
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(64);
    stage
        .host()
        .onRest(
            () -> {
              throw new AssertionError("rests");
            });
    for (int turn = 0; turn < 3; turn++) {
      for (int i = 0; i < 64; i++) {
        long at = s.address() + (long) i * GRANULE;
        d.write(at, 8, i);
        d.write(at + 8, 8, i);
        assertThat(stage.host().read(at, 8)).isEqualTo(i);
      }
      stage.host().pass(10_000_000);
    }
    assertThat(stage.space().statistics(s).rests()).isZero();
    assertThat(stage.space().statistics(s).bounces()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, SpaceOptions.RESIDENCY_NANOS_MAX + 1})
  void aResidencyHasBounds(long nanos) {
    assertThatThrownBy(() -> SpaceOptions.defaults().withResidencyNanosMin(nanos))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("residencyNanosMin=" + nanos);
  }

  /** Somebody else has taken it meanwhile: a fault rests once, all the same. */
  @Test
  void aFaultRestsOnce() {
    Stage stage = new Stage(Stage.OPTIONS.withPrefetch(PrefetchPolicy.none()));
    FakeDevice d = stage.device("d0");
    FakeDevice e = stage.device("d1");
    MemorySegment s = stage.granules(1);
    for (int i = 0; i < 3; i++) {
      d.write(s.address(), 8, i);
      stage.host().write(s.address() + 8, 8, i);
    }
    int[] rests = {0};
    stage
        .host()
        .onRest(
            () -> {
              if (rests[0]++ == 0) {
                stage.host().pass(200_000);
                e.write(s.address() + 16, 8, 1); // and has just begun to use it
              }
            });
    d.write(s.address(), 8, 9);
    assertThat(rests[0]).isEqualTo(1);
    assertThat(stage.state(s, 0)).isEqualTo("DEVICE[d0]");
    stage.atEnd();
  }
}
