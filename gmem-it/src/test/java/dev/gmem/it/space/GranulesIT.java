package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.AddressSpace;
import dev.gmem.ArenaOptions;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.Residency;
import dev.gmem.sim.Sim;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Arenas with granules of their own, with the real agent and simulated devices. */
@Timeout(120)
class GranulesIT {
  private static final int[] GRANULES_BYTES = {4 << 10, 16 << 10, 64 << 10, 2 << 20};
  private static final int INTS = (4 << 20) / Integer.BYTES;

  private static Arena arena(AddressSpace space, int granuleBytes) {
    return space.arena(ArenaOptions.defaults().withGranuleBytes(granuleBytes));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void oneKernelWorksOnGranulesOfEverySize(boolean replayable) {
    try (AddressSpace space = Gmem.open()) {
      space.attach(Sim.builder("sim0").replayable(replayable).build());
      List<MemorySegment> segments = new ArrayList<>();
      for (int granuleBytes : GRANULES_BYTES) {
        MemorySegment segment = arena(space, granuleBytes).allocate(JAVA_INT, INTS);
        for (int i = 0; i < INTS; i += 97) {
          segment.setAtIndex(JAVA_INT, i, i);
        }
        segments.add(segment);
      }
      Kernel rotate =
          space
              .device("sim0")
              .load(
                  KernelSource.java(
                      "rotate",
                      (item, memory, arguments) -> {
                        long at = 4L * item.globalId(0);
                        int first = memory.getInt(arguments.address(0) + at);
                        for (int i = 0; i < 3; i++) {
                          int next = memory.getInt(arguments.address(i + 1) + at);
                          memory.putInt(arguments.address(i) + at, next + 1);
                        }
                        memory.putInt(arguments.address(3) + at, first + 1);
                      },
                      Parameter.READ_WRITE,
                      Parameter.READ_WRITE,
                      Parameter.READ_WRITE,
                      Parameter.READ_WRITE))
              .kernel("rotate");
      for (int round = 1; round <= 2; round++) {
        rotate.launch(NdRange.of(INTS), segments.toArray()).join();
        for (MemorySegment segment : segments) {
          for (int i = 0; i < INTS; i += 97) {
            assertEquals(i + round, segment.getAtIndex(JAVA_INT, i));
          }
        }
      }
    }
  }

  @Test
  void aFaultMovesOneGranuleOfTheArena() {
    try (AddressSpace space = Gmem.open()) {
      space.attach(Sim.builder("sim0").build());
      for (int granuleBytes : GRANULES_BYTES) {
        MemorySegment segment = arena(space, granuleBytes).allocate(JAVA_INT, INTS);
        segment.fill((byte) 1);
        space.prefetch(segment, space.device("sim0")).join();
        segment.setAtIndex(JAVA_INT, INTS / 2, 7);
        Residency residency = space.residency(segment);
        assertEquals(granuleBytes, residency.granuleBytes());
        assertEquals(segment.byteSize() - granuleBytes, residency.bytesOn("sim0"));
        assertTrue(residency.extents().size() <= 3);
      }
    }
  }
}
