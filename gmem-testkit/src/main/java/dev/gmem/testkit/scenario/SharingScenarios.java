package dev.gmem.testkit.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gmem.Device;
import dev.gmem.Launch;
import dev.gmem.PageState;
import dev.gmem.Residency;
import dev.gmem.spi.GmCapability;
import dev.gmem.testkit.ContractKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Several users of the same memory: threads, devices, native code. */
public abstract class SharingScenarios extends ScenarioContract {
  /** For subclasses. */
  protected SharingScenarios() {}

  @Test
  void snapshot() {
    MemorySegment data = allocate();
    number(granules(data, 1, 1), 1);
    numberOn(device(), granules(data, 2, 1), 2);
    readOn(device(), number(granules(data, 3, 1), 3));
    long faults = space().statistics(data).hostFaults() + space().statistics(data).deviceFaults();
    Residency seen = space().residency(granules(data, 0, 4));
    List<PageState> states = seen.granules();
    assertEquals(4, states.size());
    assertEquals(PageState.NOMAP, states.getFirst());
    if (moves()) {
      assertEquals(PageState.DEVICE, states.get(2), residency(data));
      assertEquals(shares() ? PageState.SHARED : PageState.DEVICE, states.get(3), residency(data));
      assertEquals(GRANULE_BYTES, seen.bytes(PageState.DEVICE) - (shares() ? 0 : GRANULE_BYTES));
    }
    assertEquals(
        faults,
        space().statistics(data).hostFaults() + space().statistics(data).deviceFaults(),
        "looking takes no fault");
    assertNumbered(granules(data, 2, 1), 2);
    assertNumbered(granules(data, 3, 1), 3);
  }

  @Test
  void compound() {
    MemorySegment data = allocate();
    numberOn(device(), data, 1);
    assertEquals(1, space().residency(data).extents().size(), residency(data));
    data.get(ValueLayout.JAVA_INT, 5L * GRANULE_BYTES);
    if (moves()) {
      assertTrue(space().residency(data).extents().size() > 1, residency(data));
    }
    incrementOn(device(), data);
    assertEquals(1, space().residency(data).extents().size(), residency(data));
    assertNumbered(data, 2);
  }

  @Test
  void doubleMap() {
    Device second = attach("second");
    MemorySegment data = number(allocate(), 1);
    assertNumberedOn(device(), data, 1);
    assertNumberedOn(second, data, 1);
    if (shares()) {
      assertPresent(device(), data);
      assertPresent(second, data);
      withoutHostFaults(data, () -> assertNumbered(data, 1));
    }
    incrementOn(second, data);
    assertOwned(second, data);
    if (moves()) {
      assertEquals(0, space().residency(data).bytesOn(device().id()), residency(data));
    }
    assertNumberedOn(device(), data, 2);
    assertNumbered(data, 2);
  }

  @Test
  void exclusive() {
    MemorySegment data = number(allocate(), 1);
    incrementOn(device(), data);
    assertOwned(device(), data);
    assertEquals(2, data.get(ValueLayout.JAVA_INT, 0)); // revokes
    assertAtHome(granules(data, 0, 1));
    incrementOn(device(), data);
    assertOwned(device(), data);
    assertNumbered(data, 3);
  }

  @Test
  void exclusiveMprotect() {
    MemorySegment data = number(allocate(), 1);
    incrementOn(device(), data);
    MemorySegment readOnly = data.asReadOnly();
    withoutHostFaults(
        data,
        () ->
            assertThrows(
                IllegalArgumentException.class, () -> readOnly.set(ValueLayout.JAVA_INT, 0, 9)));
    assertOwned(device(), data);
    assertNumbered(readOnly, 2);
  }

