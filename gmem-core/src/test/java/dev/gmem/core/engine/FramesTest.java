package dev.gmem.core.engine;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.AddressSpaceExhaustedException;
import dev.gmem.Kernel;
import dev.gmem.KernelLaunchException;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Host frames of what lives on a device alone are given back beyond a limit. */
@Timeout(60)
class FramesTest {
  private static final int GRANULES = 20;
  private static final long GIVEN_BACK = 0x5A;

  private static Stage stage(long retained) {
    return new Stage(
        SpaceOptions.defaults()
            .withGranuleBytes(GRANULE)
            .withReservedBytes(16 << 20)
            .withRetainedBytesMax(retained * GRANULE));
  }

  private static MemorySegment filled(Stage stage) {
    MemorySegment s = stage.granules(GRANULES);
    for (int i = 0; i < GRANULES; i++) {
      stage.host().write(at(s, i), 1, i + 1);
    }
    return s;
  }

  private static long at(MemorySegment s, int granule) {
    return s.address() + (long) granule * GRANULE;
  }

  private static int retained(Stage stage, MemorySegment s) {
    int count = 0;
    for (int i = 0; i < GRANULES; i++) {
      count += stage.host().peek(at(s, i), 1) == GIVEN_BACK ? 0 : 1;
    }
    return count;
  }

  private static long givenBack(Stage stage) {
    return stage.space().statistics().bytesGivenBack() / GRANULE;
  }

  private static void expect(Stage stage, MemorySegment s, int more) {
    for (int i = 0; i < GRANULES; i++) {
      assertThat(stage.host().read(at(s, i), 1)).isEqualTo(i + 1 + more);
    }
  }

  private static void increment(FakeDevice d, MemorySegment s, int first, int end) {
    for (int i = first; i < end; i++) {
      long value = d.read(at(s, i), 1);
      d.write(at(s, i), 1, value + 1);
    }
  }

  @Test
  void nothingIsRetainedIfNothingIsToBe() {
    Stage stage = stage(0);
    FakeDevice d = stage.device("d0");
    MemorySegment s = filled(stage);
    increment(d, s, 0, GRANULES);
    assertThat(retained(stage, s)).isZero();
    assertThat(givenBack(stage)).isEqualTo(GRANULES);
    expect(stage, s, 1);
    increment(d, s, 0, GRANULES);
    expect(stage, s, 2);
    stage.close();
  }

  @Test
  void everythingIsRetainedUnlessSaidOtherwise() {
    Stage stage = new Stage();
    FakeDevice d = stage.device("d0");
    MemorySegment s = filled(stage);
    increment(d, s, 0, GRANULES);
    assertThat(retained(stage, s)).isEqualTo(GRANULES);
    assertThat(givenBack(stage)).isZero();
    stage.close();
  }

  @Test
  void noMoreIsRetainedThanMayBe() {
    Stage stage = stage(8);
    FakeDevice d = stage.device("d0");
    MemorySegment s = filled(stage);
    for (int round = 0; round < 10; round++) {
      increment(d, s, 0, GRANULES);
      assertThat(retained(stage, s)).isLessThanOrEqualTo(8);
      assertThat(round > 0 || retained(stage, s) > 0).isTrue();
      for (int i = round; i < round + 5; i++) {
        assertThat(stage.host().read(at(s, i), 1)).isEqualTo(i + 2 + round); // comes home
      }
    }
    expect(stage, s, 10);
    stage.close();
  }

  @Test
  void theLimitHoldsForAllAllocationsTogetherAndForgetsThoseThatAreGone() {
    Stage stage = stage(GRANULES);
    FakeDevice d = stage.device("d0");
    for (int round = 0; round < 3; round++) {
      Arena arena = stage.space().arena();
      MemorySegment other = arena.allocate((long) GRANULES * GRANULE, GRANULE);
      for (int i = 0; i < GRANULES; i++) {
        d.write(at(other, i), 1, i);
      }
      long before = givenBack(stage);
      MemorySegment s = filled(stage);
      increment(d, s, 0, GRANULES);
      assertThat(givenBack(stage) - before).isPositive();
      expect(stage, s, 1);
      arena.close();
    }
    long before = givenBack(stage);
    MemorySegment s = filled(stage);
    increment(d, s, 0, GRANULES);
    assertThat(givenBack(stage)).isEqualTo(before); // all else is home, or gone
    stage.close();
  }

  @Test
  void whatTheHostHasTooStays() {
    Stage stage = stage(0);
    FakeDevice d = stage.device("d0");
    MemorySegment s = filled(stage);
    for (int i = 0; i < GRANULES; i++) {
      assertThat(d.read(at(s, i), 1)).isEqualTo(i + 1);
    }
    assertThat(retained(stage, s)).isEqualTo(GRANULES);
    assertThat(givenBack(stage)).isZero();
    expect(stage, s, 0);
    stage.close();
  }

  @Test
  void whatALaunchOverwritesStaysUntilItHasSucceeded() {
    Stage stage = stage(0);
    FakeDevice d = stage.faultless("d0");
    FakeCompute compute = d.computes();
    stage.attach(d);
    Kernel kernel = stage.kernel(d, "k OVERWRITE");
    MemorySegment s = filled(stage);
    compute.onStart(launch -> launch.end().completeExceptionally(new RuntimeException("trap")));
    assertThatThrownBy(() -> kernel.launch(NdRange.of(1), s).join())
        .isInstanceOf(KernelLaunchException.class);
    assertThat(givenBack(stage)).isZero();
    expect(stage, s, 0);
    compute.onStart(
        launch -> {
          for (int i = 0; i < GRANULES; i++) {
            d.write(at(s, i), 1, i + 2);
          }
          launch.finish();
        });
    kernel.launch(NdRange.of(1), s).join();
    assertThat(retained(stage, s)).isZero();
    assertThat(givenBack(stage)).isEqualTo(GRANULES);
    expect(stage, s, 1);
    stage.close();
  }

  @Test
  void whatMayBeTheMemoryOfADeviceStays() {
    Stage stage = stage(0);
    FakeDevice d = stage.faultless("d0").with(GmCapability.REMOTE_MAPPING);
    FakeCompute compute = d.computes();
    stage.attach(d);
    compute.onStart(FakeCompute.Started::finish);
    MemorySegment s = filled(stage);
    stage.kernel(d, "k READ_WRITE").launch(NdRange.of(1), s).join();
    assertThat(stage.state(s, 0)).isEqualTo("DEVICE[d0]");
    assertThat(retained(stage, s)).isEqualTo(GRANULES);
    expect(stage, s, 0);
    stage.kernel(d, "k OVERWRITE").launch(NdRange.of(1), s).join();
    assertThat(retained(stage, s)).isEqualTo(GRANULES);
    assertThat(givenBack(stage)).isZero();
    stage.close();
  }

  @Test
  void aSystemThatKeepsThemIsNoFailure() {
    Stage stage = stage(0);
    FakeDevice d = stage.device("d0");
    MemorySegment s = filled(stage);
    stage.host().failNextDiscard(new AddressSpaceExhaustedException("no"));
    increment(d, s, 0, GRANULES);
    assertThat(givenBack(stage)).isLessThan(GRANULES);
    expect(stage, s, 1);
    stage.close();
  }

  @Test
  void aLimitIsNotNegative() {
    assertThatThrownBy(() -> SpaceOptions.defaults().withRetainedBytesMax(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("retainedBytesMax=-1");
  }
}
