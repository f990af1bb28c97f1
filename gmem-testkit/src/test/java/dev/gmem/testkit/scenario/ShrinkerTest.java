package dev.gmem.testkit.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShrinkerTest {
  private static final List<Integer> HUNDRED = IntStream.range(0, 100).boxed().toList();

  @Test
  void whatAFailureTakesIsLeft() {
    List<Integer> shortest =
        new Shrinker(1000).shrink(HUNDRED, list -> list.containsAll(List.of(3, 57, 58, 99)));
    assertThat(shortest).containsExactly(3, 57, 58, 99);
  }

  @Test
  void orderIsKept() {
    List<Integer> shortest =
        new Shrinker(1000).shrink(HUNDRED.reversed(), list -> list.indexOf(80) < list.indexOf(20));
    assertThat(shortest).containsExactly(20);
    shortest =
        new Shrinker(1000)
            .shrink(HUNDRED.reversed(), list -> list.contains(80) && list.contains(20));
    assertThat(shortest).containsExactly(80, 20);
  }

  @Test
  void whatFailsAnywayBecomesEmpty() {
    assertThat(new Shrinker(1000).shrink(HUNDRED, list -> true)).isEmpty();
  }

  @Test
  void whatDoesNotFailAgainStays() {
    assertThat(new Shrinker(1000).shrink(HUNDRED, list -> false)).isEqualTo(HUNDRED);
  }

  @Test
  void attemptsEnd() {
    List<Integer> tried = new ArrayList<>();
    new Shrinker(7).shrink(HUNDRED, list -> !tried.add(0));
    assertThat(tried).hasSize(7);
  }
}
