package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.AddressSpaceExhaustedException;
import dev.gmem.ArenaOptions;
import dev.gmem.DeviceException;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.SpaceOptions;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory at an address that the program chooses: on every device, or on none. */
@Timeout(60)
class FixedAddressTest {
  private final Stage stage = new Stage();
  private final long reserved = stage.space().reservedAddress();
  private final long place = reserved + 40L * GRANULE;

  private MemorySegment at(long address, long bytes) {
    return stage.space().allocateAt(stage.arena(), address, bytes);
  }

  private void nothingIsLeft() {
    assertThat(stage.space().statistics().allocatedBytes()).isZero();
    assertThat(stage.host().committedBlocks()).isZero();
    assertThat(SpaceProbe.vmas(stage.space())).isEmpty();
  }

  @Test
  void itIsWhereItIsAskedForAndWorksAsAnyOther() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = at(place, 3 * GRANULE + 5);
    assertThat(s.address()).isEqualTo(place);
    assertThat(s.byteSize()).isEqualTo(3 * GRANULE + 5);
    assertThat(d.announced()).containsExactly(place);
    assertThat(stage.host().read(place, 8)).isZero();
    d.write(place + 3 * GRANULE, 4, 7);
    assertThat(stage.host().read(place + 3 * GRANULE, 4)).isEqualTo(7);
    stage.atEnd();
    stage.arena().close();
    nothingIsLeft();
    Arena arena = stage.space().arena();
    assertThat(stage.space().allocateAt(arena, place, GRANULE).address()).isEqualTo(place);
  }

  @Test
  void otherAllocationsGoAroundIt() {
    at(reserved, 2 * GRANULE);
    at(reserved + 3 * GRANULE, GRANULE);
    assertThat(stage.granules(1).address()).isEqualTo(reserved + 2 * GRANULE);
    assertThat(stage.granules(1).address()).isEqualTo(reserved + 4 * GRANULE);
  }

  @ParameterizedTest
  @ValueSource(ints = {-2, -1, 0, 1, 2})
  void whatIsTakenIsRefused(int shift) {
    at(place, 3 * GRANULE);
    long allocated = stage.space().statistics().allocatedBytes();
    assertThatThrownBy(() -> at(place + (long) shift * GRANULE, 3 * GRANULE))
        .isInstanceOf(AddressSpaceExhaustedException.class)
        .hasMessageContaining("are taken")
        .hasMessageContaining("bytes=" + 3 * GRANULE);
    assertThat(stage.space().statistics().allocatedBytes()).isEqualTo(allocated);
    assertThat(at(place + 3 * GRANULE, GRANULE).address()).isEqualTo(place + 3 * GRANULE);
    assertThat(at(place - 2 * GRANULE, 2 * GRANULE).address()).isEqualTo(place - 2 * GRANULE);
  }

  @Test
  void theRangeMustLieInTheReservationAndBeginAtAGranule() {
    long end = reserved + SpaceOptions.GRANULE_BYTES_MAX;
    long[][] bad = {
      {reserved - GRANULE, GRANULE},
      {reserved + 1, GRANULE},
      {reserved + GRANULE / 2, GRANULE},
      {place, 0},
      {place, -1},
      {place, Long.MAX_VALUE},
      {end, GRANULE},
      {end - GRANULE, GRANULE + 1},
      {0, GRANULE},
      {Long.MIN_VALUE, GRANULE},
      {Long.MAX_VALUE & -GRANULE, GRANULE}
    };
    for (long[] range : bad) {
      assertThatThrownBy(() -> at(range[0], range[1]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("reservedAddress=0x" + Long.toHexString(reserved))
          .hasMessageContaining("byteSize=" + range[1]);
    }
    Arena large = stage.space().arena(ArenaOptions.defaults().withGranuleBytes(4 * GRANULE));
    assertThatThrownBy(() -> stage.space().allocateAt(large, reserved + GRANULE, GRANULE))
        .isInstanceOf(IllegalArgumentException.class);
    nothingIsLeft();
    assertThat(at(end - GRANULE, GRANULE).byteSize()).isEqualTo(GRANULE);
  }

  @Test
  void theArenaMustBeOpenAndOfThisSpace() {
    try (Arena other = Arena.ofShared();
        Stage elsewhere = new Stage()) {
      for (Arena arena : new Arena[] {other, elsewhere.arena()}) {
        assertThatThrownBy(() -> stage.space().allocateAt(arena, place, GRANULE))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("space.arena()");
      }
    }
    stage.arena().close();
    assertThatThrownBy(() -> at(place, GRANULE)).hasMessage("Already closed");
  }

  @ParameterizedTest
  @EnumSource(
      value = GmStatus.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"SUCCESS", "MIGRATING", "DEVICE_LOST"})
  void ifOneDeviceRefusesNoneKeepsIt(GmStatus status) {
    FakeDevice[] devices = {stage.device("d0"), stage.device("d1"), stage.device("d2")};
    for (int refusing = 0; refusing < 3; refusing++) {
      FakeDevice picky = devices[refusing];
      picky.answer(call -> call.kind() == Kind.VA_ALLOC ? status : GmStatus.SUCCESS);
      assertThatThrownBy(() -> at(place, GRANULE))
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("device=" + picky.id())
          .hasMessageContaining("status=" + status)
          .satisfies(
              e ->
                  assertThat(e instanceof DeviceMemoryExhaustedException)
                      .isEqualTo(status == GmStatus.NOMEM));
      for (FakeDevice device : devices) {
        assertThat(device.announced()).isEmpty();
      }
      assertThat(picky.calls(Kind.VA_ALLOC)).as("it is not asked for another place").hasSize(1);
      nothingIsLeft();
      for (FakeDevice device : devices) {
        device.answer(call -> GmStatus.SUCCESS).clearCalls();
      }
    }
    assertThat(at(place, GRANULE).address()).isEqualTo(place);
  }

  @Test
  void aDeviceThatIsBusyIsAskedAgain() {
    FakeDevice d = stage.device("d0");
    int[] calls = {0};
    d.answer(
        call ->
            call.kind() == Kind.VA_ALLOC && calls[0]++ < 5 ? GmStatus.MIGRATING : GmStatus.SUCCESS);
    assertThat(at(place, GRANULE).address()).isEqualTo(place);
    assertThat(calls[0]).isEqualTo(6);
    d.answer(call -> call.kind() == Kind.VA_ALLOC ? GmStatus.MIGRATING : GmStatus.SUCCESS);
    assertThatThrownBy(() -> at(place + GRANULE, GRANULE)).hasMessageContaining("status=MIGRATING");
    assertThat(d.announced()).containsExactly(place);
  }

  @Test
  void whatADeviceThrowsWhenItIsToForgetIsSuppressed() {
    FakeDevice d = stage.device("d0");
    FakeDevice picky = stage.device("picky");
    RuntimeException cable = new RuntimeException("cable");
    d.answer(
        call -> {
          if (call.kind() == Kind.VA_FREE) {
            throw cable;
          }
          return GmStatus.SUCCESS;
        });
    picky.answer(call -> GmStatus.FAILURE_UNKNOWN);
    assertThatThrownBy(() -> at(place, GRANULE))
        .hasMessageContaining("device=picky")
        .satisfies(
            e ->
                assertThat(e.getSuppressed())
                    .singleElement()
                    .satisfies(
                        s -> assertThat(s).hasMessageContaining("device=d0").hasCause(cable)));
  }

  @Test
  void ifTheHostRefusesNoDeviceKeepsIt() {
    FakeDevice d = stage.device("d0");
    for (boolean gate : new boolean[] {false, true}) {
      AddressSpaceExhaustedException failure = new AddressSpaceExhaustedException("no");
      if (gate) {
        stage.host().failNextGate(failure);
      } else {
        stage.host().failNextCommit(failure);
      }
      assertThatThrownBy(() -> at(place, GRANULE)).isSameAs(failure);
      assertThat(d.announced()).isEmpty();
      nothingIsLeft();
    }
    assertThat(at(place, GRANULE).address()).isEqualTo(place);
  }
}
