package dev.gmem.testkit.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.GmemException;
import dev.gmem.UnmappedMemoryException;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import dev.gmem.testkit.ContractKernel;
import dev.gmem.testkit.injection.Injection;
import dev.gmem.testkit.injection.SpiCall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

/** Memory goes to a device and comes back. */
public abstract class MigrationScenarios extends ScenarioContract {
  /** For subclasses. */
  protected MigrationScenarios() {}

  @Test
  void migrate() {
    MemorySegment data = number(allocate(), 1);
    space().prefetch(data, device()).join();
    assertPresent(device(), data);
    assertNumberedOn(device(), data, 1);
    incrementOn(device(), data);
    assertOwned(device(), data);
    assertNumbered(data, 2);
  }

  @Test
  void migrateFault() {
    MemorySegment data = allocate();
    numberOn(device(), data, 1);
    number(granules(data, 0, GRANULES / 2), 1);
    assertAtHome(granules(data, 0, GRANULES / 2)); // and what a prefetcher finds right
    space().prefetch(data, device()).join();
    assertPresent(device(), data);
    assertNumberedOn(device(), data, 1);
    assertNumbered(data, 1);
  }

  @Test
  void migrateRelease() {
    MemorySegment data = allocate();
    numberOn(device(), data, 6);
    assertOwned(device(), data);
    space().detach(device());
    assertAtHome(data);
    long copied = space().statistics(data).bytesToHost();
    assertNumbered(data, 6);
    assertEquals(copied, space().statistics(data).bytesToHost(), "it is home already");
    Device again = attach("again");
    incrementOn(again, data);
    assertNumbered(data, 7);
  }

  @Test
  void migrateShared() {
    MemorySegment data = number(allocate(), 1);
    ByteBuffer view = data.asByteBuffer().order(ByteOrder.nativeOrder());
    MemorySegment slice = granules(data, 1, 1);
    incrementOn(device(), data);
    assertEquals(2, view.getInt(0));
    assertEquals(2 + GRANULE_BYTES / Integer.BYTES, slice.get(ValueLayout.JAVA_INT, 0));
    view.putInt(0, 41);
    incrementOn(device(), data);
    assertEquals(42, data.get(ValueLayout.JAVA_INT, 0));
  }

  @Test
  void migrateMixed() {
    Device second = attach("second");
    MemorySegment data = number(allocate(), 1);
    space().unmap(granules(data, 4, 2));
    numberOn(device(), granules(data, 0, 4), 100);
    numberOn(second, granules(data, 6, 4), 200);
    MemorySegment rest = granules(data, 10, GRANULES - 10);
    int first = 1 + 10 * GRANULE_BYTES / Integer.BYTES;
    assertNumberedOn(second, rest.asReadOnly(), first);
    assertThrows(UnmappedMemoryException.class, () -> space().prefetch(data, second).join());
    // Each part goes on to the other device.
    assertNumberedOn(second, granules(data, 0, 4), 100);
    incrementOn(device(), granules(data, 6, 4));
    incrementOn(device(), rest);
    assertNumbered(granules(data, 0, 4), 100);
    assertNumbered(granules(data, 6, 4), 201);
    assertNumbered(rest, first + 1);
    assertThrows(
        UnmappedMemoryException.class, () -> data.get(ValueLayout.JAVA_INT, 4L * GRANULE_BYTES));
  }

  @Test
  void migrateMultiple() {
    MemorySegment data = number(allocate(), 0);
    for (int round = 0; round < 10; round++) {
      space().prefetch(data, device()).join();
      incrementOn(device(), data);
      assertNumbered(data, 2 * round + 1);
      number(data, 2 * round + 2);
      assertNumberedOn(device(), data, 2 * round + 2);
    }
  }

  @Test
  void migrateAnonHugeEmpty() {
    try (Arena huge = hugeArena()) {
      MemorySegment data = huge.allocate(HUGE_BYTES, HUGE_BYTES);
      space().prefetch(data, device()).join();
      assertEquals(0, space().statistics(data).bytesToDevices(), "zeros are not copied");
      assertZeroOn(device(), data);
      assertZero(data);
    }
  }

  @Test
  void migrateAnonHugeZero() {
    try (Arena huge = hugeArena()) {
      MemorySegment data = huge.allocate(HUGE_BYTES, HUGE_BYTES);
      assertZero(data); // the CPU has read zeros
      space().prefetch(data, device()).join();
      assertPresent(device(), data);
      assertZeroOn(device(), data);
      numberOn(device(), data.asSlice(HUGE_BYTES / 2), 1);
      assertZero(data.asSlice(0, HUGE_BYTES / 2));
      assertNumbered(data.asSlice(HUGE_BYTES / 2), 1);
    }
  }

  @Test
  void migrateAnonHugeFree() {
    long before = device().residentBytes();
    try (Arena huge = hugeArena()) {
      MemorySegment data = huge.allocate(2L * HUGE_BYTES, HUGE_BYTES);
      numberOn(device(), data, 1);
      assertEquals(moves() ? 2L * HUGE_BYTES : 0, device().residentBytes() - before);
      space().unmap(data.asSlice(HUGE_BYTES, HUGE_BYTES));
      assertEquals(moves() ? HUGE_BYTES : 0, device().residentBytes() - before);
      assertNumbered(data.asSlice(0, HUGE_BYTES), 1);
      numberOn(device(), data.asSlice(0, HUGE_BYTES), 2);
    }
    assertEquals(before, device().residentBytes());
  }

