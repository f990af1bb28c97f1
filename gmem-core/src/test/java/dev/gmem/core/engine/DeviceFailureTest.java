package dev.gmem.core.engine;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.DeviceException;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.Kernel;
import dev.gmem.KernelLaunchException;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.TransferException;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmStatusException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A device that fails: data and table stay right, nobody hangs, the user learns why. */
@Timeout(60)
class DeviceFailureTest {
  /** How a call fails. */
  enum Failure {
    DMA_ERROR(() -> GmStatus.DMA_ERROR, GmStatus.DMA_ERROR),
    SAYS_NOTHING(() -> null, GmStatus.FAILURE_UNKNOWN),
    EXCEPTION(
        () -> {
          throw new IllegalStateException("cable");
        },
        GmStatus.FAILURE_UNKNOWN),
    OUT_OF_MEMORY(
        () -> {
          throw new OutOfMemoryError("of the driver");
        },
        GmStatus.FAILURE_UNKNOWN),
    LINKAGE(
        () -> {
          throw new UnsatisfiedLinkError("no such symbol");
        },
        GmStatus.FAILURE_UNKNOWN),
    STATUS_WITH_A_CAUSE(
        () -> {
          throw new GmStatusException(GmStatus.DMA_ERROR, "parity", null);
        },
        GmStatus.DMA_ERROR);

    private final Supplier<GmStatus> answer;
    private final GmStatus status;

    Failure(Supplier<GmStatus> answer, GmStatus status) {
      this.answer = answer;
      this.status = status;
    }
  }

  private final Stage stage = new Stage();
  private int calls;
  private int failures;

