package dev.gmem.aparapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aparapi.Kernel;
import dev.gmem.Access;
import dev.gmem.Argument;
import dev.gmem.NdRange;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which elements a launch is certain to touch. */
class ReachTest {
  static class Each extends Kernel {
    int[] out;

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = i;
    }
  }

  static final class Backwards extends Kernel {
    int[] out;

    @Override
    public void run() {
      out[out.length - 1 - getGlobalId()] = 1;
    }
  }

  /** Loops and choices on the way to the one element that is written. */
  static final class Plane extends Kernel {
    int[] out;
    int width;
    int limit;

    @Override
    public void run() {
      int x = getGlobalId(0);
      int y = getGlobalId(1);
      int at = y * width + x;
      int sum = 0;
      for (int i = 0; i < limit && sum < 100; i++) {
        sum += i % 2 == 0 ? x : y;
      }
      out[at] = sum > 7 ? sum : -sum;
    }
  }

  static final class Rows extends Kernel {
    int[][] out;

    @Override
    public void run() {
      out[getGlobalId(1)][getGlobalId(0)] = 1;
    }
  }

  static final class Conditional extends Kernel {
    int[] out;

    @Override
    public void run() {
      int i = getGlobalId();
      if (i > 3) {
        out[i] = i;
      }
    }
  }

  static final class Leaves extends Kernel {
    int[] out;

    @Override
    public void run() {
      int i = getGlobalId();
      if (i > 3) {
        return;
      }
      out[i] = i;
    }
  }

  static final class Moves extends Kernel {
    int[] out;

    @Override
    public void run() {
      int i = getGlobalId();
      if (getPassId() > 0) {
        i = 0;
      }
      out[i] = i;
    }
  }

  static final class Steps extends Kernel {
    int[] out;

    @Override
    public void run() {
      int i = getGlobalId();
      i++;
      out[i] = i;
    }
  }

  static final class Squares extends Kernel {
    int[] out;

    @Override
    public void run() {
      out[getGlobalId() * getGlobalId()] = 1;
    }
  }

  static final class ReadsToo extends Kernel {
    int[] out;

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = i;
      out[i] += out[0];
    }
  }

  static final class ByPass extends Kernel {
    int[] out;

    @Override
    public void run() {
      out[getPassId() * getGlobalSize() + getGlobalId()] = 1;
    }
  }

  static final class Neighbour extends Kernel {
    int[] in;
    int[] out;

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = in[i + 1];
    }
  }

  /** All arrays have these lengths, all scalars this value. */
  private record Same(int scalar, int... all) implements Values {
    @Override
    public Object scalar(KernelParameter.Scalar field) {
      return scalar;
    }

    @Override
    public Argument.Buffer buffer(KernelParameter.Array array) {
      throw new AssertionError(array);
    }

    @Override
    public int[] lengths(KernelParameter.Array array) {
      return all;
    }
  }

  private static Access access(
      Class<? extends Kernel> type, NdRange range, int passId, Values values) {
    Translation translation = Translation.of(type);
    for (KernelParameter.Array array : translation.arrays()) {
      if (array.name().equals("out")) {
        return translation.reach().access(array, range, passId, values);
      }
    }
    throw new AssertionError(type);
  }

  private static Access access(Class<? extends Kernel> type, NdRange range, Values values) {
    return access(type, range, 0, values);
  }

  @Test
  void whatTheItemsWriteAllOfIsOverwritten() {
    assertThat(access(Each.class, NdRange.of(9), new Same(0, 9))).isEqualTo(Access.OVERWRITE);
    assertThat(access(Backwards.class, NdRange.of(9), new Same(0, 9))).isEqualTo(Access.OVERWRITE);
    assertThat(access(Plane.class, NdRange.of(4, 3), new Same(4, 12))).isEqualTo(Access.OVERWRITE);
    assertThat(access(Rows.class, NdRange.of(4, 3), new Same(0, 3, 4))).isEqualTo(Access.OVERWRITE);
    assertThat(access(ByPass.class, NdRange.of(9), new Same(0, 9))).isEqualTo(Access.OVERWRITE);
  }

  @Test
  void whatTheyMayLeaveIsNot() {
    assertThat(access(Each.class, NdRange.of(8), new Same(0, 9))).isEqualTo(Access.WRITE);
    assertThat(access(Plane.class, NdRange.of(4, 3), new Same(3, 12))).isEqualTo(Access.WRITE);
    assertThat(access(Plane.class, NdRange.of(4, 3), new Same(5, 12))).isEqualTo(Access.WRITE);
    assertThat(access(Plane.class, NdRange.of(4, 3), new Same(4, 13))).isEqualTo(Access.WRITE);
    assertThat(access(Rows.class, NdRange.of(3, 4), new Same(0, 3, 4))).isEqualTo(Access.WRITE);
    assertThat(access(ByPass.class, NdRange.of(9), 1, new Same(0, 9))).isEqualTo(Access.WRITE);
    for (var type : java.util.List.of(Conditional.class, Leaves.class, Moves.class, Steps.class)) {
      assertThat(access(type, NdRange.of(9), new Same(0, 9))).isEqualTo(Access.WRITE);
    }
    assertThat(access(Squares.class, NdRange.of(1), new Same(0, 1))).isEqualTo(Access.WRITE);
    assertThat(access(ReadsToo.class, NdRange.of(9), new Same(0, 9))).isEqualTo(Access.READ_WRITE);
  }

  private static void check(Class<? extends Kernel> type, NdRange range, Values values) {
    Translation.of(type).reach().check("Some", range, 0, values);
  }

  @Test
  void itemsThatAreCertainToReachBeyondAnArrayAreRefused() {
    check(Neighbour.class, NdRange.of(8), new Same(0, 9));
    assertThatThrownBy(() -> check(Neighbour.class, NdRange.of(9), new Same(0, 9)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("reach beyond an array")
        .hasMessageContaining("kernel=Some field=in length=9 indexMin=1 indexMax=9");
    assertThatThrownBy(() -> check(Plane.class, NdRange.of(4, 3), new Same(-1, 12)))
        .hasMessageContaining("indexMin=-2 indexMax=3");
    assertThatThrownBy(() -> check(Rows.class, NdRange.of(4, 4), new Same(0, 3, 4)))
        .hasMessageContaining("dimension=0 length=3")
        .hasMessageContaining("indexMax=3");
    assertThatThrownBy(() -> check(Rows.class, NdRange.of(5, 3), new Same(0, 3, 4)))
        .hasMessageContaining("dimension=1 length=4")
        .hasMessageContaining("indexMax=4");
  }

  @Test
  void itemsThatMayNotReachItAreNot() {
    check(Conditional.class, NdRange.of(99), new Same(0, 1));
    check(Leaves.class, NdRange.of(99), new Same(0, 1));
    check(Steps.class, NdRange.of(99), new Same(0, 1));
    check(Squares.class, NdRange.of(99), new Same(0, 1));
  }

  @Test
  void numbersThatWrapAroundAreNotFollowed() {
    Map<String, Integer> far = Map.of("width", Integer.MAX_VALUE);
    check(Plane.class, NdRange.of(1, 3), new Same(far.get("width"), 1));
  }
}
