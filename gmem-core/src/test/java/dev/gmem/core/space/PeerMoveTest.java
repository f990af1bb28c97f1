package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.DeviceException;
import dev.gmem.Kernel;
import dev.gmem.NdRange;
import dev.gmem.TransferException;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Call;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What one device owns goes to another without the host, if both can; if not, by way of it. */
@Timeout(60)
class PeerMoveTest {
  private final Stage stage = new Stage();
  private final FakeDevice d = attach(peer("d0"));
  private final FakeDevice e = attach(peer("d1"));
  private final MemorySegment s = stage.granules(8);
  private final long a = s.address();

  private FakeDevice peer(String id) {
    return stage.fake(id).moves().with(GmCapability.PEER_COPY);
  }

  private FakeDevice attach(FakeDevice device) {
    stage.attach(device);
    return device;
  }

  /** All of it is on d, and the host knows nothing of it. */
  private void fill() {
    for (int i = 0; i < 8; i++) {
      d.write(a + i * GRANULE, 8, 100 + i);
    }
    d.clearCalls();
    e.clearCalls();
  }

  private void fails(FakeDevice device, Predicate<Call> which, GmStatus status) {
    device.answer(call -> which.test(call) ? status : GmStatus.SUCCESS);
  }

  private static Predicate<Call> moves() {
    return call -> call.kind() == Kind.MOVE;
  }

  private long bytesOut() {
    return stage.space().statistics().devices().get("d0").bytesOut();
  }

  private long bytesFromPeers() {
    return stage.space().statistics().devices().get("d1").bytesFromPeers();
  }

  private void isWhole() {
    stage.atEnd();
    for (int i = 0; i < 8; i++) {
      assertThat(stage.host().read(a + i * GRANULE, 8)).isEqualTo(100 + i);
    }
    stage.atEnd();
  }

  @Test
  void aRunThatAPeerOwnsIsOneCallAndTheHostIsLeftAlone() {
    fill();
    long moved = SpaceProbe.engine(stage.space()).prefetch(slot(e), vma(), 0, 8, true);
    assertThat(moved).isEqualTo(8 * GRANULE);
    assertThat(e.calls()).extracting(Call::kind).containsExactly(Kind.MOVE);
    assertThat(d.calls()).isEmpty();
    assertThat(stage.host().touched(a, s.byteSize())).isFalse();
    assertThat(stage.state(s, 0)).isEqualTo("DEVICE[d1]");
    assertThat(bytesFromPeers()).isEqualTo(8 * GRANULE);
    assertThat(bytesOut()).isZero();
    assertThat(stage.space().statistics().devices().get("d1").bytesIn()).isZero();
    assertThat(slot(d).usedBytes()).isZero();
    assertThat(slot(e).usedBytes()).isEqualTo(8 * GRANULE);
    isWhole();
  }

  private DeviceSlot slot(FakeDevice device) {
    return SpaceProbe.slot(stage.view(device));
  }

  private Vma vma() {
    return SpaceProbe.vma(stage.space(), s);
  }

  @Test
  void devicesThatTakeTurnsCopyNothingToTheHost() {
    for (int i = 0; i < 20; i++) {
      (i % 2 == 0 ? d : e).write(a + i, 1, i);
    }
    assertThat(bytesOut()).isZero();
    assertThat(stage.host().touched(a, GRANULE)).isFalse();
    for (int i = 0; i < 20; i++) {
      assertThat(stage.host().read(a + i, 1)).isEqualTo(i);
    }
    stage.atEnd();
  }

