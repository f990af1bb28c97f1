package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FramePoolTest {
  private final FramePool pool = new FramePool(10 * 64 + 63, 64);

  @Test
  void reservesUpToItsRoomAndNothingBeyond() {
    assertThat(pool.reserve(7)).isTrue();
    assertThat(pool.reserve(4)).isFalse();
    assertThat(pool.usedPages()).isEqualTo(7);
    assertThat(pool.reserve(3)).isTrue();
    assertThat(pool.reserve(1)).isFalse();
    pool.release(2);
    assertThat(pool.reserve(3)).isFalse();
    assertThat(pool.reserve(2)).isTrue();
  }

  @Test
  void hugeReservationsDoNotOverflow() {
    assertThat(pool.reserve(1)).isTrue();
    assertThat(pool.reserve(Long.MAX_VALUE)).isFalse();
  }

  @Test
  void framesAreMadeOnDemandAndUsedAgain() {
    assertThat(pool.reserve(10)).isTrue();
    assertThat(pool.frames()).isZero();
    long[] frame = pool.takeAny();
    assertThat(frame).hasSize(8);
    pool.give(frame);
    assertThat(pool.takeAny()).isSameAs(frame);
    assertThat(pool.frames()).isEqualTo(1);
  }

  @Test
  void aFrameThatMustBeZeroIsSoEvenIfUsedBefore() {
    long[] frame = pool.takeZeroed();
    assertThat(frame).containsOnly(0);
    frame[3] = 42;
    pool.give(frame);
    assertThat(pool.takeZeroed()).isSameAs(frame).containsOnly(0);
  }
}
