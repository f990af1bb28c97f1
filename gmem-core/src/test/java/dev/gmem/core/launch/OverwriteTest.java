package dev.gmem.core.launch;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Argument;
import dev.gmem.DeviceException;
import dev.gmem.Kernel;
import dev.gmem.KernelLaunchException;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeCompute.Started;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a launch overwrites keeps its old contents until the kernel has succeeded. */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD) // joins are not interruptible
class OverwriteTest {
  private static final NdRange ONE = NdRange.of(1);
  private static final int GRANULES = 3;

  /** Who has the valid copy before the launch. */
  enum Before {
    NOBODY,
    HOST,
    HOST_AND_DEVICE,
    HOST_AND_OTHER,
    OTHER,
    DEVICE
  }

  /** What goes wrong. */
  enum Fault {
    A_MAPPING,
    THE_NEXT_ARGUMENT,
    THE_START,
    THE_KERNEL
  }

  private final Stage stage = new Stage();
  private final FakeDevice d = stage.faultless("d0");
  private final FakeCompute compute = d.computes();
  private final FakeDevice e = stage.fake("d1");
  private final RuntimeException trap = new RuntimeException("trap");
  private MemorySegment s;
  private MemorySegment next;
  private Kernel kernel;
  private int old;

  @BeforeEach
  void attach() {
    stage.attach(d);
    stage.attach(e);
    s = stage.granules(GRANULES);
    next = stage.granules(1);
    kernel = stage.kernel(d, "k OVERWRITE READ_WRITE");
  }

  private void prepare(Before before) {
    old = before == Before.NOBODY ? 0 : 7;
    for (long at = s.address(); at < s.address() + s.byteSize() && old != 0; at += GRANULE) {
      if (before == Before.OTHER) {
        e.write(at, 1, old);
      } else {
        stage.host().write(at, 1, old);
      }
    }
    switch (before) {
      case HOST_AND_DEVICE -> stage.space().prefetch(s, stage.view(d)).join();
      case HOST_AND_OTHER -> stage.space().prefetch(s, stage.view(e)).join();
      case DEVICE -> {
        compute.onStart(Started::finish);
        stage.kernel(d, "w READ_WRITE").launch(ONE, s).join();
      }
      default -> {}
    }
  }

  /** The kernel overwrites some of it, and fails, if it comes to that. */
  private void fail(Fault fault) {
    compute.onStart(
        launch -> {
          if (fault == Fault.THE_START) {
            throw trap;
          }
          if (d.maps(s.address())) {
            d.scribble(s.address(), 99);
          }
          launch.end().completeExceptionally(trap);
        });
    d.answer(
        call -> {
          boolean first = call.range().address() == s.address();
          boolean fails =
              call.kind() == Kind.MAP
                  && (fault == Fault.A_MAPPING && first
                      || fault == Fault.THE_NEXT_ARGUMENT && !first);
          return fails ? GmStatus.DMA_ERROR : GmStatus.SUCCESS;
        });
  }

  private void heal() {
    d.answer(call -> GmStatus.SUCCESS);
  }

  private void assertOld() {
    for (long at = s.address(); at < s.address() + s.byteSize(); at += GRANULE) {
      assertThat(stage.host().read(at, 1)).isEqualTo(old);
    }
  }

  private void failAndCheck(Before before, Fault fault) {
    prepare(before);
    fail(fault);
    Launch launch = kernel.launch(ONE, s, next);
    if (before == Before.DEVICE && fault == Fault.A_MAPPING) {
      assertThatThrownBy(launch::join).isInstanceOf(KernelLaunchException.class);
    } else if (fault == Fault.A_MAPPING || fault == Fault.THE_NEXT_ARGUMENT) {
      assertThatThrownBy(launch::join).isInstanceOf(DeviceException.class);
    } else {
      assertThatThrownBy(launch::join).isInstanceOf(KernelLaunchException.class).hasCause(trap);
    }
    heal();
    stage.atEnd();
  }

