package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.AddressSpace;
import dev.gmem.Argument;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.SpaceOptions;
import dev.gmem.kernel.DeviceKernel;
import dev.gmem.sim.Sim;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What programs rely on, with the real agent and simulated devices. */
@Tag("modes")
@Timeout(120)
class SharedMemoryIT {
  private static final int GRANULE_BYTES = 4096;
  private static final long INTS = 4 * GRANULE_BYTES / Integer.BYTES;

  private AddressSpace space;
  private Arena arena;

  @BeforeEach
  void open() {
    space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES));
    arena = space.arena();
  }

  @AfterEach
  void close() {
    space.close();
  }

  private void attach(String id, boolean replayable) {
    space.attach(Sim.builder(id).replayable(replayable).build());
  }

  private Kernel kernel(String device, DeviceKernel body, Parameter... parameters) {
    return space.device(device).load(KernelSource.java("body", body, parameters)).kernel("body");
  }

  private MemorySegment counting() {
    MemorySegment segment = arena.allocate(JAVA_INT, INTS);
    for (long i = 0; i < INTS; i++) {
      segment.setAtIndex(JAVA_INT, i, (int) i);
    }
    return segment;
  }

  private long faults() {
    return space.statistics().total().hostFaults();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void kernelsSeeWhatTheCpuWroteAndTheCpuSeesWhatKernelsWrote(boolean replayable) {
    attach("sim0", replayable);
    MemorySegment segment = counting();
    Kernel doubles =
        kernel(
            "sim0",
            (item, memory, arguments) -> {
              long address = arguments.address(0) + 4 * item.globalId(0);
              memory.putInt(address, 2 * memory.getInt(address));
            },
            Parameter.READ_WRITE);
    for (int round = 0; round < 10; round++) {
      doubles.launch(NdRange.of(INTS), segment).join();
      for (long i = 0; i < INTS; i++) {
        assertEquals(2 * (int) i, segment.getAtIndex(JAVA_INT, i));
        segment.setAtIndex(JAVA_INT, i, (int) i);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void afterAKernelThatOnlyReadsTheCpuReadsWithoutAFaultAndWritesWithOne(boolean replayable) {
    attach("sim0", replayable);
    MemorySegment segment = counting();
    MemorySegment sum = arena.allocate(JAVA_LONG);
    Kernel sums =
        kernel(
            "sim0",
            (item, memory, arguments) -> {
              long total = 0;
              for (long i = 0; i < INTS; i++) {
                total += memory.getInt(arguments.address(0) + 4 * i);
              }
              memory.putLong(arguments.address(1), total);
            },
            Parameter.READ,
            Parameter.WRITE);
    sums.launch(NdRange.of(1), segment, sum).join();
    assertEquals(INTS * (INTS - 1) / 2, sum.get(JAVA_LONG, 0));
    assertEquals(segment.byteSize(), space.residency(segment).bytes(PageState.SHARED));
    long before = faults();
    for (long i = 0; i < INTS; i++) {
      assertEquals((int) i, segment.getAtIndex(JAVA_INT, i));
    }
    assertEquals(before, faults(), "reads of replicas must not fault");
    segment.setAtIndex(JAVA_INT, 5, -1);
    segment.setAtIndex(JAVA_INT, 6, -1);
    assertEquals(before + 1, faults(), "the first write of a replica faults, the second does not");
    assertEquals(GRANULE_BYTES, space.residency(segment).bytes(PageState.CPU));
  }

  @Test
  void readingOneValueBringsHomeOneGranule() {
    attach("sim0", true);
    MemorySegment segment = counting();
    Kernel increments =
        kernel(
            "sim0",
            (item, memory, arguments) -> {
              long address = arguments.address(0) + 4 * item.globalId(0);
              memory.putInt(address, memory.getInt(address) + 1);
            },
            Parameter.READ_WRITE);
    for (int i = 0; i < 10; i++) {
      increments.launch(NdRange.of(INTS), segment).join();
    }
    long before = space.statistics().total().bytesToHost();
    assertEquals(2000 + 10, segment.getAtIndex(JAVA_INT, 2000));
    assertEquals(GRANULE_BYTES, space.statistics().total().bytesToHost() - before);
    assertEquals(segment.byteSize(), space.statistics().total().bytesToDevices());
  }

  @Test
  void aListThatTheCpuBuiltIsWalkedOnTheDevice() {
    attach("sim0", true);
    MemorySegment head = MemorySegment.NULL;
    for (int i = 1; i <= 1000; i++) {
      MemorySegment node = arena.allocate(16, 8);
      node.set(JAVA_LONG, 0, i);
      node.set(ADDRESS, 8, head);
      head = node;
    }
    MemorySegment sum = arena.allocate(JAVA_LONG);
    Kernel walk =
        kernel(
            "sim0",
            (item, memory, arguments) -> {
              long total = 0;
              long node = arguments.getLong(0);
              while (node != 0) {
                total += memory.getLong(node);
                memory.putLong(node, -memory.getLong(node));
                node = memory.getLong(node + 8);
              }
              memory.putLong(arguments.address(1), total);
            },
            Parameter.SCALAR,
            Parameter.WRITE);
    walk.launch(NdRange.of(1), head.address(), sum).join();
    assertEquals(500_500, sum.get(JAVA_LONG, 0));
    assertEquals(-1000, head.get(JAVA_LONG, 0));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void twoDevicesAndTheCpuPassABufferAround(boolean replayable) {
    attach("sim0", replayable);
    attach("sim1", replayable);
    MemorySegment segment = counting();
    DeviceKernel body =
        (item, memory, arguments) -> {
          long address = arguments.address(0) + 4 * item.globalId(0);
          memory.putInt(address, memory.getInt(address) + 1);
        };
    Kernel first = kernel("sim0", body, Parameter.READ_WRITE);
    Kernel second = kernel("sim1", body, Parameter.READ_WRITE);
    for (int round = 0; round < 5; round++) {
      Launch one = first.launch(NdRange.of(INTS), segment);
      Launch two = second.launch(NdRange.of(INTS), segment);
      two.join();
      assertTrue(one.isDone(), "the second launch writes what the first one writes");
      for (long i = round; i < INTS; i += 100) {
        segment.setAtIndex(JAVA_INT, i, segment.getAtIndex(JAVA_INT, i) + 1);
      }
    }
    for (long i = 0; i < INTS; i++) {
      int byCpu = i % 100 < 5 ? 1 : 0;
      assertEquals((int) i + 10 + byCpu, segment.getAtIndex(JAVA_INT, i));
    }
  }

  @Test
  void aHostAccessAfterALaunchOnADeviceThatCannotFaultSeesItsResult() {
    attach("sim0", false);
    MemorySegment segment = counting();
    MemorySegment other = counting();
    CountDownLatch gate = new CountDownLatch(1);
    Kernel slow =
        kernel(
            "sim0",
            (item, memory, arguments) -> {
              await(gate);
              memory.putInt(arguments.address(0), 77);
            },
            Parameter.READ_WRITE);
    Launch launch = slow.launch(NdRange.of(1), segment);
    assertEquals(3, other.getAtIndex(JAVA_INT, 3), "memory of no launch is not held");
    Thread releaser =
        Thread.ofPlatform()
            .start(
                () -> {
                  sleep(200);
                  gate.countDown();
                });
    assertEquals(77, segment.getAtIndex(JAVA_INT, 0), "the read waits for the kernel");
    assertTrue(launch.isDone());
    assertTrue(!releaser.isAlive() || gate.getCount() == 0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void closingAnArenaWaitsForItsKernels(boolean replayable) {
    attach("sim0", replayable);
    Arena brief = space.arena();
    MemorySegment segment = brief.allocate(JAVA_INT, INTS);
    CountDownLatch gate = new CountDownLatch(1);
    Kernel slow =
        kernel(
            "sim0",
            (item, memory, arguments) -> {
              await(gate);
              memory.putInt(arguments.address(0) + 4 * item.globalId(0), 1);
            },
            Parameter.WRITE);
    Launch launch = slow.launch(NdRange.of(INTS), segment);
    Thread.ofPlatform()
        .start(
            () -> {
              sleep(100);
              gate.countDown();
            });
    brief.close();
    assertTrue(launch.isDone());
    launch.join();
    var error = assertThrows(IllegalStateException.class, () -> segment.get(JAVA_INT, 0));
    assertEquals("Already closed", error.getMessage());
    assertEquals(0, space.device("sim0").residentBytes(), "closing gives the device's room back");
  }

  @Test
  void twiceTheMemoryOfTheDeviceStillComputes() {
    space.attach(Sim.builder("small").memoryBytes(8 * GRANULE_BYTES).build());
    long ints = 16L * GRANULE_BYTES / Integer.BYTES;
    MemorySegment segment = arena.allocate(JAVA_INT, ints);
    Kernel fill =
        kernel(
            "small",
            (item, memory, arguments) ->
                memory.putInt(arguments.address(0) + 4 * item.globalId(0), (int) item.globalId(0)),
            Parameter.WRITE);
    fill.launch(NdRange.of(ints), segment).join();
    for (long i = 0; i < ints; i++) {
      assertEquals((int) i, segment.getAtIndex(JAVA_INT, i));
    }
    assertTrue(space.statistics().total().evictions() > 0);
  }

  @Test
  void overwritingDoesNotMoveOldContents() {
    attach("sim0", false);
    MemorySegment segment = counting();
    Kernel fill =
        kernel(
            "sim0",
            (item, memory, arguments) ->
                memory.putInt(arguments.address(0) + 4 * item.globalId(0), 9),
            Parameter.WRITE);
    fill.launch(NdRange.of(INTS), Argument.overwrite(segment)).join();
    assertEquals(0, space.statistics().total().bytesToDevices());
    assertEquals(9, segment.getAtIndex(JAVA_INT, INTS - 1));
  }

  @Test
  void vectorAddOfTheReadmeWorks() {
    attach("sim0", true);
    int n = 100_000;
    MemorySegment a = arena.allocate(JAVA_FLOAT, n);
    MemorySegment b = arena.allocate(JAVA_FLOAT, n);
    MemorySegment c = arena.allocate(JAVA_FLOAT, n);
    for (int i = 0; i < n; i++) {
      a.setAtIndex(JAVA_FLOAT, i, i);
      b.setAtIndex(JAVA_FLOAT, i, 2 * i);
    }
    Kernel add =
        kernel(
            "sim0",
            (item, memory, arguments) -> {
              long i = 4 * item.globalId(0);
              memory.putFloat(
                  arguments.address(2) + i,
                  memory.getFloat(arguments.address(0) + i)
                      + memory.getFloat(arguments.address(1) + i));
            },
            Parameter.READ,
            Parameter.READ,
            Parameter.WRITE);
    add.launch(NdRange.of(n), a, b, c).join();
    assertEquals(3 * 42, c.getAtIndex(JAVA_FLOAT, 42));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
