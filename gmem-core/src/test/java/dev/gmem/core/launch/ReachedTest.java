package dev.gmem.core.launch;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.gmem.Access;
import dev.gmem.Argument;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeCompute.Started;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What kernels reach by addresses that are stored in memory. */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD) // joins are not interruptible
class ReachedTest {
  private static final NdRange ONE = NdRange.of(1);

  private final Stage stage = new Stage();
  private FakeDevice d;
  private FakeCompute compute;
  private Kernel kernel;

  private void open(FakeDevice device) {
    d = device;
    compute = d.computes();
    stage.attach(d);
    kernel = stage.kernel(d, "k READ_WRITE");
  }

  /** A device with memory of its own that follows addresses in the host's only. */
  private void openOnHost() {
    open(stage.faultless("d0").with(GmCapability.HOST_ADDRESSES).memoryBytes(2 * GRANULE));
  }

  private Started started(int number) {
    while (compute.started().size() <= number) {
      Thread.onSpinWait();
    }
    return compute.started().get(number);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void itStaysInTheHostFramesAndTheCpuWaits(boolean writes) {
    openOnHost();
    MemorySegment own = stage.granules(1);
    MemorySegment pool = stage.granules(4); // more than the device has
    stage.host().write(pool.address(), 8, 3);
    Access access = writes ? Access.READ_WRITE : Access.READ;
    Launch launch = kernel.launch(ONE, own, Argument.reached(pool, access));
    Started running = started(0);
    assertThat(running.reached())
        .extracting(GmArgument.Buffer::address, GmArgument.Buffer::bytes)
        .containsExactly(tuple(pool.address(), pool.byteSize()));
    assertThat(d.calls(Kind.MAP)).hasSize(1);
    assertThat(d.maps(own.address())).isTrue();
    CompletableFuture<Void> write =
        CompletableFuture.runAsync(
            () -> {
              stage.host().write(pool.address(), 8, 4);
              assertThat(launch.isDone()).isTrue();
            });
    if (writes) {
      stage.host().writePinned(pool.address() + 8, 8, 5);
    } else {
      assertThat(stage.host().read(pool.address(), 8)).isEqualTo(3);
    }
    assertThat(write).isNotDone();
    running.finish();
    write.join();
    launch.join();
    stage.atEnd();
  }

  @Test
  void whatDevicesHaveOfItComesHome() {
    openOnHost();
    FakeDevice e = stage.device("d1");
    MemorySegment pool = stage.granules(2);
    e.write(pool.address() + GRANULE, 8, 6);
    compute.onStart(
        launch -> {
          d.write(pool.address(), 8, 7);
          launch.finish();
        });
    kernel.launch(ONE, pool.asSlice(0, GRANULE)).join();
    compute.onStart(
        launch -> {
          assertThat(stage.host().readPinned(pool.address(), 8)).isEqualTo(7);
          assertThat(stage.host().readPinned(pool.address() + GRANULE, 8)).isEqualTo(6);
          launch.finish();
        });
    kernel.launch(ONE, stage.granules(1), Argument.reached(pool)).join();
    assertThat(d.maps(pool.address())).isFalse();
    stage.atEnd();
  }

  @Test
  void anArgumentOfTheSameAllocationIsThereToo() {
    openOnHost();
    MemorySegment pool = stage.granules(2);
    compute.onStart(Started::finish);
    kernel
        .launch(
            ONE,
            Argument.overwrite(pool.asSlice(0, GRANULE)),
            Argument.reached(pool.asSlice(GRANULE, 8), Access.READ))
        .join();
    assertThat(d.calls(Kind.MAP)).isEmpty();
    stage.atEnd();
    kernel.launch(ONE, pool.asSlice(0, GRANULE)).join();
    assertThat(d.calls(Kind.MAP)).hasSize(1);
    stage.atEnd();
  }

  @Test
  void launchesAreOrderedByItOnDevicesThatFaultToo() throws Exception {
    open(stage.fake("d0").with(GmCapability.SHARED_ADDRESSES));
    MemorySegment pool = stage.granules(1);
    Launch first = kernel.launch(ONE, stage.granules(1), Argument.reached(pool));
    Launch second = kernel.launch(ONE, stage.granules(1), Argument.reached(pool, Access.READ));
    started(0);
    Thread.sleep(20);
    assertThat(compute.started()).hasSize(1);
    started(0).finish();
    started(1).finish();
    first.join();
    second.join();
    stage.atEnd();
  }

  @Test
  void itIsMappedWhereAddressesAreTheSame() {
    open(stage.faultless("d0").with(GmCapability.SHARED_ADDRESSES));
    MemorySegment pool = stage.granules(1);
    stage.host().write(pool.address(), 8, 3);
    compute.onStart(
        launch -> {
          assertThat(d.read(pool.address(), 8)).isEqualTo(3);
          launch.finish();
        });
    kernel.launch(ONE, stage.granules(1), Argument.reached(pool, Access.READ)).join();
    assertThat(stage.state(pool, 0)).isEqualTo("SHARED[d0]");
    stage.atEnd();
  }

  @Test
  void aDeviceThatCannotFollowAddressesRefusesTheLaunch() {
    open(stage.faultless("d0"));
    MemorySegment pool = stage.granules(1);
    assertThatThrownBy(() -> kernel.launch(ONE, pool, Argument.reached(pool)))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("cannot follow addresses that are stored in memory")
        .hasMessageContaining("kernel=k device=d0");
    stage.host().write(pool.address(), 1, 1);
    assertThat(compute.started()).isEmpty();
    stage.atEnd();
  }

  @Test
  void whatIsReachedIsCheckedAsArgumentsAre() {
    openOnHost();
    MemorySegment s = stage.granules(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernel.launch(ONE, Argument.reached(s)))
        .withMessageContaining("takes 1 arguments")
        .withMessageContaining("given=0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernel.launch(ONE, Argument.reached(s), s))
        .withMessageContaining("takes 1 arguments");
    Kernel two = stage.kernel(d, "k READ READ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> two.launch(ONE, Argument.reached(s), s))
        .withMessageContaining("comes after the arguments")
        .withMessageContaining("index=0");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> kernel.launch(ONE, s, Argument.reached(MemorySegment.ofArray(new byte[8]))))
        .withMessageContaining("what kernel k reaches must be unified memory");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernel.launch(ONE, s, Argument.reached(s.asReadOnly())))
        .withMessageContaining("is written, but the segment is read-only");
    compute.onStart(Started::finish);
    kernel.launch(ONE, s, Argument.reached(s.asReadOnly(), Access.READ)).join();
    assertThat(compute.last().arguments()).hasSize(1);
    assertThat(compute.last().reached().getFirst().access()).isEqualTo(Access.READ);
  }
}
