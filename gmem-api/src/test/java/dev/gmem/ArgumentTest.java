package dev.gmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArgumentTest {
  @Test
  void aVectorKeepsItsComponents() {
    assertThat(Argument.vector(1f, 2f, 3f)).isEqualTo(new Argument.Vector(List.of(1f, 2f, 3f)));
  }

  @Test
  void aVectorHasAsManyComponentsAsOpenClKnows() {
    for (int wrong : new int[] {0, 1, 5, 7, 15, 17}) {
      Object[] components = new Object[wrong];
      Arrays.fill(components, 1);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Argument.vector(components))
          .withMessageContaining("components=" + wrong);
    }
  }

  @Test
  void theComponentsOfAVectorAreNumbersOfOneType() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Argument.vector(1f, 2))
        .withMessageContaining("one type");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Argument.vector("x", "y"))
        .withMessageContaining("numbers");
  }
}
