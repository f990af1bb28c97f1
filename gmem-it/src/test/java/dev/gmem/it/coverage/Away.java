package dev.gmem.it.coverage;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
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
import dev.gmem.PageState;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory that lives on a device. A kernel paints every byte there, each time in another way, so
 * that the host's stale frames never hold what an access must see.
 */
final class Away implements AutoCloseable {
  static final int GRANULE_BYTES = 4096;
  static final int BYTES = 4 * GRANULE_BYTES;

  private final AddressSpace space =
      Gmem.open(SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES));
  private final Arena arena = space.arena();
  private final MemorySegment segment = arena.allocate(BYTES, GRANULE_BYTES);
  private final MemorySegment answer = arena.allocate(JAVA_LONG, 1024);
  private final Device device = space.attach(Sim.builder("sim0").workers(1).build());
  private final Kernel paint =
      device
          .load(
              KernelSource.java(
                  "paint",
                  (item, memory, arguments) -> {
                    long start = GRANULE_BYTES * item.globalId(0);
                    for (long i = start; i < start + GRANULE_BYTES; i++) {
                      memory.putByte(arguments.address(0) + i, painted(arguments.getInt(1), i));
                    }
                  },
                  Parameter.WRITE,
                  Parameter.SCALAR))
          .kernel("paint");
  private final Kernel look =
      device
          .load(
              KernelSource.java(
                  "look",
                  (item, memory, arguments) ->
                      memory.putLong(arguments.address(1), memory.getLong(arguments.getLong(0))),
                  Parameter.SCALAR,
                  Parameter.WRITE))
          .kernel("look");
  private int seed;
  private long faultsBefore;

  /** The byte that a kernel paints. Never zero, and never what the paint before was. */
  static byte painted(int seed, long index) {
    return (byte) (1 + (index * 7 + index / 251 + 3L * seed) % 120);
  }

  byte expected(long index) {
    return painted(seed, index);
  }

  /** Paints the memory on the device, and returns it. */
  MemorySegment segment() {
    seed++;
    paint.launch(NdRange.of(BYTES / GRANULE_BYTES), segment, seed).join();
    assertEquals(BYTES, space.residency(segment).bytes(PageState.DEVICE));
    faultsBefore = faults();
    return segment;
  }

  /** What it would be in memory that never left. */
  MemorySegment expected() {
    MemorySegment twin = Arena.ofAuto().allocate(BYTES, Long.BYTES);
    for (int i = 0; i < BYTES; i++) {
      twin.set(JAVA_BYTE, i, expected(i));
    }
    return twin;
  }

  /** Fails unless the CPU has faulted since {@link #segment()}. */
  void faulted() {
    assertTrue(faults() > faultsBefore, "the access took no fault");
  }

  private long faults() {
    return space.statistics(segment).hostFaults() + space.statistics().pins();
  }

  /** Reads a long, as the device sees it. */
  long onDevice(long offset) {
    look.launch(NdRange.of(1), segment.address() + offset, answer).join();
    return answer.get(JAVA_LONG, 0);
  }

  /** Fails unless the device sees the same bytes as a copy. */
  void sameOnDevice(MemorySegment copy) {
    for (long offset = 0; offset < BYTES; offset += 1016) {
      long wanted = copy.get(JAVA_LONG.withByteAlignment(1), offset);
      assertEquals(wanted, onDevice(offset), "at " + offset);
    }
  }

  @Override
  public void close() {
    space.close();
  }
}
