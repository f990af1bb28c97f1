package dev.gmem.aparapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.aparapi.Kernel;
import dev.gmem.NdRange;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernels as they are written for Aparapi: a device and plain Java agree. */
class ExampleKernelsIT {
  private static final double TOLERANCE = 1e-4;

  private static Kernel life() {
    ExampleKernels.Life life = new ExampleKernels.Life(24, 20);
    for (int i = 0; i < life.even.length; i++) {
      life.even[i] = (byte) (i * i % 7 < 3 ? 1 : 0);
    }
    return life;
  }

  static Stream<Arguments> kernels() {
    return Stream.of(Places.SIM, Places.OPENCL)
        .flatMap(
            id ->
                Stream.of(
                    Arguments.of(
                        id,
                        new ExampleKernels.Squares(new int[] {1, -2, 3, 46_341}),
                        NdRange.of(4),
                        1),
                    Arguments.of(
                        id, new ExampleKernels.MandelbrotSet(48, 40, 60), NdRange.of(1_920), 1),
                    Arguments.of(id, life(), NdRange.of(24, 20), 5),
                    Arguments.of(id, new ExampleKernels.Bodies(96), NdRange.of(96), 1),
                    Arguments.of(
                        id, new ExampleKernels.Convolution(20, 16), NdRange.of(20 * 16 * 3), 1),
                    Arguments.of(id, new ExampleKernels.BlackScholes(200), NdRange.of(200), 1),
                    Arguments.of(id, new ExampleKernels.MatrixRows(12), NdRange.of(12, 12), 1),
                    Arguments.of(
                        id, new ExampleKernels.MatrixTiles(12), NdRange.of(12, 12).local(4, 4), 1),
                    Arguments.of(id, new ExampleKernels.Median(150), NdRange.of(150), 1),
                    Arguments.of(
                        id, new ExampleKernels.Reduction(128, 16), NdRange.of(128).local(16), 1)));
  }

  @ParameterizedTest(name = "{1} on {0}")
  @MethodSource("kernels")
  void agreesWithPlainJava(String deviceId, Kernel kernel, NdRange range, int passes) {
    try (Places places = Places.open(deviceId)) {
      places.check(kernel, range, passes, TOLERANCE);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void whatTheExamplesComputeIsRight(String deviceId) {
    ExampleKernels.MatrixTiles tiles = new ExampleKernels.MatrixTiles(8);
    ExampleKernels.Reduction reduction = new ExampleKernels.Reduction(64, 8);
    try (Places places = Places.open(deviceId)) {
      places.check(tiles, NdRange.of(8, 8).local(4, 4), 0);
      places.check(reduction, NdRange.of(64).local(8), 0);
    }
    for (int row = 0; row < 8; row++) {
      for (int column = 0; column < 8; column++) {
        float sum = 0;
        for (int k = 0; k < 8; k++) {
          sum += tiles.a[row * 8 + k] * tiles.b[k * 8 + column];
        }
        assertThat(tiles.product[row * 8 + column]).isEqualTo(sum);
      }
    }
    int total = 0;
    for (int value : reduction.values) {
      total += value;
    }
    assertThat(reduction.total[0]).isEqualTo(total);
  }
}