  /** Native code that is given a segment has it at home as long as it runs ("get user pages"). */
  @Test
  void hmmGupTest() throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle compare =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("memcmp"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG));
    MemorySegment a = allocate();
    MemorySegment b = number(allocate(), 1);
    numberOn(device(), a, 1);
    assertEquals(0, (int) compare.invokeExact(a, b, BYTES));
    assertAtHome(a);
    incrementOn(device(), a);
    assertTrue((int) compare.invokeExact(a, b, BYTES) != 0);
    assertNumbered(a, 2);
  }

  @Test
  void threadsThatFaultOnTheSamePage() throws InterruptedException {
    MemorySegment data = allocate();
    for (int round = 0; round < 20; round++) {
      numberOn(device(), data, round);
      long before = space().statistics(data).hostFaults();
      int first = round;
      together(4, thread -> assertNumbered(data, first));
      long faults = space().statistics(data).hostFaults() - before;
      assertTrue(faults >= (moves() ? 1 : 0) && faults <= 4 * GRANULES, "host faults: " + faults);
      assertAtHome(data);
    }
  }

  @Test
  void prefetchThatRacesWithFaults() throws InterruptedException {
    MemorySegment data = number(allocate(), 1);
    together(
        3,
        thread -> {
          for (int round = 0; round < 30; round++) {
            switch (thread) {
              case 0 -> space().prefetch(data, device()).join();
              case 1 -> space().prefetchToHost(granules(data, round % GRANULES, 1)).join();
              default -> assertNumbered(granules(data, 0, GRANULES / 2), 1);
            }
          }
        });
    assertNumberedOn(device(), data, 1);
    assertNumbered(data, 1);
  }

  @Test
  void migrationsBetweenDevices() {
    Device second = attach("second");
    MemorySegment data = number(allocate(), 0);
    for (int round = 0; round < 5; round++) {
      incrementOn(device(), data);
      incrementOn(second, data);
      space().prefetch(granules(data, 3, 5), device()).join();
      assertNumberedOn(second, data, 2 * round + 2);
    }
    assertNumbered(data, 10);
  }

  @Test
  void cpuAndDeviceCountTogether() {
    MemorySegment data = allocate();
    VarHandle counter = ValueLayout.JAVA_INT.varHandle();
    List<Launch> launches = new ArrayList<>();
    for (int round = 0; round < 50; round++) {
      launches.add(launch(device(), ContractKernel.COUNT, 10, granules(data, 0, 1)));
      counter.getAndAdd(data, 0L, 1); // while the kernel runs, or after it
    }
    launches.forEach(Launch::join);
    assertEquals(550, data.get(ValueLayout.JAVA_INT, 0));
  }

  @Test
  void evictionAtNineEighthsOfTheMemory() {
    assumeItMoves();
    assumeSmall();
    long memory = device().memoryBytes();
    int parts = 9;
    long part = memory / (parts - 1) / GRANULE_BYTES * GRANULE_BYTES;
    List<MemorySegment> all = new ArrayList<>();
    try (Arena many = space().arena()) {
      for (int i = 0; i < parts; i++) {
        MemorySegment data = many.allocate(part, GRANULE_BYTES);
        numberOn(device(), data, i);
        all.add(data);
        assertTrue(device().residentBytes() <= memory, "resident: " + device().residentBytes());
      }
      for (MemorySegment data : all) {
        incrementOn(device(), data);
      }
      for (int i = 0; i < parts; i++) {
        assertNumbered(all.get(i), i + 1);
      }
    }
  }

  @Test
  void deviceMemoryIsReclaimedUnderLoad() throws InterruptedException {
    assumeItMoves();
    assumeSmall();
    long part = device().memoryBytes() * 3 / 8 / GRANULE_BYTES * GRANULE_BYTES;
    try (Arena many = space().arena()) {
      List<MemorySegment> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        all.add(number(many.allocate(part, GRANULE_BYTES), 0));
      }
      together(
          4,
          thread -> {
            for (int round = 0; round < 3; round++) {
              incrementOn(device(), all.get(thread));
            }
          });
      for (MemorySegment data : all) {
        assertNumbered(data, 3);
      }
    }
  }

  @Test
  void aQuotaBelowWhatIsUsed() {
    assumeItMoves();
    assumeBounded();
    List<MemorySegment> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      all.add(allocate());
      numberOn(device(), all.get(i), i);
    }
    assertEquals(4 * BYTES, device().residentBytes());
    space().quota(device(), 2 * BYTES);
    assertEquals(2 * BYTES, device().residentBytes());
    for (MemorySegment data : all) {
      incrementOn(device(), data);
      assertTrue(device().residentBytes() <= 2 * BYTES, "resident: " + device().residentBytes());
    }
    space().quota(device(), device().memoryBytes());
    for (MemorySegment data : all) {
      incrementOn(device(), data);
    }
    assertEquals(4 * BYTES, device().residentBytes());
    for (int i = 0; i < 4; i++) {
      assertNumbered(all.get(i), i + 2);
    }
  }

  @Test
  void quotasChangeUnderLoad() throws InterruptedException {
    assumeItMoves();
    assumeBounded();
    int rounds = 20;
    List<MemorySegment> all = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      all.add(number(allocate(), 0));
    }
    together(
        4,
        thread -> {
          for (int round = 0; round < rounds; round++) {
            if (thread < 3) {
              incrementOn(device(), all.get(thread));
            } else {
              space().quota(device(), BYTES * (1 + round % 3));
            }
          }
        });
    assertTrue(device().residentBytes() <= device().quotaBytes());
    for (MemorySegment data : all) {
      assertNumbered(data, rounds);
    }
  }

  private void assumeBounded() {
    assumeTrue(
        !device().capabilities().contains(GmCapability.REMOTE_MAPPING),
        () -> "skipped: no quota bounds " + device().id());
  }

  private void assumeSmall() {
    assumeTrue(
        device().memoryBytes() <= 256L << 20,
        () -> "skipped: too large a memory to fill: " + device().memoryBytes() + " bytes");
  }

  private interface Work {
    void run(int thread);
  }

  /** Runs threads that begin together; fails with what any of them throws. */
  private static void together(int count, Work work) throws InterruptedException {
    CountDownLatch start = new CountDownLatch(1);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int number = i;
      Thread.Builder builder = i % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual();
      threads.add(
          builder.start(
              () -> {
                try {
                  start.await();
                  work.run(number);
                } catch (Throwable e) {
                  failure.compareAndSet(null, e);
                }
              }));
    }
    start.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    if (failure.get() != null) {
      throw new AssertionError("in one of the threads", failure.get());
    }
  }
}
