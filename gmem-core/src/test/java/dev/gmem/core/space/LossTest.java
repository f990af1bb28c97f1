package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Advice;
import dev.gmem.Device;
import dev.gmem.DeviceException;
import dev.gmem.DeviceLostException;
import dev.gmem.FileBackingException;
import dev.gmem.NdRange;
import dev.gmem.PoisonedMemoryException;
import dev.gmem.PrefetchPolicy;
import dev.gmem.Residency;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Call;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmStatusException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A device is lost: what lived on it alone is poisoned, says so, and nothing else is concerned. */
@Timeout(60)
class LossTest {
  private final Stage stage = new Stage(Stage.OPTIONS.withPrefetch(PrefetchPolicy.none()));
  private final FakeDevice d = stage.fake("d0").protects().copies();
  private final Device view = stage.attach(d);
  private final FakeDevice e = stage.device("d1");
  private final MemorySegment s = stage.granules(4);
  private final long a = s.address();
  private final IllegalStateException cable = new IllegalStateException("cable");

  /** Granule 0 is d's alone, 1 is shared by d and e, 2 by d and the host, 3 is e's alone. */
  private void spread() {
    for (int i = 0; i < 4; i++) {
      stage.host().write(a + i * GRANULE, 8, 100 + i);
    }
    d.write(a, 8, 50);
    d.read(a + GRANULE, 8);
    e.read(a + GRANULE, 8);
    d.read(a + 2 * GRANULE, 8);
    e.write(a + 3 * GRANULE, 8, 53);
    assertThat(states())
        .containsExactly("DEVICE[d0]", "SHARED[d0, d1]", "SHARED[d0]", "DEVICE[d1]");
  }