  @Test
  void aDeviceThatIsNoPeerGetsItByWayOfTheHost() {
    FakeDevice f = attach(stage.fake("d2").moves());
    fill();
    f.write(a, 8, 100);
    assertThat(f.calls()).extracting(Call::kind).containsExactly(Kind.VA_ALLOC, Kind.MAP);
    assertThat(bytesOut()).isEqualTo(GRANULE);
    e.write(a, 8, 100);
    assertThat(e.calls(Kind.MOVE)).isEmpty();
    isWhole();
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"SUCCESS", "NOMEM", "MIGRATING", "DEVICE_LOST"})
  void aMoveThatFailsGoesByWayOfTheHost(GmStatus status) {
    fill();
    fails(e, moves(), status);
    e.write(a, 8, 100);
    assertThat(bytesFromPeers()).isZero();
    assertThat(bytesOut()).isEqualTo(GRANULE);
    assertThat(stage.state(s, 0)).isEqualTo("DEVICE[d1]");
    isWhole();
  }

  @Test
  void ifBothWaysFailItStaysWhereItWasAndTheUserLearnsWhy() {
    fill();
    fails(e, moves(), GmStatus.DMA_ERROR);
    fails(d, call -> call.kind() == Kind.UNMAP, GmStatus.DMA_ERROR);
    assertThatThrownBy(() -> e.write(a, 8, 1))
        .isInstanceOf(TransferException.class)
        .hasMessageContaining("device=d0");
    assertThat(stage.state(s, 0)).isEqualTo("DEVICE[d0]");
    d.answer(call -> GmStatus.SUCCESS);
    isWhole();
  }

  @Test
  void whatIsOnTheWayByTheHostIsNotLostIfTheNewDeviceFails() {
    fill();
    fails(e, call -> call.kind() != Kind.VA_FREE, GmStatus.FAILURE_UNKNOWN);
    assertThatThrownBy(() -> e.write(a, 8, 1))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("device=d1");
    assertThat(stage.state(s, 0)).isEqualTo("EVICTED");
    isWhole();
  }

  @Test
  void whoIsBusyIsAskedAgain() {
    fill();
    int[] asked = {0};
    e.answer(call -> asked[0]++ < 3 ? GmStatus.MIGRATING : GmStatus.SUCCESS);
    e.write(a, 8, 100);
    assertThat(asked[0]).isEqualTo(4);
    assertThat(bytesOut()).isZero();
    isWhole();
  }

  @Test
  void roomIsMadeOnTheNewDeviceFirst() {
    FakeDevice small = attach(peer("d2").realBytes(2 * GRANULE));
    FakeDevice bounded = attach(peer("d3").memoryBytes(2 * GRANULE));
    fill();
    for (FakeDevice device : new FakeDevice[] {small, bounded}) {
      for (int i = 0; i < 8; i++) {
        device.write(a + i * GRANULE, 8, 100 + i);
      }
      assertThat(device.mapped()).isEqualTo(2);
      stage.atEnd();
    }
    isWhole();
  }

  @Test
  void whatADeviceTakesToReadIsDirtyForTheHostHasNotGotIt() {
    FakeDevice f = peer("d2").without(GmCapability.REPLAYABLE_FAULTS);
    f.without(GmCapability.READ_ONLY_MAPPING);
    FakeCompute compute = f.computes();
    compute.onStart(launch -> Thread.startVirtualThread(launch::finish));
    attach(f);
    Kernel read = stage.kernel(f, "r READ");
    fill();
    assertThat(read.launch(NdRange.of(1), s).join().bytesIn()).isEqualTo(8 * GRANULE);
    assertThat(f.calls(Kind.MOVE)).hasSize(1);
    assertThat(stage.space().residency(s).bytesDirty()).isEqualTo(8 * GRANULE);
    read.launch(NdRange.of(1), s).join();
    assertThat(f.calls(Kind.MOVE)).hasSize(1);
    isWhole();
  }

  @Test
  void whatIsOverwrittenComesHomeFirstAndIsThereIfTheKernelFails() {
    FakeDevice f = peer("d2").without(GmCapability.REPLAYABLE_FAULTS);
    FakeCompute compute = f.computes();
    compute.onStart(launch -> launch.end().completeExceptionally(new IllegalStateException("no")));
    attach(f);
    Kernel overwrite = stage.kernel(f, "o OVERWRITE");
    fill();
    assertThatThrownBy(() -> overwrite.launch(NdRange.of(1), s).join()).hasMessageContaining("no");
    assertThat(f.calls(Kind.MOVE)).isEmpty();
    isWhole();
  }

  @Test
  void copiesBetweenPeersCountAsTheirs() {
    FakeDevice f = attach(peer("d2").copies());
    fill();
    f.write(a + 4 * GRANULE, 8, 104);
    stage.space().copy(s.asSlice(4 * GRANULE, 8), s.asSlice(0, 8));
    stage.host().reference().put(a + 4 * GRANULE, new byte[] {100, 0, 0, 0, 0, 0, 0, 0});
    assertThat(bytesOut()).isZero();
    assertThat(stage.space().statistics().devices().get("d2").bytesFromPeers())
        .isEqualTo(GRANULE + 8);
    assertThat(stage.host().read(a + 4 * GRANULE, 8)).isEqualTo(100);
    stage.atEnd();
  }
}
