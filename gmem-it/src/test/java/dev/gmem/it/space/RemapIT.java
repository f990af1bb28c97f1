package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.AddressSpace;
import dev.gmem.DeviceException;
import dev.gmem.Gmem;
import dev.gmem.IllegalDeviceAccessException;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.SpaceOptions;
import dev.gmem.UnmappedMemoryException;
import dev.gmem.sim.Sim;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parts are given back and contents move, with the real agent and simulated devices. */
@Timeout(120)
class RemapIT {
  private static final int GRANULE_BYTES = 1 << 16;
  private static final int GRANULES = 32;
  private static final long LONGS_PER_GRANULE = GRANULE_BYTES / Long.BYTES;
  private static final long LONGS = GRANULES * LONGS_PER_GRANULE;

  private AddressSpace space;
  private Arena arena;
  private MemorySegment data;
  private Kernel add;

  @BeforeEach
  void open() {
    space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES));
    arena = space.arena();
    data = arena.allocate(JAVA_LONG, LONGS);
    add =
        space
            .attach(Sim.builder("sim0").build())
            .load(
                KernelSource.java(
                    "add",
                    (item, memory, arguments) -> {
                      long at = arguments.address(0) + 8 * item.globalId(0);
                      memory.putLong(at, memory.getLong(at) + arguments.getLong(1));
                    },
                    Parameter.READ_WRITE,
                    Parameter.SCALAR))
            .kernel("add");
  }

  @AfterEach
  void close() {
    space.close();
  }

  private static MemorySegment part(MemorySegment segment, int first, int end) {
    return segment.asSlice((long) first * GRANULE_BYTES, (long) (end - first) * GRANULE_BYTES);
  }

  private void addOnDevice(MemorySegment segment, long value) {
    add.launch(NdRange.of(segment.byteSize() / Long.BYTES), segment, value).join();
  }

  private void number(MemorySegment segment) {
    for (long i = 0; i < LONGS; i++) {
      segment.setAtIndex(JAVA_LONG, i, i);
    }
  }

  private static void checkNumbers(MemorySegment segment, int first, int end, long more) {
    for (long i = first * LONGS_PER_GRANULE; i < end * LONGS_PER_GRANULE; i++) {
      if (segment.getAtIndex(JAVA_LONG, i) != i + more) {
        assertEquals(i + more, segment.getAtIndex(JAVA_LONG, i), "at " + i);
      }
    }
  }

  private void checkGone(MemorySegment segment, int granule) {
    MemorySegment gone = part(segment, granule, granule + 1);
    long index = granule * LONGS_PER_GRANULE + 5;
    VarHandle handle = JAVA_LONG.varHandle();
    for (Runnable access :
        new Runnable[] {
          () -> segment.getAtIndex(JAVA_LONG, index),
          () -> segment.setAtIndex(JAVA_LONG, index, 1),
          () -> handle.getAndAdd(segment, index * Long.BYTES, 1L),
          () -> gone.fill((byte) 1),
          () -> gone.toArray(JAVA_LONG),
          () -> gone.asByteBuffer().getInt(8),
          () -> MemorySegment.copy(segment, 0, gone, 0, 8),
          () -> segment.mismatch(gone)
        }) {
      String message = assertThrows(UnmappedMemoryException.class, access::run).getMessage();
      assertTrue(message.contains("given back"), message);
    }
    DeviceException failure = assertThrows(DeviceException.class, () -> addOnDevice(gone, 1));
    assertTrue(failure instanceof IllegalDeviceAccessException, failure.toString());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, GRANULES / 4, GRANULES / 2})
  void migratePartialUnmapFault(int first) {
    int end = first + GRANULES / 2;
    number(data);
    addOnDevice(data, 7);
    assertEquals(data.byteSize(), space.device("sim0").residentBytes());
    space.unmap(part(data, first, end));
    assertEquals(data.byteSize() / 2, space.device("sim0").residentBytes());
    assertEquals(data.byteSize() / 2, space.statistics().allocatedBytes());
    assertEquals(data.byteSize() / 2, space.residency(data).bytes(PageState.UNMAPPED));
    checkGone(data, first);
    checkGone(data, end - 1);
    for (int[] rest : new int[][] {{0, first}, {end, GRANULES}}) {
      checkNumbers(data, rest[0], rest[1], 7);
      if (rest[0] < rest[1]) {
        addOnDevice(part(data, rest[0], rest[1]), 1);
        checkNumbers(data, rest[0], rest[1], 8);
      }
    }
    checkGone(data, first);
  }

  @ParameterizedTest
  @ValueSource(strings = {"host", "device", "both"})
  void migrateRemapFault(String where) {
    number(data);
    long more = 0;
    if (!where.equals("host")) {
      addOnDevice(data, more = 3);
    }
    if (where.equals("both")) {
      checkNumbers(data, 0, GRANULES / 2, more);
    }
    MemorySegment target = arena.allocate(JAVA_LONG, LONGS);
    target.fill((byte) 0x55);
    space.remap(target, data);
    checkGone(data, 0);
    checkGone(data, GRANULES - 1);
    assertEquals(data.byteSize(), space.statistics().allocatedBytes());
    if (where.equals("both")) {
      checkNumbers(target, 0, GRANULES, more);
    }
    addOnDevice(target, 5);
    checkNumbers(target, 0, GRANULES, more + 5);
    space.remap(part(target, 0, 2), part(target, 8, 10));
    assertEquals(8 * LONGS_PER_GRANULE + more + 5, target.get(JAVA_LONG, 0));
    checkGone(target, 8);
    checkNumbers(target, 10, GRANULES, more + 5);
  }

  @Test
  void ioIsRefusedForWhatHasHolesAndWorksForWhatIsMovedOutOfThem(@TempDir Path folder)
      throws Exception {
    number(data);
    space.unmap(part(data, 1, 2));
    try (FileChannel file =
        FileChannel.open(
            folder.resolve("out"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      ByteBuffer first = part(data, 0, 1).asByteBuffer();
      UnmappedMemoryException refused =
          assertThrows(UnmappedMemoryException.class, () -> file.write(first));
      assertTrue(refused.getMessage().contains("pin whole allocations"), refused.getMessage());
      MemorySegment whole = arena.allocate(GRANULE_BYTES, 1);
      space.remap(whole, part(data, 0, 1));
      assertEquals(GRANULE_BYTES, file.write(whole.asByteBuffer()));
    }
    assertEquals(
        LONGS_PER_GRANULE - 1,
        MemorySegment.ofArray(Files.readAllBytes(folder.resolve("out")))
            .get(
                JAVA_LONG.withOrder(java.nio.ByteOrder.nativeOrder()).withByteAlignment(1),
                GRANULE_BYTES - Long.BYTES));
  }

  /** Loops whose look at the gate the JIT has hoisted must still stop at the hole. */
  @Test
  @Tag("modes")
  void whoeverUsesAPartThatGoesIsStoppedAndTheRestIsRight() throws Exception {
    for (int round = 0; round < 20; round++) {
      try (Arena own = space.arena()) {
        MemorySegment s = own.allocate(8 * GRANULE_BYTES, 1);
        AtomicBoolean stopped = new AtomicBoolean();
        Thread writer =
            new Thread(
                () -> {
                  try {
                    for (byte value = 1; ; value++) {
                      for (long at = 0; at < s.byteSize(); at++) {
                        s.set(JAVA_BYTE, at, value);
                      }
                    }
                  } catch (UnmappedMemoryException e) {
                    stopped.set(true);
                  }
                });
        writer.start();
        Thread.sleep(5 + round);
        if (round % 2 == 0) {
          space.unmap(part(s, 3, 5));
        } else {
          MemorySegment target = own.allocate(2 * GRANULE_BYTES, 1);
          space.remap(target, part(s, 3, 5));
          byte moved = target.get(JAVA_BYTE, 0);
          Thread.sleep(1);
          assertEquals(moved, target.get(JAVA_BYTE, 0), "nobody writes there any more");
        }
        writer.join(20_000);
        assertTrue(stopped.get());
        assertThrows(UnmappedMemoryException.class, () -> s.get(JAVA_BYTE, 3L * GRANULE_BYTES));
        s.get(JAVA_BYTE, 0);
      }
    }
  }
}