  @Test
  void migrateAnonHugeFault() {
    try (Arena huge = hugeArena()) {
      MemorySegment data = huge.allocate(2L * HUGE_BYTES, HUGE_BYTES);
      numberOn(device(), data, 1);
      assertEquals(1, data.get(ValueLayout.JAVA_INT, 0));
      assertAtHome(data.asSlice(0, HUGE_BYTES));
      if (moves()) {
        assertEquals(1, space().statistics(data).hostFaults());
        assertOwned(device(), data.asSlice(HUGE_BYTES, HUGE_BYTES));
      }
      assertNumbered(data, 1);
    }
  }

  @Test
  void migratePartialUnmapFault() {
    for (int first : new int[] {0, GRANULES / 4, GRANULES / 2}) {
      unmapHalf(first);
    }
  }

  private void unmapHalf(int firstGone) {
    int gone = GRANULES / 2;
    MemorySegment data = allocate();
    numberOn(device(), data, 1);
    space().unmap(granules(data, firstGone, gone));
    int perGranule = GRANULE_BYTES / Integer.BYTES;
    for (int i = 0; i < GRANULES; i++) {
      MemorySegment granule = granules(data, i, 1);
      if (i >= firstGone && i < firstGone + gone) {
        assertThrows(
            UnmappedMemoryException.class, () -> granule.get(ValueLayout.JAVA_INT, 0), "" + i);
      } else {
        assertNumbered(granule, 1 + i * perGranule);
      }
    }
  }

  @Test
  void migrateRemapFault() {
    remap(false);
    remap(true);
  }

  private void remap(boolean onDevice) {
    MemorySegment from = allocate();
    MemorySegment to = number(allocate(), 77);
    numberOn(device(), from, 1);
    if (!onDevice) {
      assertNumbered(from, 1);
    }
    space().remap(to, from);
    assertNumbered(to, 1);
    assertThrows(UnmappedMemoryException.class, () -> from.get(ValueLayout.JAVA_INT, 0));
    incrementOn(device(), to);
    assertNumbered(to, 2);
  }

  @Test
  void migrateAnonHugeErr() {
    assumeItMoves();
    try (Arena huge = hugeArena()) {
      MemorySegment data = number(huge.allocate(HUGE_BYTES, HUGE_BYTES), 1);
      fails(
          SpiCall.PEER_MAP,
          GmStatus.DMA_ERROR,
          data,
          () -> space().prefetch(data, device()).join());
      assertAtHome(data);
      assertNumbered(data, 1);
      incrementOn(device(), data);
      fails(SpiCall.PEER_UNMAP, GmStatus.DMA_ERROR, data, () -> number(data, 5));
      assertOwned(device(), data);
      assertNumbered(data, 2);
    }
  }

  @Test
  void migrateAnonHugeZeroErr() {
    assumeItMoves();
    try (Arena huge = hugeArena()) {
      MemorySegment data = huge.allocate(HUGE_BYTES, HUGE_BYTES);
      fails(
          SpiCall.PEER_MAP,
          GmStatus.DMA_ERROR,
          data,
          () -> space().prefetch(data, device()).join());
      assertZero(data);
      space().prefetch(data, device()).join();
      numberOn(device(), data, 1);
      fails(SpiCall.PEER_UNMAP, GmStatus.DMA_ERROR, data, () -> data.get(ValueLayout.JAVA_INT, 0));
      assertNumbered(data, 1);
    }
  }

  /** Requires an action to fail while a call of the device does, and the space to stay usable. */
  private void fails(SpiCall call, GmStatus status, MemorySegment data, Runnable action) {
    injected().inject(Injection.on(call).nth(1).returning(status));
    GmemException failure = assertThrows(GmemException.class, action::run);
    assertTrue(!failure.getMessage().isBlank());
    injected().injector().clear();
    assertTrue(
        space().residency(data).extents().stream().noneMatch(e -> e.moving() || e.poisoned()),
        () -> residency(data));
  }

  @Test
  void migrationsThatOverlap() {
    MemorySegment data = number(allocate(), 1);
    for (int round = 0; round < 5; round++) {
      space().prefetch(granules(data, 0, 10), device());
      space().prefetch(granules(data, 6, 10), device());
      space().prefetchToHost(granules(data, 4, 8));
      assertNumberedOn(device(), data, 1);
      space().prefetchToHost(granules(data, 2, 6));
      assertNumbered(data, 1);
    }
  }

  @Test
  void pointersAcrossBuffers() {
    assumeTrue(
        device().capabilities().contains(GmCapability.SHARED_ADDRESSES),
        () -> "skipped: kernels of " + device().id() + " follow no stored addresses");
    MemorySegment head = allocate();
    MemorySegment rest = allocate();
    MemorySegment sum = allocate();
    long nodeBytes = 2L * Long.BYTES;
    long nodes = BYTES / nodeBytes;
    // In turns through both buffers: address of the next node, value.
    for (long i = 0; i < nodes; i++) {
      MemorySegment here = (i % 2 == 0 ? head : rest).asSlice(i * nodeBytes, nodeBytes);
      MemorySegment there = i % 2 == 0 ? rest : head;
      long next = i + 1 < nodes ? there.address() + (i + 1) * nodeBytes : 0;
      here.set(ValueLayout.JAVA_LONG, 0, next);
      here.set(ValueLayout.JAVA_LONG, Long.BYTES, i + 1);
    }
    launch(device(), ContractKernel.CHASE, 1, head, rest, sum).join();
    assertEquals(nodes * (nodes + 1) / 2, sum.get(ValueLayout.JAVA_LONG, 0));
  }

  @Test
  void aSpaceOfItsOwnSeesNothingOfThis() {
    MemorySegment data = number(allocate(), 1);
    incrementOn(device(), data);
    try (AddressSpace other = Gmem.open()) {
      assertThrows(IllegalArgumentException.class, () -> other.residency(data));
    }
    assertNumbered(data, 2);
  }
}
