package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Advice;
import dev.gmem.DeviceException;
import dev.gmem.DeviceLostException;
import dev.gmem.Kernel;
import dev.gmem.KernelLaunchException;
import dev.gmem.NdRange;
import dev.gmem.PoisonedMemoryException;
import dev.gmem.PrefetchPolicy;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeCompute.Started;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What is lost has a new meaning once all of a granule has been overwritten, and not before: parts
 * do not count, and an overwriting that fails leaves it lost.
 */
@Timeout(60)
class RenewalTest {
  private final Stage stage =
      new Stage(Stage.OPTIONS.withPrefetch(PrefetchPolicy.none()).withRetainedBytesMax(0));
  private final MemorySegment s = stage.granules(4);
  private final long a = s.address();
  private final Map<FakeDevice, FakeCompute> computes = new HashMap<>();

  /** What a device is like that overwrites. */
  enum Overwriter {
    FAULTLESS(device -> device.without(GmCapability.REPLAYABLE_FAULTS)),
    FAULTING(device -> {}),
    ON_HOST(
        device ->
            device
                .without(GmCapability.REPLAYABLE_FAULTS)
                .without(GmCapability.READ_ONLY_MAPPING)
                .with(GmCapability.HOST_COHERENT));

    private final Consumer<FakeDevice> traits;

    Overwriter(Consumer<FakeDevice> traits) {
      this.traits = traits;
    }
  }

  private FakeDevice device(String id, Overwriter kind) {
    FakeDevice device = stage.fake(id);
    kind.traits.accept(device);
    computes.put(device, device.computes());
    stage.attach(device);
    return device;
  }

  /** Granules 0 to 2 are lost with d0; 3 is the host's. */
  private void lose() {
    FakeDevice d = stage.device("d0");
    for (int i = 0; i < 4; i++) {
      stage.host().write(a + i * GRANULE, 8, 100 + i);
    }
    for (int i = 0; i < 3; i++) {
      d.write(a + i * GRANULE, 8, 50 + i);
    }
    d.dieAloud(null);
    stage.host().reference().forget(a, 3 * GRANULE);
    assertThat(lostBytes()).isEqualTo(3 * GRANULE);
  }

  private long lostBytes() {
    return stage.space().residency(s).bytesPoisoned();
  }

  private void isLost(int granule) {
    long at = a + (long) granule * GRANULE;
    isLost(() -> stage.host().read(at, 8), at);
    isLost(() -> stage.host().write(at, 8, 1), at);
  }

  private static void isLost(ThrowingCallable access, long address) {
    assertThatThrownBy(access)
        .isInstanceOf(PoisonedMemoryException.class)
        .hasMessageContaining("device=d0")
        .hasMessageContaining("address=0x" + Long.toHexString(address))
        .hasMessageContaining("AddressSpace.copy");
  }

  /** Has kernels fill their first argument, and the reference say so. */
  private void fills(FakeDevice device, int value, int bytes) {
    computes
        .get(device)
        .onStart(
            launch -> {
              write(device, launch, value, bytes);
              byte[] content = new byte[bytes];
              Arrays.fill(content, (byte) value);
              stage.host().reference().put(launch.address(0), content);
              launch.finish();
            });
  }

