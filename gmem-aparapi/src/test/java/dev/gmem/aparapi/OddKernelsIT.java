package dev.gmem.aparapi;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aparapi.Kernel;
import dev.gmem.NdRange;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where Java and C differ, kernels mean what Java means. */
class OddKernelsIT {
  private static final double TOLERANCE = 1e-6;

  static final class IndexChanges extends OddKernels.Numbers {
    @Override
    public void run() {
      int n = 0;
      out[n++] = n;
    }
  }

  static final class ValueChanges extends OddKernels.Numbers {
    @Override
    public void run() {
      int n = 0;
      out[n] = n++;
    }
  }

  static final class SumChanges extends OddKernels.Numbers {
    @Override
    public void run() {
      int n = ints[0];
      int m = n++ * 10 + n++ * 100 + n;
      out[0] = m;
    }
  }

  static final class AssignsWithin extends OddKernels.Numbers {
    @Override
    public void run() {
      int n = ints[0];
      out[0] = n + (n = 2) + n;
    }
  }

  static Stream<Kernel> kernels() {
    return Stream.of(
        new OddKernels.Comparisons(),
        new OddKernels.NotANumberLoop(),
        new OddKernels.Conversions(),
        new OddKernels.CompoundAssignments(),
        new OddKernels.Shifts(),
        new OddKernels.Divisions(),
        new OddKernels.Overflows(),
        new OddKernels.Absolutes(),
        new OddKernels.Order(),
        new OddKernels.OrderOfCalls(),
        new OddKernels.Conditions(),
        new OddKernels.EarlyReturn(),
        new OddKernels.Continues(),
        new OddKernels.Literals(),
        new OddKernels.CharArithmetic(),
        new OddKernels.SameNames(),
        new OddKernels.NamesOfOpenCl(),
        new OddKernels.Ternaries(),
        new OddKernels.Bits(),
        new OddKernels.Roundings(),
        new OddKernels.Slots(),
        new LoopKernels.DoAnd(),
        new LoopKernels.DoMixed(),
        new LoopKernels.DoAroundLoops(),
        new LoopKernels.DoContinues(),
        new LoopKernels.DoInWhile(),
        new LoopKernels.DoWithNaN(),
        new LoopKernels.AssignsInHead(),
        new LoopKernels.AssignsBehindAnd(),
        new LoopKernels.AssignsInFor(),
        new LoopKernels.AssignsInIf(),
        new LoopKernels.CountsDown(),
        new LoopKernels.WithoutBody(),
        new LoopKernels.InHelpers());
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void theSimulatorMeansWhatJavaMeans(Kernel kernel) {
    try (Places places = Places.open(Places.SIM)) {
      places.check(kernel, NdRange.of(OddKernels.COUNT), TOLERANCE);
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void openClMeansWhatJavaMeans(Kernel kernel) {
    try (Places places = Places.open(Places.OPENCL)) {
      places.check(kernel, NdRange.of(OddKernels.COUNT), TOLERANCE);
    }
  }

  @ParameterizedTest
  @ValueSource(
      classes = {IndexChanges.class, ValueChanges.class, SumChanges.class, AssignsWithin.class})
  void whatCDoesInAnyOrderIsRefused(Class<? extends Kernel> type) {
    assertThatThrownBy(() -> Translation.of(type))
        .isInstanceOf(KernelTranslationException.class)
        .hasMessageContaining("changes and uses elsewhere")
        .hasMessageContaining("simpler statements")
        .hasMessageContaining(type.getName());
  }
}
