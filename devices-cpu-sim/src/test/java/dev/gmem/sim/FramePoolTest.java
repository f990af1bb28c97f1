package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FramePoolTest {
  private static final int SHIFT = 6;
  private final FramePool pool = new FramePool(10 * 64 + 63);

  @Test
  void reservesUpToItsRoomAndNothingBeyond() {
    assertThat(pool.reserve(7 * 64)).isTrue();
    assertThat(pool.reserve(4 * 64)).isFalse();
    assertThat(pool.usedBytes()).isEqualTo(7 * 64);
    assertThat(pool.reserve(3 * 64)).isTrue();
    assertThat(pool.reserve(64)).isFalse();
    pool.release(2 * 64);
    assertThat(pool.reserve(3 * 64)).isFalse();
    assertThat(pool.reserve(2 * 64)).isTrue();
  }

  @Test
  void hugeReservationsDoNotOverflow() {
    assertThat(pool.reserve(1)).isTrue();
    assertThat(pool.reserve(Long.MAX_VALUE)).isFalse();
  }

  @Test
  void framesAreMadeOnDemandAndUsedAgain() {
    assertThat(pool.reserve(640)).isTrue();
    assertThat(pool.frameBytes()).isZero();
    long[] frame = pool.takeAny(SHIFT);
    assertThat(frame).hasSize(8);
    pool.give(frame);
    assertThat(pool.takeAny(SHIFT)).isSameAs(frame);
    assertThat(pool.frameBytes()).isEqualTo(64);
  }

  @Test
  void aFrameThatMustBeZeroIsSoEvenIfUsedBefore() {
    long[] frame = pool.takeZeroed(SHIFT);
    assertThat(frame).containsOnly(0);
    frame[3] = 42;
    pool.give(frame);
    assertThat(pool.takeZeroed(SHIFT)).isSameAs(frame).containsOnly(0);
  }

  @Test
  void idleFramesOfOneSizeMakePlaceForThoseOfAnother() {
    for (int i = 0; i < 10; i++) {
      pool.give(pool.takeAny(SHIFT));
    }
    long[] small = pool.takeAny(SHIFT);
    assertThat(pool.takeAny(SHIFT + 3)).hasSize(64);
    assertThat(pool.takeAny(SHIFT)).hasSize(8).isNotSameAs(small);
    assertThat(pool.frameBytes()).isEqualTo(512 + 2 * 64);
  }
}