  private List<String> states() {
    List<String> states = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      states.add(stage.state(s, i));
    }
    return states;
  }

  private Residency.Extent extent(int granule) {
    return stage.space().residency(s.asSlice((long) granule * GRANULE, 1)).extents().getFirst();
  }

  private static void isPoisoned(ThrowingCallable access, long address) {
    assertThatThrownBy(access)
        .isInstanceOf(PoisonedMemoryException.class)
        .hasMessageContaining("device=d0")
        .hasMessageContaining("address=0x" + Long.toHexString(address))
        .hasMessageContaining("Advice.dontNeed()");
  }

  private static void isLost(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(DeviceLostException.class)
        .hasMessageContaining("device=d0 status=DEVICE_LOST");
  }

  // ---- what is lost, and what is not ----

  @Test
  void onlyWhatLivedOnItAloneIsPoisoned() {
    spread();
    d.dieAloud(cable);
    assertThat(states()).containsExactly("DEVICE", "SHARED[d1]", "CPU", "DEVICE[d1]");
    assertThat(extent(0).poisoned()).isTrue();
    assertThat(extent(0).dirty()).isFalse();
    assertThat(stage.space().residency(s).bytesPoisoned()).isEqualTo(GRANULE);
    assertThat(stage.space().residency(s).bytesOnHost()).isEqualTo(2 * GRANULE);
    assertThat(stage.space().statistics().devices().get("d0").bytesLost()).isEqualTo(GRANULE);
    assertThat(stage.space().statistics().devices().get("d0").residentBytes()).isZero();
    assertThat(stage.space().statistics().devices().get("d0").lost()).isTrue();
    assertThat(stage.space().statistics().devices().get("d1").lost()).isFalse();
    assertThat(stage.space().statistics().poisonedBytes()).isEqualTo(GRANULE);
    for (int i = 1; i < 4; i++) {
      stage.host().read(a + i * GRANULE, 8);
      e.write(a + i * GRANULE, 8, i);
      stage.host().write(a + i * GRANULE, 8, 2 * i);
    }
    stage.atEnd();
  }

  @Test
  void everyAccessToWhatIsPoisonedSaysSo() {
    spread();
    d.dieAloud(cable);
    MemorySegment first = s.asSlice(0, GRANULE);
    MemorySegment other = stage.granules(1);
    isPoisoned(() -> stage.host().read(a + 8, 1), a);
    isPoisoned(() -> stage.host().write(a + 8, 1, 1), a);
    isPoisoned(() -> stage.host().pin(a), a);
    isPoisoned(() -> e.read(a + 8, 1), a);
    isPoisoned(() -> e.write(a + 8, 1, 1), a);
    isPoisoned(() -> stage.space().prefetch(s, stage.view(e)).join(), a);
    isPoisoned(() -> stage.space().prefetchToHost(s).join(), a);
    isPoisoned(() -> stage.space().copy(other, first), a);
    isPoisoned(() -> stage.space().copy(first.asSlice(8), other.asSlice(8)), a);
    isPoisoned(() -> stage.space().remap(other, first), a);
    assertThatThrownBy(() -> stage.host().read(a, 1)).hasCause(cable);
    stage.atEnd();
  }

  @Test
  void whatIsCleanOrBlankIsTheHostsAndWhatIsFiledStaysSo() {
    FakeDevice f = stage.faultless("d2").without(GmCapability.READ_ONLY_MAPPING);
    f.computes().onStart(launch -> Thread.startVirtualThread(launch::finish));
    stage.attach(f);
    stage.host().write(a, 8, 7);
    stage.kernel(f, "r READ").launch(NdRange.of(1), s).join();
    assertThat(states()).containsOnly("DEVICE[d2]");
    f.dieAloud(null);
    assertThat(states()).containsOnly("EVICTED");
    assertThat(stage.host().read(a, 8)).isEqualTo(7);
    stage.atEnd();
  }

  @Test
  void droppingTheContentsTakesTheLossAway() {
    spread();
    d.dieAloud(null);
    stage.space().advise(s, Advice.dontNeed()).join();
    assertThat(stage.space().statistics().poisonedBytes()).isZero();
    assertThat(states()).containsOnly("NOMAP");
    assertThat(stage.host().read(a, 8)).isZero();
    e.write(a, 8, 9);
    stage.host().read(a, 8);
    stage.atEnd();
  }

  @Test
  void givingBackAndReplacingTakeItAwayToo() {
    spread();
    d.dieAloud(null);
    MemorySegment source = stage.granules(1);
    stage.host().write(source.address(), 8, 77);
    stage.space().remap(s.asSlice(0, GRANULE), source);
    assertThat(stage.host().read(a, 8)).isEqualTo(77);
    e.write(a + GRANULE, 8, 1);
    stage.space().unmap(s.asSlice(GRANULE, GRANULE));
    stage.atEnd();
  }

  @Test
  void givingBackWhatIsPoisonedIsAllowed() {
    spread();
    d.dieAloud(null);
    stage.space().unmap(s.asSlice(0, GRANULE));
    assertThat(stage.state(s, 0)).isEqualTo("UNMAPPED");
    stage.atEnd();
  }

  @Test
  void memoryIsFreedAndItsAddressesAreUsedAgain() {
    Arena arena = stage.space().arena();
    MemorySegment t = arena.allocate(2 * GRANULE, GRANULE);
    d.write(t.address(), 1, 1);
    d.dieAloud(null);
    arena.close();
    stage.host().reference().forget(t.address(), t.byteSize());
    MemorySegment again =
        stage.space().allocateAt(stage.space().arena(), t.address(), t.byteSize());
    assertThat(stage.host().read(again.address(), 8)).isZero();
    stage.close();
    assertThat(stage.host().committedBlocks()).isZero();
    assertThat(stage.host().gates()).isZero();
  }

  // ---- who finds out, and how ----

  /** What makes the core call a device that has died without a word. */
  enum Discovery {
    UNMAP(t -> t.stage.host().write(t.a + 2 * GRANULE, 1, 1)),
    COPY_OUT(t -> isPoisoned(() -> t.stage.host().read(t.a, 1), t.a)),
    MAP(t -> isLost(() -> t.stage.space().prefetch(t.stage.granules(1), t.view).join())),
    MAP_THERE(t -> isPoisoned(() -> t.e.read(t.a, 1), t.a)),
    VA_ALLOC(t -> t.stage.granules(1)),
    COPY(t -> isPoisoned(() -> t.stage.space().copy(t.s.asSlice(2048, 8), t.s.asSlice(0, 8)), t.a)),
    VA_FREE(t -> t.stage.arena().close()),
    DETACH(t -> isLost(() -> t.stage.space().detach(t.view)));

    private final Consumer<LossTest> call;

    Discovery(Consumer<LossTest> call) {
      this.call = call;
    }
  }

  @ParameterizedTest
  @EnumSource
  void whichEverCallFindsItDead(Discovery discovery) {
    spread();
    d.die();
    assertThat(view.isLost()).isFalse();
    d.clearCalls();
    discovery.call.accept(this);
    assertThat(view.isLost()).isTrue();
    assertThat(d.calls()).as("asked once, and never again").hasSize(1);
    if (discovery != Discovery.VA_FREE) {
      assertThat(extent(0).poisoned()).isTrue();
      stage.host().write(a + 2 * GRANULE, 1, 1);
      stage.granules(1);
      assertThat(d.calls()).hasSize(1);
      stage.atEnd();
    }
    stage.close();
    assertThat(stage.host().committedBlocks()).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whicheverCallItDiesInNothingIsStaleAndNothingElseIsLost(boolean peers) {
    int failing = 0;
    Play play;
    do {
      play = new Play(peers, failing++);
      play.run();
    } while (play.dead != null);
    assertThat(failing).isGreaterThan(20);
  }

  /** Two devices and the CPU take granules from each other; one dies in a call of some number. */
  private static final class Play {
    private final Stage stage = new Stage();
    private final int failing;
    private final FakeDevice d;
    private final FakeDevice e;
    private final MemorySegment s;
    private int calls;
    private FakeDevice dead;

    Play(boolean peers, int failing) {
      this.failing = failing;
      d = device("d0", peers);
      e = device("d1", peers).protects();
      s = stage.granules(4);
    }

    private FakeDevice device(String id, boolean peers) {
      FakeDevice device = stage.fake(id).memoryBytes(3 * GRANULE).copies();
      if (peers) {
        device.moves().with(GmCapability.PEER_COPY);
      }
      device.answer(call -> answer(device, call));
      stage.attach(device);
      return device;
    }

    private GmStatus answer(FakeDevice device, Call call) {
      if (call.kind() == Kind.VA_ALLOC || calls++ != failing) {
        return GmStatus.SUCCESS;
      }
      dead = device;
      device.die();
      return GmStatus.DEVICE_LOST;
    }

    private void run() {
      long a = s.address();
      List<Runnable> steps = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        long at = a + i * GRANULE;
        steps.add(() -> stage.host().write(at, 8, 100));
        steps.add(() -> d.read(at, 8));
      }
      steps.add(() -> e.write(a + GRANULE, 8, 1));
      steps.add(() -> d.write(a, 8, 2));
      steps.add(() -> stage.host().read(a + GRANULE, 8));
      steps.add(() -> e.read(a, 8));
      steps.add(() -> d.write(a, 8, 2));
      steps.add(() -> e.write(a, 8, 3));
      steps.add(() -> stage.host().write(a + 3 * GRANULE, 8, 4));
      steps.add(() -> stage.space().prefetch(s, stage.view(e)).join());
      steps.add(() -> d.write(a + 2 * GRANULE, 8, 5));
      steps.add(() -> e.write(a + 2 * GRANULE, 8, 6));
      steps.add(() -> d.write(a + 2 * GRANULE, 8, 7));
      steps.add(() -> stage.space().prefetchToHost(s).join());
      steps.forEach(this::attempt);
      for (int i = 0; i < 4; i++) {
        long at = a + i * GRANULE;
        attempt(() -> stage.host().read(at, 8));
        stage.space().advise(s.asSlice(i * GRANULE, GRANULE), Advice.dontNeed()).join();
        stage.host().write(at, 8, 1);
      }
      stage.close();
      assertThat(stage.host().committedBlocks()).isZero();
    }

    private void attempt(Runnable step) {
      List<Residency.Extent> before = stage.space().residency(s).extents();
      boolean alive = dead == null;
      try {
        step.run();
      } catch (DeviceLostException | PoisonedMemoryException failure) {
        assertThat(dead).isNotNull();
        assertThat(failure.deviceId()).isEqualTo(dead.id());
      }
      stage.atEnd();
      if (alive && dead != null) {
        for (Residency.Extent now : stage.space().residency(s).extents()) {
          assertThat(now.poisoned() && !wasThere(before, now)).as("lost: " + now).isFalse();
        }
      }
    }

    private boolean wasThere(List<Residency.Extent> before, Residency.Extent now) {
      return before.stream()
          .filter(x -> x.address() < now.address() + now.bytes())
          .filter(x -> now.address() < x.address() + x.bytes())
          .allMatch(x -> x.dirty() && x.devices().contains(dead.id()));
    }
  }

  // ---- the device afterwards ----

  @Test
  void aLostDeviceStaysListedUntilItIsLetGo() {
    spread();
    d.dieAloud(cable);
    assertThat(stage.space().devices()).contains(view);
    assertThat(stage.space().device("d0")).isSameAs(view);
    isLost(() -> stage.space().prefetch(s, view));
    isLost(() -> stage.space().quota(view, GRANULE));
    isLost(() -> stage.space().advise(s, Advice.prefer(view)));
    assertThatThrownBy(() -> stage.space().prefetch(s, view)).hasCause(cable);
    d.clearCalls();
    stage.space().detach(view);
    assertThat(stage.space().devices()).doesNotContain(view);
    awaitClosed(d);
    assertThat(d.calls()).isEmpty();
    assertThatThrownBy(() -> stage.space().detach(view))
        .isInstanceOf(IllegalArgumentException.class);
    isPoisoned(() -> stage.host().read(a, 1), a);
    stage.atEnd();
  }

  private static void awaitClosed(FakeDevice device) {
    while (!device.isClosed()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void itsNumberIsNotGivenToAnother() {
    spread();
    d.dieAloud(cable);
    stage.space().detach(view);
    FakeDevice again = stage.device("d0");
    assertThat(stage.view(again).node()).isNotEqualTo(view.node());
    assertThat(stage.space().residency(s).bytesOn("d0")).isZero();
    again.write(a + GRANULE, 8, 1);
    isPoisoned(() -> again.read(a, 1), a);
    stage.atEnd();
  }

  @Test
  void anAbandonedDeviceIsAskedForNothing() {
    spread();
    d.clearCalls();
    stage.space().abandon(view);
    assertThat(stage.space().devices()).doesNotContain(view);
    assertThat(view.isLost()).isTrue();
    isPoisoned(() -> stage.host().read(a, 1), a);
    stage.host().read(a + GRANULE, 8);
    awaitClosed(d);
    assertThat(d.calls()).isEmpty();
    assertThat(stage.space().statistics().devices().get("d0").bytesLost()).isEqualTo(GRANULE);
    assertThatThrownBy(() -> stage.space().abandon(view))
        .isInstanceOf(IllegalArgumentException.class);
    stage.atEnd();
  }

  @Test
  void bothDevicesCanBeLost() {
    spread();
    d.dieAloud(null);
    e.dieAloud(null);
    assertThat(states()).containsExactly("DEVICE", "CPU", "CPU", "DEVICE");
    isPoisoned(() -> stage.host().read(a, 1), a);
    assertThatThrownBy(() -> stage.host().read(a + 3 * GRANULE, 1))
        .isInstanceOf(PoisonedMemoryException.class)
        .hasMessageContaining("device=d1");
    stage.host().read(a + GRANULE, 8);
    stage.close();
    awaitClosed(d);
    awaitClosed(e);
    assertThat(stage.host().committedBlocks()).isZero();
  }

  @Test
  void adviceThatNamesItGoesWithIt() {
    stage.space().advise(s, Advice.pin(view)).join();
    stage.space().advise(s, Advice.prefer(view));
    assertThat(states()).containsOnly("SHARED[d0]");
    d.dieAloud(null);
    assertThat(extent(0).advised()).isEqualTo(Residency.Advised.NOTHING);
    e.write(a, 1, 1);
    stage.host().write(a, 1, 2);
    stage.atEnd();
  }

  @Test
  void aDeviceThatDiesWhileItIsAttachedIsNot() {
    FakeDevice f = stage.fake("d2");
    f.answer(
        call -> {
          f.die();
          return GmStatus.DEVICE_LOST;
        });
    assertThatThrownBy(() -> stage.attach(f)).isInstanceOf(DeviceLostException.class);
    assertThat(stage.space().devices()).extracting(Device::id).doesNotContain("d2");
    stage.granules(1);
    assertThat(f.calls()).hasSize(1);
    stage.atEnd();
  }

  @Test
  void aDeviceThatDiesWhileItIsDetachedSaysWhatIsLost() {
    spread();
    d.answer(
        call -> {
          d.die();
          return GmStatus.DEVICE_LOST;
        });
    isLost(() -> stage.space().detach(view));
    assertThat(stage.space().devices()).contains(view);
    assertThat(extent(0).poisoned()).isTrue();
    stage.space().detach(view);
    awaitClosed(d);
    stage.atEnd();
  }

  @Test
  void aDeviceThatIsFoundDeadWhenItHoldsNothingIsDetachedAllTheSame() {
    d.answer(
        call -> {
          throw new GmStatusException(GmStatus.DEVICE_LOST, "gone", null);
        });
    stage.space().detach(view);
    assertThat(d.calls()).extracting(Call::kind).contains(Kind.VA_FREE);
    assertThat(stage.space().devices()).doesNotContain(view);
    awaitClosed(d);
    stage.atEnd();
  }

  @Test
  void aDeviceThatHasBeenLetGoCannotBeLost() {
    spread();
    stage.space().detach(view);
    SpaceProbe.slot(view).fate().lose(null);
    assertThat(view.isLost()).isFalse();
    FakeDevice f = stage.device("d2");
    assertThat(stage.view(f).node()).isEqualTo(view.node());
    stage.host().read(a, 8);
    stage.atEnd();
  }

  @Test
  void aDeviceThatIsAbandonedWhileItIsLetGoOfIsClosedOnce() {
    AtomicBoolean abandoned = new AtomicBoolean();
    d.answer(
        call -> {
          if (call.kind() == Kind.VA_FREE && abandoned.compareAndSet(false, true)) {
            CompletableFuture.runAsync(() -> stage.space().abandon(view)).join();
            LockSupport.parkNanos(50_000_000); // for whoever closes it meanwhile, if anybody did
            assertThat(d.isClosed()).isFalse();
          }
          return GmStatus.SUCCESS;
        });
    stage.space().detach(view);
    assertThat(abandoned).isTrue();
    assertThat(d.isClosed()).isTrue();
    assertThat(view.isLost()).isFalse();
    stage.atEnd();
  }

  // ---- files ----

  @Test
  void whatAFileHasNotGotIsToldByFlushAndClose(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("data"), new byte[4 * GRANULE]);
    Arena arena = stage.space().arena();
    MemorySegment t = stage.space().map(arena, file, MapMode.READ_WRITE, 0, 4 * GRANULE);
    for (int i = 0; i < 4; i++) {
      stage.host().write(t.address() + i * GRANULE, 1, 1 + i);
    }
    d.write(t.address() + GRANULE, 1, 9);
    d.write(t.address() + 2 * GRANULE, 1, 9);
    d.dieAloud(null);
    isPoisoned(() -> stage.space().flush(t), t.address() + GRANULE);
    stage.space().unmap(t.asSlice(GRANULE, GRANULE));
    assertThatThrownBy(arena::close)
        .isInstanceOfAny(PoisonedMemoryException.class, FileBackingException.class)
        .hasMessageContaining("address=0x" + Long.toHexString(t.address() + 2 * GRANULE));
    byte[] content = Files.readAllBytes(file);
    assertThat(content[0]).isEqualTo((byte) 1);
    assertThat(content[GRANULE]).isZero();
    assertThat(content[2 * GRANULE]).isZero();
    assertThat(content[3 * GRANULE]).isEqualTo((byte) 4);
    stage.close();
    assertThat(stage.host().committedBlocks()).isZero();
  }

  @Test
  void whatFailsForAnotherReasonIsNoLoss() {
    spread();
    d.answer(call -> GmStatus.FAILURE_UNKNOWN);
    assertThatThrownBy(() -> stage.host().read(a, 8))
        .isExactlyInstanceOf(DeviceException.class)
        .hasMessageContaining("FAILURE_UNKNOWN");
    assertThat(view.isLost()).isFalse();
    d.answer(call -> GmStatus.SUCCESS);
    assertThat(stage.host().read(a, 8)).isEqualTo(50);
  }
}