  @ParameterizedTest
  @EnumSource
  void whateverFailsTheOldContentsStay(Fault fault) {
    for (Before before : Before.values()) {
      if (before == Before.DEVICE && (fault == Fault.A_MAPPING || fault == Fault.THE_KERNEL)) {
        continue; // nothing is mapped; and what was there alone has been scribbled on
      }
      OverwriteTest run = new OverwriteTest();
      run.attach();
      run.failAndCheck(before, fault);
      run.assertOld();
      run.stage.atEnd();
      run.stage.close();
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatFailedIsOnTheHostAndTheDeviceHasItsRoomBack(Before before) {
    if (before == Before.DEVICE) {
      return;
    }
    failAndCheck(before, Fault.THE_START);
    assertThat(stage.space().residency(s).bytesOnHost()).isEqualTo(s.byteSize());
    assertThat(stage.space().residency(s).bytesOn("d0")).isZero();
    assertThat(stage.view(d).residentBytes()).isEqualTo(GRANULE); // the next argument
    assertThat(d.maps(s.address())).isFalse();
  }

  @Test
  void theNextLaunchFindsTheOldContentsToo() {
    prepare(Before.HOST);
    compute.onStart(launch -> {});
    Launch first = kernel.launch(ONE, s, next);
    Launch second = stage.kernel(d, "w READ_WRITE").launch(ONE, s);
    while (compute.started().isEmpty()) {
      Thread.onSpinWait();
    }
    compute.onStart(
        launch -> {
          assertThat(d.read(s.address(), 1)).isEqualTo(old);
          d.write(s.address() + 1, 1, 8);
          launch.finish();
        });
    d.scribble(s.address(), 99);
    compute.last().end().completeExceptionally(trap);
    assertThatThrownBy(first::join).hasCause(trap);
    second.join();
    assertThat(stage.host().read(s.address(), 2)).isEqualTo(8 << 8 | old);
    stage.atEnd();
  }

  @Test
  void whatAKernelHasOverwrittenIsValid() {
    prepare(Before.HOST);
    compute.onStart(
        launch -> {
          for (int i = 0; i < GRANULES; i++) {
            d.write(s.address() + i * GRANULE, 1, 9);
          }
          launch.finish();
        });
    kernel.launch(ONE, s, next).join();
    assertThat(stage.state(s, 0)).isEqualTo("DEVICE[d0]");
    assertThat(stage.space().residency(s).bytesOnHost()).isZero();
    old = 9;
    assertOld();
    stage.atEnd();
  }

  @Test
  void whileTheKernelRunsTheHostHasTheValidCopy() {
    prepare(Before.HOST);
    kernel.launch(ONE, s, next);
    while (compute.started().isEmpty()) {
      Thread.onSpinWait();
    }
    var extent = stage.space().residency(s).extents().getFirst();
    assertThat(extent.state()).isEqualTo(PageState.EVICTED);
    assertThat(extent.devices()).isEmpty();
    assertThat(extent.moving()).isTrue();
    compute.last().end().completeExceptionally(trap);
    assertOld();
  }

  /** The device neither runs the kernel nor lets go of what it has mapped. */
  private Throwable failTwice() {
    prepare(Before.HOST);
    compute.onStart(
        launch -> {
          throw trap;
        });
    d.answer(call -> call.kind() == Kind.UNMAP ? GmStatus.DMA_ERROR : GmStatus.SUCCESS);
    Launch launch = kernel.launch(ONE, s, next);
    Throwable[] thrown = new Throwable[1];
    assertThatThrownBy(launch::join)
        .hasCause(trap)
        .satisfies(failure -> thrown[0] = failure.getCause());
    return thrown[0];
  }

  @Test
  void whatADeviceDoesNotLetGoOfIsSaidAndNobodyTakesItForValid() {
    assertThat(failTwice().getSuppressed()).hasSize(1).hasOnlyElementsOfType(DeviceException.class);
    assertThat(stage.space().residency(s).bytesOnHost()).isEqualTo(s.byteSize());
    assertThatThrownBy(() -> stage.host().read(s.address(), 1)).isInstanceOf(DeviceException.class);
    heal();
    assertOld();
    stage.atEnd();
  }

  @Test
  void aLaunchOnThatDeviceGetsTheHostsContents() {
    failTwice();
    heal();
    compute.onStart(
        launch -> {
          d.read(s.address(), 1);
          d.write(s.address() + 1, 1, 5);
          launch.finish();
        });
    stage.kernel(d, "w READ_WRITE").launch(ONE, s).join();
    stage.kernel(d, "r READ").launch(ONE, s).join();
    assertThat(stage.host().read(s.address(), 2)).isEqualTo(5 << 8 | old);
    stage.atEnd();
  }

  @Test
  void anotherLaunchThatOverwritesItNeedNotMoveIt() {
    failTwice();
    heal();
    d.clearCalls();
    compute.onStart(
        launch -> {
          for (int i = 0; i < GRANULES; i++) {
            d.write(s.address() + i * GRANULE, 1, 9);
          }
          launch.finish();
        });
    kernel.launch(ONE, s, next).join();
    assertThat(d.calls(Kind.MAP)).isEmpty();
    old = 9;
    assertOld();
    stage.atEnd();
  }

  @Test
  void anotherDeviceGetsTheHostsContents() {
    failTwice();
    heal();
    assertThat(e.read(s.address(), 1)).isEqualTo(old);
    e.write(s.address() + GRANULE, 1, 6);
    stage.space().prefetchToHost(s).join();
    stage.atEnd();
    stage.close();
  }

  @Test
  void whatAnotherArgumentReadsIsCopied() {
    Kernel inPlace = stage.kernel(d, "k OVERWRITE READ");
    for (List<Integer> order : List.of(List.of(0, 1), List.of(1, 0))) {
      MemorySegment t = stage.granules(GRANULES);
      stage.host().write(t.address() + GRANULE, 8, 42);
      compute.onStart(
          launch -> {
            assertThat(d.read(t.address() + GRANULE, 8)).isEqualTo(42);
            launch.finish();
          });
      Object[] arguments = new Object[2];
      arguments[order.get(0)] = Argument.overwrite(t);
      arguments[order.get(1)] = Argument.read(t.asSlice(GRANULE + 16, 8));
      Kernel kernel = order.get(0) == 0 ? inPlace : stage.kernel(d, "k READ OVERWRITE");
      kernel.launch(ONE, arguments).join();
      assertThat(stage.host().read(t.address() + GRANULE, 8)).isEqualTo(42);
      stage.atEnd();
    }
  }
}
