package dev.gmem.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BouncesTest {
  private static final long RESIDENCY_NANOS = 200_000;
  private static final int DEVICE = 3;
  private final Bounces bounces = new Bounces(RESIDENCY_NANOS);
  private long now = 5;

  private boolean taken(long granule, int node) {
    now += 1000;
    return bounces.taken(granule, node, now);
  }

  private long rest(long granule, int node) {
    return bounces.mayRest(granule, node) ? bounces.restNanos(granule, node, now) : 0;
  }

  @Test
  void aGranuleBouncesWhenItHasBeenTakenInTurns() {
    assertThat(taken(7, DEVICE)).isFalse();
    assertThat(taken(7, Bounces.HOST)).isFalse();
    assertThat(rest(7, DEVICE)).isZero();
    assertThat(taken(7, DEVICE)).isTrue();
    assertThat(rest(7, Bounces.HOST)).isEqualTo(RESIDENCY_NANOS);
    assertThat(rest(7, DEVICE)).as("whose it is").isZero();
    assertThat(rest(8, Bounces.HOST)).as("another one").isZero();
    now += RESIDENCY_NANOS - 10;
    assertThat(rest(7, Bounces.HOST)).isEqualTo(10);
    now += 10;
    assertThat(rest(7, Bounces.HOST)).isZero();
  }

  @Test
  void oneSideAloneIsNoBounce() {
    for (int i = 0; i < 9; i++) {
      assertThat(taken(7, DEVICE)).isFalse();
    }
    assertThat(rest(7, Bounces.HOST)).isZero();
  }

  @Test
  void itEndsWhenNobodyHasTakenItForAWhile() {
    for (int i = 0; i < 4; i++) {
      taken(7, i % 2 == 0 ? DEVICE : Bounces.HOST);
    }
    now += 3_000_000;
    assertThat(taken(7, DEVICE)).isFalse();
    assertThat(rest(7, Bounces.HOST)).isZero();
  }

  @Test
  void whoHasRestedIsStillInTurn() {
    for (int i = 0; i < 9; i++) {
      boolean bounces = taken(7, i % 2 == 0 ? DEVICE : Bounces.HOST);
      assertThat(bounces).isEqualTo(i >= Bounces.TURNS_MIN - 1);
      now += RESIDENCY_NANOS + 900_000;
    }
  }

  @Test
  void granulesOfOnePlaceForgetEachOther() {
    for (int i = 0; i < 9; i++) {
      assertThat(taken(7, i % 2 == 0 ? DEVICE : Bounces.HOST)).isFalse();
      assertThat(taken(7 + 64, DEVICE)).isFalse();
    }
  }
}
