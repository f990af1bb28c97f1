package dev.gmem.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumbersTest {
  @Test
  void medianOfAnOddNumberIsTheMiddleOneInAnyOrder() {
    double[] values = {9, 1, 5};
    assertThat(Numbers.median(values)).isEqualTo(5);
    assertThat(values).as("left as they were").containsExactly(9, 1, 5);
  }

  @Test
  void medianOfAnEvenNumberIsHalfWayBetweenTheMiddleOnes() {
    assertThat(Numbers.median(new double[] {4, 1, 2, 100})).isEqualTo(3);
  }

  @Test
  void quantilesAtTheEndsAreTheExtremes() {
    double[] values = {3, 1, 2};
    assertThat(Numbers.quantile(values, 0)).isEqualTo(1);
    assertThat(Numbers.quantile(values, 1)).isEqualTo(3);
    assertThat(Numbers.quantile(values, 0.25)).isEqualTo(1.5);
  }

  @Test
  void quantilesOfNothingAndOutsideOfTheRangeAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Numbers.quantile(new double[0], 0.5))
        .withMessageContaining("at least one value");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Numbers.quantile(new double[] {1}, 1.5))
        .withMessageContaining("quantile=1.5");
  }

  @ParameterizedTest
  @CsvSource({"0.2741, 0.274", "1.5, 1.50", "63.24, 63.2", "1048576, 1048576", "0, 0.000"})
  void numbersHaveThreeSignificantDigitsOrAllBeforeThePoint(double value, String text) {
    assertThat(Numbers.format(value)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0, 0 B", "1000, 1000 B", "16384, 16 KiB", "1048576, 1 MiB", "1536, 1536 B"})
  void sizesHaveTheGreatestUnitThatDividesThem(long bytes, String text) {
    assertThat(Numbers.bytes(bytes)).isEqualTo(text);
  }
}
