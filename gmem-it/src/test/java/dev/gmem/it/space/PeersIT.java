package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.DeviceStatistics;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two simulated devices take turns at the same memory, with the real agent. */
@Timeout(120)
class PeersIT {
  private static final int GRANULE_BYTES = 4096;
  private static final int LONGS = 64 * GRANULE_BYTES / Long.BYTES;
  private static final int TURNS = 12;

  private AddressSpace space;
  private Arena arena;
  private MemorySegment data;

  @BeforeEach
  void open() {
    space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES));
    arena = space.arena();
    data = arena.allocate(JAVA_LONG, LONGS);
  }

  @AfterEach
  void close() {
    space.close();
  }

  private Kernel increment(String id, boolean faults, GmCapability... without) {
    Sim.Builder sim = Sim.builder(id).without(without);
    Device device =
        space.attach((faults ? sim : sim.without(GmCapability.REPLAYABLE_FAULTS)).build());
    return device
        .load(
            KernelSource.java(
                "increment",
                (item, memory, arguments) -> {
                  // In one access: a read that faults makes a copy for the host, too.
                  memory.getAndAddLong(
                      arguments.address(0) + 8 * item.globalId(0), item.globalId(0));
                },
                Parameter.READ_WRITE))
        .kernel("increment");
  }

  private void takeTurns(Kernel one, Kernel two) {
    for (int i = 0; i < TURNS; i++) {
      (i % 2 == 0 ? one : two).launch(NdRange.of(LONGS), data).join();
    }
  }

  private void compare() {
    for (int i = 0; i < LONGS; i++) {
      assertEquals((long) TURNS * i, data.getAtIndex(JAVA_LONG, i));
    }
  }

  private DeviceStatistics of(String id) {
    return space.statistics().devices().get(id);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void devicesThatTakeTurnsLeaveTheHostAlone(boolean faults) {
    Kernel one = increment("sim0", faults);
    Kernel two = increment("sim1", faults);
    takeTurns(one, two);
    for (String id : new String[] {"sim0", "sim1"}) {
      assertEquals(0, of(id).bytesIn(), id);
      assertEquals(0, of(id).bytesOut(), id);
    }
    long turns = of("sim0").bytesFromPeers() + of("sim1").bytesFromPeers();
    assertTrue(turns >= (TURNS - 1) * data.byteSize(), "bytesFromPeers=" + turns);
    assertEquals(data.byteSize(), space.residency(data).bytesOn("sim1"));
    assertEquals(data.byteSize(), space.residency(data).bytes(PageState.DEVICE));
    compare();
    assertEquals(data.byteSize(), of("sim1").bytesOut());
    assertEquals(0, of("sim0").bytesOut());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDeviceThatIsNoPeerTakesTurnsByWayOfTheHost(boolean faults) {
    Kernel one = increment("sim0", faults);
    Kernel two = increment("sim1", faults, GmCapability.PEER_COPY);
    takeTurns(one, two);
    assertTrue(of("sim0").bytesOut() >= TURNS / 2 * data.byteSize());
    assertEquals(0, of("sim0").bytesFromPeers() + of("sim1").bytesFromPeers());
    compare();
  }
}