  private void write(FakeDevice device, Started launch, int value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      if (device.capabilities().contains(GmCapability.HOST_COHERENT)) {
        stage.host().raw(launch.address(0) + i, 1).fill((byte) value);
      } else {
        device.scribble(launch.address(0) + i, value);
      }
    }
  }

  // ---- launches ----

  @ParameterizedTest
  @EnumSource
  void aLaunchThatOverwritesWholeGranulesGivesThemAMeaning(Overwriter kind) {
    lose();
    FakeDevice e = device("d1", kind);
    Kernel overwrite = stage.kernel(e, "o OVERWRITE");
    fills(e, 9, 2 * GRANULE);
    overwrite.launch(NdRange.of(1), s.asSlice(0, 2 * GRANULE)).join();
    assertThat(lostBytes()).isEqualTo(GRANULE);
    assertThat(stage.host().read(a + GRANULE + 8, 8)).isEqualTo(0x0909090909090909L);
    assertThat(stage.host().read(a, 8)).isEqualTo(0x0909090909090909L);
    isLost(2);
    stage.host().write(a, 8, 3);
    stage.atEnd();
  }

  @ParameterizedTest
  @EnumSource
  void aKernelThatFailsLeavesItLost(Overwriter kind) {
    lose();
    FakeDevice e = device("d1", kind);
    Kernel overwrite = stage.kernel(e, "o OVERWRITE");
    computes
        .get(e)
        .onStart(
            launch -> {
              write(e, launch, 9, GRANULE);
              launch.end().completeExceptionally(new IllegalStateException("no more"));
            });
    assertThatThrownBy(() -> overwrite.launch(NdRange.of(1), s.asSlice(0, 3 * GRANULE)).join())
        .isInstanceOf(KernelLaunchException.class);
    assertThat(lostBytes()).isEqualTo(3 * GRANULE);
    for (int i = 0; i < 3; i++) {
      isLost(i);
    }
    assertThat(stage.space().residency(s).bytesOn("d1")).isZero();
    stage.space().detach(stage.view(e));
    isLost(0);
    stage.atEnd();
  }

  @ParameterizedTest
  @EnumSource
  void whileTheKernelRunsItIsLost(Overwriter kind) {
    lose();
    FakeDevice e = device("d1", kind);
    Kernel overwrite = stage.kernel(e, "o OVERWRITE");
    var launch = overwrite.launch(NdRange.of(1), s.asSlice(0, GRANULE));
    Started started = computes.get(e).awaitStarted(1);
    assertThat(lostBytes()).isEqualTo(3 * GRANULE);
    assertThat(stage.space().residency(s).extents().getFirst().devices()).isEmpty();
    write(e, started, 7, GRANULE);
    started.finish();
    launch.join();
    assertThat(lostBytes()).isEqualTo(2 * GRANULE);
  }

  @ParameterizedTest
  @EnumSource
  void aDeviceThatDiesOverItLeavesItLost(Overwriter kind) {
    lose();
    FakeDevice e = device("d1", kind);
    Kernel overwrite = stage.kernel(e, "o OVERWRITE");
    var launch = overwrite.launch(NdRange.of(1), s.asSlice(0, GRANULE));
    Started started = computes.get(e).awaitStarted(1);
    write(e, started, 7, GRANULE);
    e.dieAloud(null);
    started.end().completeExceptionally(new IllegalStateException("no more"));
    assertThatThrownBy(launch::join).isInstanceOf(DeviceLostException.class);
    isLost(0);
    assertThat(lostBytes()).isEqualTo(3 * GRANULE);
    assertThat(stage.space().statistics().devices().get("d1").bytesLost()).isZero();
    stage.atEnd();
  }

  @ParameterizedTest
  @EnumSource(names = {"FAULTLESS", "ON_HOST"})
  void partsAreRefused(Overwriter kind) {
    lose();
    FakeDevice e = device("d1", kind);
    Kernel overwrite = stage.kernel(e, "o OVERWRITE");
    fills(e, 9, GRANULE);
    isLost(() -> overwrite.launch(NdRange.of(1), s.asSlice(8, 2 * GRANULE)).join(), a);
    long last = a + 2 * GRANULE;
    isLost(() -> overwrite.launch(NdRange.of(1), s.asSlice(0, 2 * GRANULE + 8)).join(), last);
    assertThat(computes.get(e).started()).isEmpty();
    assertThat(lostBytes()).isEqualTo(3 * GRANULE);
    stage.atEnd();
  }

  @Test
  void whatALaunchReadsIsNotOverwritten() {
    lose();
    FakeDevice e = device("d1", Overwriter.FAULTLESS);
    Kernel both = stage.kernel(e, "b OVERWRITE READ");
    MemorySegment first = s.asSlice(0, GRANULE);
    isLost(() -> both.launch(NdRange.of(1), first, first.asSlice(0, 8)).join(), a);
    Kernel write = stage.kernel(e, "w WRITE");
    isLost(() -> write.launch(NdRange.of(1), first).join(), a);
    stage.atEnd();
  }

  @Test
  void whatADeviceDoesNotLetGoOfStaysLostWhateverComes() {
    lose();
    FakeDevice e = device("d1", Overwriter.FAULTLESS);
    Kernel overwrite = stage.kernel(e, "o OVERWRITE");
    Kernel read = stage.kernel(e, "r READ");
    computes
        .get(e)
        .onStart(launch -> launch.end().completeExceptionally(new IllegalStateException("no")));
    e.answer(call -> call.kind() == Kind.UNMAP ? GmStatus.FAILURE_UNKNOWN : GmStatus.SUCCESS);
    MemorySegment first = s.asSlice(0, GRANULE);
    assertThatThrownBy(() -> overwrite.launch(NdRange.of(1), first).join())
        .isInstanceOf(KernelLaunchException.class);
    isLost(0);
    isLost(() -> read.launch(NdRange.of(1), first).join(), a);
    assertThatThrownBy(() -> stage.space().detach(stage.view(e)))
        .isInstanceOf(DeviceException.class);
    e.answer(call -> GmStatus.SUCCESS);
    fills(e, 5, GRANULE);
    overwrite.launch(NdRange.of(1), first).join();
    assertThat(stage.host().read(a, 1)).isEqualTo(5);
    stage.space().detach(stage.view(e));
    stage.atEnd();
  }

  @Test
  void whatIsLostWhileALaunchWaitsIsOverwritten() {
    FakeDevice d = device("d0", Overwriter.FAULTLESS);
    FakeDevice e = device("d1", Overwriter.FAULTING);
    MemorySegment first = s.asSlice(0, GRANULE);
    var writes = stage.kernel(d, "w READ_WRITE").launch(NdRange.of(1), first);
    computes.get(d).awaitStarted(1);
    fills(e, 6, GRANULE);
    var overwrites = stage.kernel(e, "o OVERWRITE").launch(NdRange.of(1), first);
    d.dieAloud(null);
    assertThatThrownBy(writes::join).isInstanceOf(DeviceLostException.class);
    overwrites.join();
    assertThat(stage.host().read(a, 1)).isEqualTo(6);
    stage.atEnd();
  }

  // ---- copies ----

  private byte[] content(int bytes) {
    byte[] content = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      content[i] = (byte) (1 + i % 101);
    }
    return content;
  }

  @Test
  void aCopyOfOtherMemoryGivesWholeGranulesAMeaning() {
    lose();
    byte[] content = content(2 * GRANULE);
    stage.space().copy(s.asSlice(0, 2 * GRANULE), MemorySegment.ofArray(content));
    stage.host().reference().put(a, content);
    assertThat(lostBytes()).isEqualTo(GRANULE);
    assertThat(stage.host().read(a, 1)).isEqualTo(content[0]);
    assertThat(stage.host().read(a + 2 * GRANULE - 1, 1)).isEqualTo(content[2 * GRANULE - 1]);
    isLost(2);
    stage.atEnd();
  }

  @Test
  void aCopyOfPartsIsRefusedWhereThePartIs() {
    lose();
    MemorySegment content = MemorySegment.ofArray(content(2 * GRANULE));
    isLost(() -> stage.space().copy(s.asSlice(8, 2 * GRANULE), content), a);
    assertThat(lostBytes()).isEqualTo(3 * GRANULE);
    long third = a + 2 * GRANULE;
    isLost(
        () -> stage.space().copy(s.asSlice(GRANULE, 2 * GRANULE - 1), content.asSlice(1)), third);
    stage.host().reference().put(a + GRANULE, content.asSlice(1, GRANULE).toArray(JAVA_BYTE));
    assertThat(lostBytes()).isEqualTo(2 * GRANULE);
    stage.atEnd();
  }

  /** Granules of the source begin in the middle of those of the target, and lie here and there. */
  @Test
  void aSourceInPiecesIsReadBeforeTheLossIsForgotten() {
    lose();
    FakeDevice e = stage.fake("d1").copies();
    stage.attach(e);
    MemorySegment t = stage.granules(4);
    byte[] content = content(4 * GRANULE);
    stage.space().copy(t, MemorySegment.ofArray(content));
    stage.host().reference().put(t.address(), content);
    e.write(t.address() + GRANULE, 1, 7);
    content[GRANULE] = 7;
    stage.space().copy(s.asSlice(0, 3 * GRANULE), t.asSlice(24, 3 * GRANULE));
    stage.host().reference().put(a, Arrays.copyOfRange(content, 24, 24 + 3 * GRANULE));
    assertThat(lostBytes()).isZero();
    assertThat(stage.host().read(a + GRANULE - 24, 1)).isEqualTo(7);
    stage.atEnd();
  }

  @Test
  void aSourceThatFailsLeavesItLost() {
    lose();
    FakeDevice e = stage.fake("d1").copies();
    stage.attach(e);
    MemorySegment t = stage.granules(2);
    e.write(t.address() + GRANULE, 1, 7);
    e.answer(call -> GmStatus.DMA_ERROR);
    MemorySegment source = t.asSlice(24, GRANULE);
    assertThatThrownBy(() -> stage.space().copy(s.asSlice(0, GRANULE), source))
        .isInstanceOf(DeviceException.class);
    isLost(0);
    assertThat(lostBytes()).isEqualTo(3 * GRANULE);
    e.answer(call -> GmStatus.SUCCESS);
    stage.atEnd();
  }

  @Test
  void anOverlappingCopyNeverReadsWhatItHasWritten() {
    lose();
    byte[] content = content(2 * GRANULE);
    stage.space().copy(s.asSlice(0, 2 * GRANULE), MemorySegment.ofArray(content));
    stage.space().copy(s.asSlice(GRANULE, 2 * GRANULE), s.asSlice(0, 2 * GRANULE));
    stage.host().reference().put(a, Arrays.copyOf(content, GRANULE));
    stage.host().reference().put(a + GRANULE, content);
    assertThat(lostBytes()).isZero();
    assertThat(stage.host().read(a + 2 * GRANULE, 1)).isEqualTo(content[GRANULE]);
    stage.atEnd();
  }

  // ---- the CPU ----

  @Test
  void fillingWholeGranulesGivesThemAMeaning() {
    lose();
    stage.host().fill(a, 2 * GRANULE, (byte) 4);
    assertThat(lostBytes()).isEqualTo(GRANULE);
    assertThat(stage.host().read(a + 2 * GRANULE - 1, 1)).isEqualTo(4);
    isLost(() -> stage.host().fill(a + 2 * GRANULE + 8, GRANULE - 8, (byte) 4), a + 2 * GRANULE);
    assertThat(lostBytes()).isEqualTo(GRANULE);
    stage.atEnd();
  }

  @Test
  void theEndOfAnAllocationIsAsGoodAsThatOfItsLastGranule() {
    FakeDevice d = stage.device("d0");
    Arena arena = stage.arena();
    MemorySegment t = arena.allocate(GRANULE + 100, GRANULE);
    d.write(t.address(), 1, 1);
    d.write(t.address() + GRANULE, 1, 1);
    d.dieAloud(null);
    stage.host().reference().forget(t.address(), t.byteSize());
    byte[] content = content(GRANULE + 100);
    isLost(
        () -> stage.space().copy(t.asSlice(0, 99), MemorySegment.ofArray(content).asSlice(0, 99)),
        t.address());
    stage.space().copy(t, MemorySegment.ofArray(content));
    stage.host().reference().put(t.address(), content);
    assertThat(stage.host().read(t.address() + GRANULE + 99, 1)).isEqualTo(content[GRANULE + 99]);
    assertThat(stage.space().residency(t).bytesPoisoned()).isZero();
    stage.atEnd();
  }

  @Test
  void soDoesDroppingTheContentsOfAnAllocation() {
    FakeDevice d = stage.device("d0");
    MemorySegment t = stage.arena().allocate(GRANULE + 100, GRANULE);
    d.write(t.address() + GRANULE, 1, 1);
    d.dieAloud(null);
    stage.host().reference().forget(t.address(), t.byteSize());
    stage.space().advise(t, Advice.dontNeed()).join();
    assertThat(stage.host().read(t.address() + GRANULE, 1)).isZero();
    stage.atEnd();
  }
}
