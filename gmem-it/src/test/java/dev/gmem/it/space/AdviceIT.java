package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gmem.AddressSpace;
import dev.gmem.Advice;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.PinnedMemoryException;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import dev.gmem.sim.SimDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Advice, with the real agent and simulated devices. */
@Timeout(120)
class AdviceIT {
  private static final int GRANULE_BYTES = 4096;
  private static final long LONGS = 64 * GRANULE_BYTES / Long.BYTES;

  private AddressSpace space;
  private Arena arena;
  private SimDevice sim;
  private Device device;
  private MemorySegment data;

  @BeforeEach
  void open() {
    space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES));
    arena = space.arena();
    sim = Sim.builder("sim0").build();
    device = space.attach(sim);
    data = arena.allocate(JAVA_LONG, LONGS);
  }

  @AfterEach
  void close() {
    space.close();
  }

  private void fillOnDevice(long value) {
    Kernel fill =
        device
            .load(
                KernelSource.java(
                    "fill",
                    (item, memory, arguments) ->
                        memory.putLong(arguments.address(0) + 8 * item.globalId(0), value),
                    Parameter.READ_WRITE))
            .kernel("fill");
    fill.launch(NdRange.of(LONGS), data).join();
  }

  private long sum() {
    long sum = 0;
    for (long i = 0; i < LONGS; i++) {
      sum += data.getAtIndex(JAVA_LONG, i);
    }
    return sum;
  }

  @Test
  void whatIsNotNeededReadsAsZeroAndNothingIsCopied() {
    for (int round = 1; round <= 20; round++) {
      fillOnDevice(round);
      assertEquals(round, data.get(JAVA_LONG, 0));
      long before = space.statistics(data).bytesToHost();
      space.advise(data, Advice.dontNeed()).join();
      assertEquals(before, space.statistics(data).bytesToHost());
      assertEquals(0, sum());
      assertEquals(data.byteSize(), space.residency(data).bytes(PageState.NOMAP));
      data.fill((byte) 1);
      space.advise(data, Advice.dontNeed()).join();
      assertEquals(0, sum());
    }
    assertEquals(0, device.residentBytes());
  }

  @Test
  void whatIsReadMostlyIsCopiedHomeOnceAndStaysOnTheDevice() {
    space.advise(data, Advice.readMostly());
    fillOnDevice(3);
    assertEquals(3 * LONGS, sum());
    assertEquals(data.byteSize(), space.residency(data).bytes(PageState.SHARED));
    assertEquals(data.byteSize(), device.residentBytes());
    long bytesToDevices = space.statistics(data).bytesToDevices();
    fillOnDevice(4);
    assertEquals(bytesToDevices, space.statistics(data).bytesToDevices());
    assertEquals(4 * LONGS, sum());
    data.setAtIndex(JAVA_LONG, 0, 5);
    assertEquals(4 * LONGS + 1, sum());
    assertEquals(GRANULE_BYTES, space.residency(data).bytes(PageState.CPU));
  }

  @Test
  void whatIsPinnedStaysAndTheAccessThatWouldMoveItSaysWhy() {
    space.advise(data, Advice.pin(device)).join();
    fillOnDevice(7);
    assertEquals(7 * LONGS, sum());
    PinnedMemoryException refused =
        assertThrows(PinnedMemoryException.class, () -> data.setAtIndex(JAVA_LONG, 0, 5));
    assertEquals(true, refused.getMessage().contains("pinnedTo=sim0"), refused.getMessage());
    assertEquals(7, data.getAtIndex(JAVA_LONG, 0));
    space.advise(data, Advice.unpin()).join();
    data.setAtIndex(JAVA_LONG, 0, 5);
    space.advise(data, Advice.pinToHost()).join();
    assertThrows(PinnedMemoryException.class, () -> fillOnDevice(8));
    assertEquals(5, data.getAtIndex(JAVA_LONG, 0));
  }
}
