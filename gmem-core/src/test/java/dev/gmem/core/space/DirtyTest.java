package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Advice;
import dev.gmem.Kernel;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.Residency;
import dev.gmem.TransferException;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is dirty takes a copy to come home; what is clean takes none. Nothing faults to tell. */
@Timeout(60)
class DirtyTest {
  private final Stage stage = new Stage();
  private FakeDevice d;
  private FakeCompute compute;
  private Kernel read;
  private Kernel write;
  private Kernel overwrite;
  private MemorySegment s;

  /** A device that owns what it reads, and whose kernels do not fault. */
  @BeforeEach
  void attach() {
    d = stage.faultless("d0").without(GmCapability.READ_ONLY_MAPPING).copies();
    compute = d.computes().onStart(launch -> Thread.startVirtualThread(launch::finish));
    stage.attach(d);
    read = stage.kernel(d, "r READ");
    write = stage.kernel(d, "w READ_WRITE");
    overwrite = stage.kernel(d, "o OVERWRITE");
    s = stage.granules(4);
    stage.host().write(s.address(), 8, 5);
    stage.host().write(s.address() + GRANULE, 8, 6);
  }

  private static void run(Kernel kernel, MemorySegment argument) {
    kernel.launch(NdRange.of(1), argument).join();
  }

  private Residency.Extent extent(int granule) {
    return stage.space().residency(s.asSlice((long) granule * GRANULE, 1)).extents().getFirst();
  }

  private long copiedOut() {
    return d.calls(Kind.UNMAP).stream().filter(FakeDevice.Call::copy).count();
  }

  @Test
  void whatAnOwnerHasOnlyReadIsCleanAndComesHomeWithoutACopy() {
    run(read, s);
    assertThat(extent(0).state()).isEqualTo(PageState.DEVICE);
    assertThat(extent(0).dirty()).isFalse();
    assertThat(stage.space().residency(s).bytesDirty()).isZero();
    assertThat(stage.space().residency(s).bytesOnHost()).isEqualTo(s.byteSize());
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(5);
    assertThat(copiedOut()).isZero();
    assertThat(stage.space().statistics(s).bytesToHost()).isZero();
    stage.atEnd();
  }

  @Test
  void whatALaunchWritesIsDirtyFromThenOn() {
    run(read, s);
    d.clearCalls();
    run(write, s.asSlice(GRANULE, GRANULE));
    assertThat(d.calls(Kind.MAP)).as("it has the bytes").isEmpty();
    d.write(s.address() + GRANULE, 8, 77);
    run(read, s);
    assertThat(extent(0).dirty()).isFalse();
    assertThat(extent(1).dirty()).isTrue();
    assertThat(stage.space().residency(s).extents()).hasSize(3);
    assertThat(stage.space().residency(s).bytesDirty()).isEqualTo(GRANULE);
    assertThat(stage.host().read(s.address() + GRANULE, 8)).isEqualTo(77);
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(5);
    assertThat(copiedOut()).isEqualTo(1);
    stage.atEnd();
  }

  @Test
  void whatIsCleanIsEvictedAndDetachedWithoutACopy() {
    run(read, s);
    stage.space().detach(stage.view(d));
    assertThat(copiedOut()).isZero();
    assertThat(stage.host().read(s.address() + GRANULE, 8)).isEqualTo(6);
    stage.atEnd();
  }

  @Test
  void whatIsOverwrittenAfterItWasReadIsKeptUntilTheKernelHasSucceeded() {
    run(read, s);
    compute.onStart(launch -> launch.end().completeExceptionally(new RuntimeException("x")));
    assertThatThrownBy(() -> run(overwrite, s)).hasMessageContaining("x");
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(5);
    stage.atEnd();
  }

  @Test
  void whatIsOverwrittenIsDirty() {
    run(read, s);
    run(overwrite, s);
    assertThat(extent(0).dirty()).isTrue();
    stage.host().reference().forget(s.address(), s.byteSize());
    stage.space().prefetchToHost(s).join();
    assertThat(copiedOut()).isPositive();
  }

