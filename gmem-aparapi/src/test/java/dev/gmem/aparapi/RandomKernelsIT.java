package dev.gmem.aparapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.NdRange;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/**
 * Plain Java, the simulator and OpenCL agree on kernels that nobody has written by hand: on
 * integers to the bit, on floats within a bound. {@code -Dgmem.kernels.count=5000} checks more of
 * them; {@code -Dgmem.kernels.seed}, which each run reports, others.
 */
class RandomKernelsIT {
  /** The same kernels in every build: one that fails is of the change that was made. */
  private static final long SEED = 20_261_123;

  /** Relative to the number, or to 1 if that is larger. */
  private static final double TOLERANCE = 1e-4;

  /** Kernels in one space: what a device has compiled stays until its space is closed. */
  private static final int SPACE_KERNELS = 100;

  @TempDir Path folder;

  @Test
  void simulatorAgreesWithPlainJava(TestReporter reporter) {
    agrees(Places.SIM, 60, reporter);
  }

  @Test
  void openClAgreesWithPlainJava(TestReporter reporter) {
    agrees(Places.OPENCL, 12, reporter);
  }

  private void agrees(String id, int defaultCount, TestReporter reporter) {
    long seed = Long.getLong(RandomKernels.SEED, SEED);
    int count = Integer.getInteger(RandomKernels.COUNT, defaultCount);
    int translated = 0;
    for (int done = 0; done < count; done += SPACE_KERNELS) {
      try (Places places = Places.open(id)) {
        translated +=
            new RandomKernels(folder)
                .check(
                    seed + done,
                    Math.min(SPACE_KERNELS, count - done),
                    kernel -> places.check(kernel, NdRange.of(RandomKernels.ITEMS), TOLERANCE));
      }
    }
    reporter.publishEntry(
        id + " " + RandomKernels.SEED + "=" + seed,
        "kernels=" + count + " translated=" + translated);
    assertThat(translated).as("translated, of " + count).isGreaterThanOrEqualTo(count / 2);
  }

  /** The control: what is wrong is found, and told in few lines. */
  @Test
  void aKernelThatFailsIsShortenedAndTold() {
    RandomKernels kernels = new RandomKernels(folder);
    assertThatThrownBy(
            () ->
                kernels.check(
                    SEED,
                    50,
                    kernel -> {
                      if (Translation.of(kernel.getClass()).text().contains("while")) {
                        throw new IllegalStateException("a loop");
                      }
                    }))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("gmem.kernels.seed=202611")
        .hasMessageContaining("a random kernel failed: a loop")
        .hasMessageContaining("extends com.aparapi.Kernel");
  }
}