  /**
   * Two devices and the CPU take granules from each other in every way there is. The call of number
   * {@code failing} fails; what it was made for is done again.
   */
  private void play(Failure failure, boolean late, int failing) {
    FakeDevice d = device("d0", failure, late, failing);
    FakeDevice e = device("d1", failure, late, failing).protects();
    MemorySegment s = stage.granules(4);
    long a = s.address();
    for (int i = 0; i < 4; i++) {
      stage.host().write(a + i * GRANULE, 8, 100 + i);
    }
    List<Runnable> steps = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      long at = a + i * GRANULE;
      steps.add(() -> d.read(at, 8));
    }
    steps.add(() -> e.write(a + GRANULE, 8, 1));
    steps.add(() -> d.write(a, 8, 2));
    steps.add(() -> stage.host().read(a + GRANULE, 8));
    steps.add(() -> e.read(a, 8));
    steps.add(() -> d.read(a, 8));
    steps.add(() -> e.write(a, 8, 3));
    steps.add(() -> stage.host().write(a + 3 * GRANULE, 8, 4));
    steps.add(() -> stage.space().prefetch(s, stage.view(e)).join());
    steps.add(() -> d.write(a + 2 * GRANULE, 8, 5));
    steps.add(() -> stage.space().prefetchToHost(s).join());
    for (Runnable step : steps) {
      attempt(step, failure);
    }
    for (int i = 0; i < 4; i++) {
      stage.host().read(a + i * GRANULE, 8);
    }
  }

  private FakeDevice device(String id, Failure failure, boolean late, int failing) {
    FakeDevice device = stage.fake(id).memoryBytes(3 * GRANULE);
    if (late) {
      device.failsLate();
    }
    device.answer(
        call -> {
          boolean counts = call.kind() != Kind.VA_ALLOC && call.kind() != Kind.VA_FREE;
          return counts && calls++ == failing ? failure.answer.get() : GmStatus.SUCCESS;
        });
    stage.attach(device);
    return device;
  }

  private void attempt(Runnable step, Failure failure) {
    try {
      step.run();
    } catch (DeviceException e) {
      failures++;
      Throwable said = e instanceof DeviceMemoryExhaustedException ? e.getCause() : e;
      assertThat(((DeviceException) said).status()).isEqualTo(failure.status);
      assertThat(e.address()).isNotZero();
      stage.atEnd();
      step.run();
    }
    stage.atEnd();
  }

  @ParameterizedTest
  @EnumSource
  void whicheverCallFailsNothingIsLost(Failure failure) {
    everyCall(failure, false);
  }

  @ParameterizedTest
  @EnumSource
  void whicheverStageFailsNothingIsLost(Failure failure) {
    everyCall(failure, true);
  }

  private static void everyCall(Failure failure, boolean late) {
    int failing = 0;
    int failed = 0;
    DeviceFailureTest run;
    do {
      run = new DeviceFailureTest();
      run.play(failure, late, failing++);
      failed += run.failures;
    } while (run.calls > failing);
    assertThat(failing).isGreaterThan(20);
    // An eviction that fails need not fail what it was made for.
    assertThat(failed).isBetween(failing / 2, failing);
  }

  @Test
  void whatAMappingThrewIsTheCause() {
    FakeDevice d = stage.device("d0");
    long a = stage.granules(1).address();
    Error error = new OutOfMemoryError("of the driver");
    d.answer(
        call -> {
          throw error;
        });
    assertThatThrownBy(() -> d.read(a, 1))
        .isExactlyInstanceOf(DeviceException.class)
        .hasMessageContaining("device=d0 status=FAILURE_UNKNOWN")
        .hasCause(error);
    stage.host().write(a, 1, 7);
    stage.atEnd();
    d.answer(call -> GmStatus.SUCCESS);
    assertThat(d.read(a, 1)).isEqualTo(7);
  }

  @Test
  void aStatusThatIsThrownCountsAsReturned() {
    FakeDevice d = stage.device("d0").failsLate();
    long a = stage.granules(1).address();
    GmStatusException parity = new GmStatusException(GmStatus.DMA_ERROR, "parity", null);
    d.answer(
        call -> {
          throw parity;
        });
    assertThatThrownBy(() -> d.read(a, 1)).isInstanceOf(TransferException.class).hasCause(parity);
    int[] left = {3};
    d.answer(
        call -> {
          if (left[0]-- > 0) {
            throw new GmStatusException(GmStatus.MIGRATING, "later", null);
          }
          return GmStatus.SUCCESS;
        });
    d.read(a, 1);
    assertThat(left[0]).isNegative();
  }

  @Test
  void whatAKernelThrowsFailsItsLaunchAndLetsGoOfItsArguments() {
    FakeDevice d = stage.faultless("d0");
    FakeCompute compute = d.computes();
    stage.attach(d);
    Kernel kernel = stage.kernel(d, "k READ_WRITE");
    MemorySegment s = stage.granules(1);
    Error error = new OutOfMemoryError("of the driver");
    compute.onStart(
        launch -> {
          throw error;
        });
    Launch thrown = kernel.launch(NdRange.of(1), s);
    assertThatThrownBy(thrown::join).isInstanceOf(KernelLaunchException.class).hasCause(error);
    compute.onStart(launch -> launch.end().completeExceptionally(error));
    Launch failed = kernel.launch(NdRange.of(1), s);
    assertThatThrownBy(failed::join).isInstanceOf(KernelLaunchException.class).hasCause(error);
    stage.host().write(s.address(), 1, 1);
    stage.atEnd();
  }

  @Test
  void aLaunchWhoseArgumentsCannotMoveFailsAndLetsGoOfThem() {
    FakeDevice d = stage.faultless("d0");
    d.computes();
    stage.attach(d);
    Kernel kernel = stage.kernel(d, "k READ_WRITE");
    MemorySegment s = stage.granules(2);
    Error error = new OutOfMemoryError("of the driver");
    d.answer(
        call -> {
          throw error;
        });
    Launch launch = kernel.launch(NdRange.of(1), s);
    assertThatThrownBy(launch::join).isInstanceOf(DeviceException.class).hasCause(error);
    assertThat(launch.isDone()).isTrue();
    stage.host().write(s.address(), 1, 1);
    stage.atEnd();
  }

  // ---- no room ----

  @Test
  void aDeviceThatHasNoRoomForARunLosesThatMuchAtOnce() {
    FakeDevice d = stage.device("d0").realBytes(128 * GRANULE);
    MemorySegment old = stage.granules(128);
    MemorySegment s = stage.granules(100);
    stage.host().write(old.address(), 1, 7);
    stage.space().prefetch(old, stage.view(d)).join();
    d.clearCalls();
    stage.space().prefetch(s, stage.view(d)).join();
    // 100 granules are 400 KiB: more than what is evicted at a time where only the quota is short.
    assertThat(d.calls(Kind.MAP)).hasSize(2);
    assertThat(d.calls(Kind.UNMAP)).hasSize(1);
    assertThat(d.calls(Kind.UNMAP).getFirst().range().bytes()).isEqualTo(100 * GRANULE);
    stage.atEnd();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBusyDeviceIsWaitedForInterruptedOrNot(boolean interrupted) {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(1);
    d.write(s.address(), 1, 7);
    long ready = System.nanoTime() + 900_000_000;
    d.answer(
        call ->
            call.kind() == Kind.UNMAP && System.nanoTime() < ready
                ? GmStatus.MIGRATING
                : GmStatus.SUCCESS);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    assertThat(stage.host().read(s.address(), 1)).isEqualTo(7);
    assertThat(Thread.interrupted()).isEqualTo(interrupted);
    stage.atEnd();
  }

  @Test
  void aDeviceThatMapsHostMemoryTooHasNoQuota() {
    FakeDevice d = stage.faultless("d0").with(GmCapability.REMOTE_MAPPING).memoryBytes(2 * GRANULE);
    FakeCompute compute = d.computes();
    stage.attach(d);
    compute.onStart(FakeCompute.Started::finish);
    Kernel kernel = stage.kernel(d, "k READ_WRITE");
    kernel.launch(NdRange.of(1), stage.granules(5)).join();
    assertThat(d.mapped()).isEqualTo(5);
    assertThat(stage.view(d).memoryBytes()).isEqualTo(2 * GRANULE);
    assertThat(stage.view(d).residentBytes()).isEqualTo(5 * GRANULE);
    stage.atEnd();
  }
}
