package dev.gmem.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.gmem.Access;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import org.junit.jupiter.api.Test;

/** Mapping and unmapping: the right bytes come back, and nothing else changes. */
public abstract class MappingContract extends FacetContract {
  private static final byte OLD = (byte) 0xA5;

  /** For subclasses. */
  protected MappingContract() {}

  @Test
  void mappedBytesComeBack() {
    assumeBytesMove();
    for (long granules : new long[] {1, 2, 3, 17}) {
      GmRange range = space().allocate(granules);
      fillHost(range, granules);
      assertSuccess(space().map(range, true, Access.READ_WRITE));
      space().host(range).fill(OLD);
      assertSuccess(space().unmap(range, true));
      assertHost(range, granules);
    }
  }

  @Test
  void mappingLeavesTheHostFramesAlone() {
    GmRange range = space().allocate(4);
    fillHost(range, 1);
    assertSuccess(space().map(space().part(range, 0, 2), true, Access.READ_WRITE));
    assertSuccess(space().map(space().part(range, 2, 2), true, Access.READ));
    assertHost(range, 1);
  }

  @Test
  void mappingWithoutCopyGivesZeros() {
    assumeBytesMove();
    GmRange range = space().allocate(5);
    space().host(range).fill(OLD);
    assertSuccess(space().map(range, false, Access.READ_WRITE));
    assertHostFilled(range, OLD);
    assertSuccess(space().unmap(range, true));
    assertHostFilled(range, (byte) 0);
  }

  @Test
  void roomThatIsUsedAgainShowsZeros() {
    assumeBytesMove();
    GmRange first = space().allocate(8);
    GmRange second = space().allocate(8);
    for (int round = 0; round < 3; round++) {
      fillHost(first, round);
      assertSuccess(space().map(first, true, Access.READ_WRITE));
      assertSuccess(space().unmap(first, true));
      space().host(second).fill(OLD);
      assertSuccess(space().map(second, false, Access.READ_WRITE));
      assertSuccess(space().unmap(second, true));
      assertHostFilled(second, (byte) 0);
    }
  }

  @Test
  void unmappingWithoutCopyLeavesTheHostFramesAlone() {
    GmRange range = space().allocate(3);
    fillHost(range, 1);
    assertSuccess(space().map(range, false, Access.OVERWRITE));
    assertSuccess(space().unmap(range, false));
    assertHost(range, 1);
  }

  @Test
  void partOfARunUnmapsAndTheRestStays() {
    GmRange range = space().allocate(8);
    fillHost(range, 1);
    assertSuccess(space().map(range, true, Access.READ_WRITE));
    GmRange middle = space().part(range, 3, 2);
    assertSuccess(space().unmap(middle, true));
    assertHost(middle, 1);
    assertSuccess(space().unmap(space().part(range, 5, 3), true));
    assertSuccess(space().unmap(space().part(range, 0, 3), true));
    assertHost(range, 1);
  }

  @Test
  void partOfARunUnmapsAndMapsAgainWithOtherBytes() {
    assumeBytesMove();
    GmRange range = space().allocate(6);
    fillHost(range, 1);
    assertSuccess(space().map(range, true, Access.READ_WRITE));
    GmRange part = space().part(range, 2, 3);
    assertSuccess(space().unmap(part, true));
    fillHost(part, 2);
    assertSuccess(space().map(part, true, Access.READ_WRITE));
    space().host(range).fill(OLD);
    assertSuccess(space().unmap(range, true));
    assertHost(space().part(range, 0, 2), 1);
    assertHost(part, 2);
    assertHost(space().part(range, 5, 1), 1);
  }

  @Test
  void runsMappedOneByOneUnmapAsOne() {
    assumeBytesMove();
    GmRange range = space().allocate(7);
    fillHost(range, 1);
    assertSuccess(space().map(space().part(range, 4, 3), true, Access.READ_WRITE));
    assertSuccess(space().map(space().part(range, 0, 1), true, Access.READ_WRITE));
    assertSuccess(space().map(space().part(range, 1, 3), true, Access.READ_WRITE));
    space().host(range).fill(OLD);
    assertSuccess(space().unmap(range, true));
    assertHost(range, 1);
  }

  @Test
  void replicasMapAndGoAway() {
    GmRange range = space().allocate(4);
    fillHost(range, 1);
    for (int round = 0; round < 3; round++) {
      assertSuccess(space().map(range, true, Access.READ));
      assertSuccess(space().unmap(range, false));
    }
    assertHost(range, 1);
  }

  @Test
  void mappingWhatIsMappedIsRefused() {
    GmRange range = space().allocate(3);
    fillHost(range, 1);
    assertSuccess(space().map(range, true, Access.READ_WRITE));
    assertEquals(GmStatus.PAGE_EXIST, mapOnly(range));
    assertEquals(GmStatus.PAGE_EXIST, mapOnly(space().part(range, 1, 1)));
    assertSuccess(space().unmap(range, true));
    assertHost(range, 1);
  }

  @Test
  void aRefusedRunIsNotMappedInPart() {
    assumeBytesMove();
    GmRange range = space().allocate(5);
    fillHost(range, 1);
    GmRange middle = space().part(range, 2, 1);
    assertSuccess(space().map(middle, true, Access.READ_WRITE));
    assertEquals(GmStatus.PAGE_EXIST, mapOnly(range));
    fillHost(space().part(range, 0, 2), 2);
    assertSuccess(space().map(space().part(range, 0, 2), true, Access.READ_WRITE));
    assertSuccess(space().map(space().part(range, 3, 2), true, Access.READ_WRITE));
    space().host(range).fill(OLD);
    assertSuccess(space().unmap(range, true));
    assertHost(space().part(range, 0, 2), 2);
    assertHost(space().part(range, 2, 3), 1);
  }

  @Test
  void unmappingWhatIsNotMappedInPartIsRefusedAndChangesNothing() {
    GmRange range = space().allocate(3);
    fillHost(range, 1);
    GmRange mapped = space().part(range, 0, 2);
    assertSuccess(space().map(mapped, true, Access.READ_WRITE));
    GmStatus status;
    try {
      status = space().unmap(range, true);
    } catch (RuntimeException e) {
      status = GmStatus.FAILURE_UNKNOWN;
    }
    assertNotEquals(GmStatus.SUCCESS, status);
    assertSuccess(space().unmap(mapped, true));
    assertHost(range, 1);
  }

  @Test
  void allocationsDoNotMix() {
    assumeBytesMove();
    GmRange[] ranges = new GmRange[16];
    for (int i = 0; i < ranges.length; i++) {
      ranges[i] = space().allocate(1 + i % 3);
      fillHost(ranges[i], i);
      assertSuccess(space().map(ranges[i], true, Access.READ_WRITE));
      space().host(ranges[i]).fill(OLD);
    }
    for (int i = ranges.length - 1; i >= 0; i--) {
      assertSuccess(space().unmap(ranges[i], true));
      assertHost(ranges[i], i);
    }
  }

  @Test
  void manyRandomStepsKeepEveryByte() {
    assumeBytesMove();
    new RandomTraffic(space(), space().allocate(64), 20_240_131L).run(600);
  }

  /** Maps without telling the space, which would take a wrong success for a mapping of its own. */
  private GmStatus mapOnly(GmRange range) {
    return space().tryMap(range, true, Access.READ_WRITE);
  }
}
