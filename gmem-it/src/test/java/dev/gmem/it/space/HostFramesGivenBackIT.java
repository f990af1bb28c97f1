package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the operating system says of the host memory of what lives on a device, with the agent. */
@Timeout(120)
@EnabledOnOs(OS.LINUX) // the only one that tells how much of a range is in memory
class HostFramesGivenBackIT {
  private static final long BYTES = 16L << 20;
  private static final long LONGS = BYTES / Long.BYTES;

  @ParameterizedTest
  @ValueSource(longs = {0, BYTES / 4, Long.MAX_VALUE})
  void noMoreIsInMemoryThanIsToBeRetained(long retained) throws IOException {
    SpaceOptions options = SpaceOptions.defaults().withRetainedBytesMax(retained);
    try (AddressSpace space = Gmem.open(options);
        Arena arena = space.arena()) {
      Device device = space.attach(Sim.builder("sim").memoryBytes(2 * BYTES).build());
      Kernel kernel = device.load(increment()).kernel("increment");
      MemorySegment data = arena.allocate(JAVA_LONG, LONGS);
      for (long i = 0; i < LONGS; i++) {
        data.setAtIndex(JAVA_LONG, i, i);
      }
      assertTrue(residentBytes(data) >= BYTES);
      for (int round = 1; round <= 3; round++) {
        kernel.launch(NdRange.of(LONGS), data).join();
        assertTrue(residentBytes(data) <= Math.max(retained, 0), "retained=" + residentBytes(data));
        for (long i = 0; i < LONGS; i++) {
          assertEquals(i + round, data.getAtIndex(JAVA_LONG, i));
        }
      }
      long givenBack = space.statistics().bytesGivenBack();
      assertEquals(retained == Long.MAX_VALUE, givenBack == 0);
    }
  }

  private static KernelSource increment() {
    return KernelSource.java(
        "increment",
        (item, memory, arguments) ->
            memory.getAndAddLong(arguments.address(0) + 8 * item.globalId(0), 1),
        Parameter.READ_WRITE);
  }

  /** How much of the pages of a segment has frames, by {@code /proc/self/pagemap}'s present bit. */
  private static long residentBytes(MemorySegment segment) throws IOException {
    long page = 4096;
    byte[] entries = new byte[(int) (segment.byteSize() / page * Long.BYTES)];
    try (var map = Files.newByteChannel(Path.of("/proc/self/pagemap"))) {
      map.position(segment.address() / page * Long.BYTES);
      var buffer = ByteBuffer.wrap(entries);
      while (buffer.hasRemaining() && map.read(buffer) > 0) {
        // until all has been read
      }
    }
    MemorySegment bits = MemorySegment.ofArray(entries);
    long present = 0;
    for (long at = 0; at < entries.length; at += Long.BYTES) {
      present += bits.get(JAVA_LONG.withByteAlignment(1), at) < 0 ? 1 : 0;
    }
    return present * page;
  }
}
