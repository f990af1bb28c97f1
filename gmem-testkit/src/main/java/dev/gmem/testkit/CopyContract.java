package dev.gmem.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.gmem.Access;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Copies without a change of mapping, of each kind that is implemented, at odd places. */
public abstract class CopyContract extends FacetContract {
  private static final int SKEW = 13;
  private static final byte OLD = 0x5A;

  /** For subclasses. */
  protected CopyContract() {}

  @Test
  void hostToDeviceChangesTheseBytesOnly() {
    GmRange range = mapped(3);
    long bytes = space().granuleBytes() + 2 * SKEW + 1;
    long address = range.address() + space().granuleBytes() - SKEW;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = numbered(arena, bytes);
      assertCopied(new GmCopy.HostToDevice(source, address));
      assertSuccess(space().unmap(range, true));
      assertOnly(range, address, source);
    }
  }

  @Test
  void deviceToHostReadsTheseBytesOnly() {
    GmRange range = mapped(3);
    long bytes = space().granuleBytes() + 2 * SKEW + 1;
    long address = range.address() + space().granuleBytes() - SKEW;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(bytes + 2).fill(OLD);
      assertCopied(new GmCopy.DeviceToHost(address, target.asSlice(1, bytes)));
      assertSuccess(space().unmap(range, true));
      MemorySegment expected = space().host(range).asSlice(address - range.address(), bytes);
      assertEquals(-1, expected.mismatch(target.asSlice(1, bytes)));
      assertEquals(OLD, target.get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(OLD, target.get(ValueLayout.JAVA_BYTE, bytes + 1));
      assertHost(range, 1);
    }
  }

  @Test
  void deviceToHostReadsZerosWhereNothingWasWritten() {
    GmRange range = space().allocate(2);
    assertSuccess(space().map(range, false, Access.READ_WRITE));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(range.bytes()).fill(OLD);
      assertCopied(new GmCopy.DeviceToHost(range.address(), target));
      assertEquals(-1, arena.allocate(range.bytes()).mismatch(target));
    }
  }

  @Test
  void hostToDeviceWritesIntoZeros() {
    assumeBytesMove();
    GmRange range = space().allocate(2);
    assertSuccess(space().map(range, false, Access.READ_WRITE));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = numbered(arena, 3);
      assertCopied(new GmCopy.HostToDevice(source, range.address() + SKEW));
      space().host(range).fill(OLD);
      assertSuccess(space().unmap(range, true));
      MemorySegment expected = arena.allocate(range.bytes());
      MemorySegment.copy(source, 0, expected, SKEW, 3);
      assertEquals(-1, expected.mismatch(space().host(range)));
    }
  }

  @Test
  void deviceToDeviceWithinOneDevice() {
    GmRange range = mapped(4);
    long bytes = space().granuleBytes() + 1;
    long from = range.address() + SKEW;
    long to = range.address() + 2L * space().granuleBytes() + 3;
    assertCopied(new GmCopy.DeviceToDevice(device(), from, to, bytes));
    assertSuccess(space().unmap(range, true));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocate(bytes);
      MemorySegment.copy(space().host(range), SKEW, source, 0, bytes);
      assertOnly(range, to, source);
    }
  }

  @Test
  void deviceToDeviceFromAPeer() {
    assumeCapability(GmCapability.PEER_COPY);
    GmRange range = mapped(2);
    try (TestSpace other = TestSpace.attach(fixture().newDevice(), fixture().granuleBytes());
        Arena arena = Arena.ofConfined()) {
      GmRange there = other.allocate(2);
      long bytes = space().granuleBytes() + SKEW;
      MemorySegment source = other.host(there).asSlice(SKEW, bytes);
      source.copyFrom(numbered(arena, bytes));
      assertSuccess(other.map(there, true, Access.READ_WRITE));
      long to = range.address() + 1;
      assertCopied(new GmCopy.DeviceToDevice(other.device(), there.address() + SKEW, to, bytes));
      assertSuccess(space().unmap(range, true));
      assertOnly(range, to, source);
    }
  }

  @Test
  void hostToHost() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment expected = numbered(arena, space().granuleBytes() + SKEW);
      MemorySegment source = numbered(arena, expected.byteSize());
      MemorySegment target = arena.allocate(source.byteSize() + 2).fill(OLD);
      assertCopied(new GmCopy.HostToHost(source, target.asSlice(1, source.byteSize())));
      assertEquals(-1, expected.mismatch(source));
      assertEquals(-1, expected.mismatch(target.asSlice(1, source.byteSize())));
      assertEquals(OLD, target.get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(OLD, target.get(ValueLayout.JAVA_BYTE, source.byteSize() + 1));
    }
  }

  @Test
  void aCopyToWhatIsNotMappedInPartFailsAndChangesNothing() {
    GmRange allocation = space().allocate(3);
    fillHost(allocation, 1);
    GmRange range = space().part(allocation, 0, 2);
    assertSuccess(space().map(range, true, Access.READ_WRITE));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = numbered(arena, 2L * SKEW);
      GmCopy copy = new GmCopy.HostToDevice(source, range.end() - SKEW);
      GmStatus status =
          assumeImplemented(copy.getClass().getSimpleName(), device().mmu().copy(copy));
      assertNotEquals(GmStatus.SUCCESS, status);
    }
    assertSuccess(space().unmap(range, true));
    assertHost(range, 1);
  }

  private GmRange mapped(long granules) {
    GmRange range = space().allocate(granules);
    fillHost(range, 1);
    assertSuccess(space().map(range, true, Access.READ_WRITE));
    return range;
  }

  private void assertCopied(GmCopy copy) {
    assertSuccess(assumeImplemented(copy.getClass().getSimpleName(), device().mmu().copy(copy)));
  }

  /** Requires a range to hold pattern 1 but for some bytes. */
  private void assertOnly(GmRange range, long address, MemorySegment changed) {
    long offset = address - range.address();
    MemorySegment host = space().host(range);
    assertEquals(-1, host.asSlice(offset, changed.byteSize()).mismatch(changed));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment kept = arena.allocate(range.bytes()).copyFrom(host);
      fillHost(range, 1);
      MemorySegment.copy(host, offset, kept, offset, changed.byteSize());
      host.copyFrom(kept);
    }
    assertHost(range, 1);
  }

  private static MemorySegment numbered(Arena arena, long bytes) {
    MemorySegment segment = arena.allocate(bytes);
    for (long i = 0; i < bytes; i++) {
      segment.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 7 + 1));
    }
    return segment;
  }
}
