package dev.gmem.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PairsTest {
  @Test
  void aFigureIsTheMedianOverPairsAndNotTheRatioOfMedians() {
    Pairs pairs = new Pairs();
    pairs.add(1, 2);
    pairs.add(10, 11);
    pairs.add(100, 300);
    Row row = pairs.row("b", "c", "ns", Figure.Kind.RATIO, Row.NO_LIMIT);
    assertThat(row.figure().median()).isEqualTo(2);
    assertThat(row.floor()).isEqualTo(10);
    assertThat(row.measured()).isEqualTo(11);
    assertThat(row.figure().pairs()).isEqualTo(3);
  }

  @Test
  void differencesAndPercentagesAreTakenPairByPair() {
    Pairs pairs = new Pairs();
    pairs.add(200, 201);
    assertThat(figure(pairs, Figure.Kind.DIFFERENCE)).isEqualTo(1);
    assertThat(figure(pairs, Figure.Kind.PERCENT)).isCloseTo(100.5, within(1e-9));
  }

  private static double figure(Pairs pairs, Figure.Kind kind) {
    return pairs.row("b", "c", "ns", kind, Row.NO_LIMIT).figure().median();
  }

  @Test
  void aLimitIsKeptUpToItsVeryValue() {
    Pairs pairs = new Pairs();
    pairs.add(100, 103);
    assertThat(pairs.row("b", "c", "ns", Figure.Kind.RATIO, 1.03).ok()).isTrue();
    assertThat(pairs.row("b", "c", "ns", Figure.Kind.RATIO, 1.02).ok()).isFalse();
    Row free = pairs.row("b", "c", "ns", Figure.Kind.RATIO, Row.NO_LIMIT);
    assertThat(free.ok()).isTrue();
    assertThat(free.limited()).isFalse();
  }
}