  @Test
  void whatIsPrefetchedForAKernelIsCleanWhereKernelsDoNotFault() {
    stage.space().prefetch(s, stage.view(d)).join();
    assertThat(extent(0).state()).isEqualTo(PageState.DEVICE);
    assertThat(extent(0).dirty()).isFalse();
    stage.host().write(s.address(), 8, 9);
    assertThat(copiedOut()).isZero();
    assertThat(extent(0).dirty()).isFalse();
    stage.atEnd();
  }

  @Test
  void anOwnerWhoseKernelsFaultMayWriteWhatItHasReadUnheard() {
    FakeDevice e = stage.fake("d1").without(GmCapability.READ_ONLY_MAPPING);
    stage.attach(e);
    e.read(s.address(), 8);
    assertThat(extent(0).dirty()).isTrue();
    e.write(s.address(), 8, 8);
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(8);
    stage.space().prefetch(s, stage.view(e)).join();
    assertThat(extent(0).dirty()).isTrue();
    stage.atEnd();
  }

  @Test
  void replicasAreCleanAndSoIsWhatTheHostHas() {
    FakeDevice e = stage.device("d1");
    e.read(s.address(), 8);
    assertThat(extent(0).state()).isEqualTo(PageState.SHARED);
    assertThat(extent(0).dirty()).isFalse();
    assertThat(extent(1).dirty()).isFalse();
    e.write(s.address(), 8, 3);
    assertThat(extent(0).dirty()).isTrue();
    assertThat(stage.space().residency(s).bytesOnHost()).isEqualTo(3 * GRANULE);
    stage.atEnd();
  }

  @Test
  void aCopyIntoWhatIsCleanTakesItFromItsOwner() {
    run(read, s);
    byte[] bytes = new byte[8];
    bytes[0] = 42;
    stage.space().copy(s.asSlice(0, 8), MemorySegment.ofArray(bytes));
    stage.host().reference().put(s.address(), bytes);
    assertThat(d.maps(s.address())).isFalse();
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(42);
    run(read, s);
    MemorySegment t = stage.granules(4);
    stage.space().copy(t, s);
    stage.host().reference().put(t.address(), bytes);
    stage.host().reference().put(t.address() + GRANULE, new byte[] {6});
    assertThat(stage.host().read(t.address(), 8)).isEqualTo(42);
    assertThat(extent(0).state()).isEqualTo(PageState.DEVICE);
    assertThat(copiedOut()).isZero();
    stage.atEnd();
  }

  @Test
  void whatIsCleanMovesToAnotherDeviceFromTheHost() {
    FakeDevice e = stage.device("d1");
    run(read, s);
    assertThat(e.read(s.address(), 8)).isEqualTo(5);
    e.write(s.address() + GRANULE, 8, 7);
    assertThat(copiedOut()).isZero();
    run(read, s);
    assertThat(d.read(s.address() + GRANULE, 8)).isEqualTo(7);
    assertThat(extent(1).dirty()).as("it came by way of the host").isFalse();
    assertThat(stage.host().read(s.address() + GRANULE, 8)).isEqualTo(7);
    stage.atEnd();
  }

  @Test
  void aDeviceThatDoesNotLetGoOfWhatIsCleanKeepsIt() {
    run(read, s);
    d.answer(call -> call.kind() == Kind.UNMAP ? GmStatus.DMA_ERROR : GmStatus.SUCCESS);
    assertThatThrownBy(() -> stage.host().write(s.address(), 8, 1))
        .isInstanceOf(TransferException.class);
    d.answer(call -> GmStatus.SUCCESS);
    assertThat(extent(0).dirty()).isFalse();
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(5);
    stage.atEnd();
  }

  @Test
  void pinsAreToldToo() {
    assertThat(stage.space().residency(s).pins()).isZero();
    stage.host().pin(s.address());
    stage.host().pin(s.address());
    assertThat(stage.space().residency(s).pins()).isEqualTo(2);
    stage.host().unpin(s.address());
    stage.host().unpin(s.address());
    assertThat(stage.space().residency(s).pins()).isZero();
    stage.space().advise(s.asSlice(GRANULE, GRANULE), Advice.pinToHost()).join();
    assertThat(extent(0).advised().pinnedTo()).isEmpty();
    assertThat(extent(1).advised().pinnedTo()).contains("host");
  }
}
