package dev.gmem.testkit.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.AddressSpace;
import dev.gmem.Argument;
import dev.gmem.Gmem;
import dev.gmem.GmemException;
import dev.gmem.testkit.ContractKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Kernels read and write memory that the CPU has, or has not, touched. */
public abstract class AnonymousScenarios extends ScenarioContract {
  /** For subclasses. */
  protected AnonymousScenarios() {}

  @Test
  void openClose() {
    for (int i = 0; i < 3; i++) {
      try (AddressSpace other = Gmem.open()) {
        other.attach(fixture().newDevice());
        assertEquals(1, other.devices().size());
      }
    }
  }

  @Test
  void anonRead() {
    MemorySegment data = allocate();
    number(granules(data, 0, GRANULES / 2), 5);
    assertNumberedOn(device(), granules(data, 0, GRANULES / 2), 5);
    assertZeroOn(device(), granules(data, GRANULES / 2, GRANULES / 2));
    assertNumbered(granules(data, 0, GRANULES / 2), 5);
    assertZero(granules(data, GRANULES / 2, GRANULES / 2));
  }

  @Test
  void anonReadTakesOneFaultAndOnceOnly() {
    MemorySegment data = number(allocate(), 1);
    withoutHostFaults(data, () -> readOn(device(), data));
    long faults = space().statistics(data).deviceFaults();
    assertTrue(faults <= (moves() ? GRANULES : 1), "device faults: " + faults);
    long moved = space().statistics(data).bytesToDevices();
    assertEquals(moves() ? BYTES : 0, moved);
    readOn(device(), data);
    assertEquals(moved, space().statistics(data).bytesToDevices(), "nothing moves twice");
  }

  @Test
  void anonReadProt() {
    MemorySegment data = number(allocate(), 7);
    assertNumberedOn(device(), data.asReadOnly(), 7);
    assertNumbered(data, 7);
  }

  @Test
  void anonWrite() {
    MemorySegment data = allocate();
    numberOn(device(), data, 3);
    assertOwned(device(), data);
    assertNumbered(data, 3);
    assertAtHome(data);
  }

  @Test
  void anonWriteHuge() {
    try (Arena huge = hugeArena()) {
      MemorySegment data = huge.allocate(2L * HUGE_BYTES, HUGE_BYTES);
      numberOn(device(), data, 3);
      assertOwned(device(), data);
      assertEquals(HUGE_BYTES, space().residency(data).granuleBytes());
      assertNumbered(data, 3);
    }
  }

  @Test
  void anonWriteProt() {
    MemorySegment data = number(allocate(), 9);
    MemorySegment readOnly = data.asReadOnly();
    assertThrows(
        IllegalArgumentException.class,
        () -> launch(device(), ContractKernel.INCREMENT, ints(data), Argument.readWrite(readOnly)));
    assertNumbered(data, 9);
    incrementOn(device(), data);
    assertNumbered(data, 10);
  }

  @Test
  void anonReadMultiple() {
    for (int i = 0; i < 8; i++) {
      try (Arena fresh = space().arena()) {
        MemorySegment data = fresh.allocate(BYTES, GRANULE_BYTES);
        assertZeroOn(device(), granules(data, 0, 1)); // nothing of those before it
        number(data, 1000 * i);
        assertNumberedOn(device(), data, 1000 * i);
        incrementOn(device(), data);
      }
    }
  }

  @Test
  void anonTeardown() throws InterruptedException {
    for (int round = 0; round < 10; round++) {
      Arena brief = space().arena();
      MemorySegment data = number(brief.allocate(BYTES, GRANULE_BYTES), 4);
      MemorySegment seen = allocate();
      AtomicReference<Throwable> unexpected = new AtomicReference<>();
      Thread reader =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      while (true) {
                        launch(device(), ContractKernel.COPY, ints(data), data, seen).join();
                        assertNumbered(seen, 4);
                      }
                    } catch (IllegalStateException closed) {
                      // as it should be
                    } catch (Throwable e) {
                      unexpected.set(e);
                    }
                  });
      Thread.sleep(5);
      brief.close();
      reader.join();
      assertEquals(null, unexpected.get());
      assertThrows(IllegalStateException.class, () -> data.get(ValueLayout.JAVA_INT, 0));
    }
  }

  @Test
  void mixedmap() {
    MemorySegment data = number(allocate(), 2);
    try (Arena ordinary = Arena.ofShared()) {
      MemorySegment other = ordinary.allocate(BYTES, GRANULE_BYTES);
      assertFalse(space().contains(other));
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> launch(device(), ContractKernel.COPY, ints(data), data, other));
      assertSays(refused, "segment");
    }
    assertNumberedOn(device(), data, 2);
  }

  @Test
  void memoryThatIsFreedIsNoKernelsAnyMore() {
    MemorySegment data;
    try (Arena brief = space().arena()) {
      data = number(brief.allocate(BYTES, GRANULE_BYTES), 1);
      assertNumberedOn(device(), data, 1);
    }
    RuntimeException refused =
        assertThrows(
            RuntimeException.class,
            () -> launch(device(), ContractKernel.INCREMENT, ints(data), data).join());
    assertFalse(refused instanceof GmemException, "the JDK's own: " + refused);
  }
}
