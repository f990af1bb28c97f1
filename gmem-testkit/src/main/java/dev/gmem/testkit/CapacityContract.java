package dev.gmem.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gmem.Access;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Bounded memory: all that is offered can be used, what does not fit is refused whole, and room
 * comes back. A device whose memory is larger than 256 MiB skips this facet.
 */
public abstract class CapacityContract extends FacetContract {
  private long capacityGranules;

  /** For subclasses. */
  protected CapacityContract() {}

  @BeforeEach
  final void measureCapacity() {
    assumeSmallMemory();
    capacityGranules = device().memoryBytes() / space().granuleBytes();
  }

  @Test
  void allThatIsOfferedCanBeMapped() {
    GmRange range = space().allocate(capacityGranules);
    fillHost(range, 1);
    for (long i = 0; i < capacityGranules; i++) {
      assertSuccess(space().map(space().part(range, i, 1), true, Access.READ_WRITE));
    }
    assertSuccess(space().unmap(range, true));
    assertHost(range, 1);
  }

  @Test
  void whatDoesNotFitIsRefusedAndTheHostKeepsItsBytes() {
    GmRange range = space().allocate(capacityGranules + 1);
    fillHost(range, 1);
    assumeRefused(space().map(range, true, Access.READ_WRITE));
    assertHost(range, 1);
  }

  @Test
  void aRefusedRunIsNotMappedInPart() {
    GmRange range = space().allocate(capacityGranules + 1);
    GmRange first = space().part(range, 0, 2);
    fillHost(range, 1);
    assertSuccess(space().map(first, true, Access.READ_WRITE));
    assumeRefused(space().map(space().part(range, 2, capacityGranules - 1), true, Access.READ));
    for (long i = 2; i < capacityGranules; i++) {
      assertSuccess(space().map(space().part(range, i, 1), true, Access.READ_WRITE));
    }
    assertSuccess(space().unmap(space().part(range, 0, capacityGranules), true));
    assertHost(range, 1);
  }

  @Test
  void zerosTakeRoomToo() {
    GmRange range = space().allocate(capacityGranules + 1);
    GmRange most = space().part(range, 0, capacityGranules);
    GmRange last = space().part(range, capacityGranules, 1);
    assertSuccess(space().map(most, true, Access.READ_WRITE));
    assumeRefused(space().map(last, true, Access.READ_WRITE));
    assertSuccess(space().unmap(most, false));
    assertSuccess(space().map(most, false, Access.READ_WRITE));
    assertEquals(GmStatus.NOMEM, space().map(last, false, Access.READ_WRITE));
  }

  @Test
  void roomComesBack() {
    GmRange range = space().allocate(capacityGranules);
    for (int round = 0; round < 3; round++) {
      assertSuccess(space().map(range, round != 1, Access.READ_WRITE));
      assertSuccess(space().unmap(range, round == 1));
    }
  }

  @Test
  void roomOfOneGranuleComesBack() {
    GmRange range = space().allocate(capacityGranules + 1);
    GmRange last = space().part(range, capacityGranules, 1);
    assertSuccess(space().map(space().part(range, 0, capacityGranules), false, Access.READ_WRITE));
    assumeRefused(space().map(last, true, Access.READ_WRITE));
    assertSuccess(space().unmap(space().part(range, capacityGranules / 2, 1), false));
    fillHost(last, 7);
    assertSuccess(space().map(last, true, Access.READ_WRITE));
    assertSuccess(space().unmap(last, true));
    assertHost(last, 7);
  }

  /** The core keeps to {@code memoryBytes} by itself; a device may have more than it says. */
  private void assumeRefused(GmStatus status) {
    assumeTrue(
        status != GmStatus.SUCCESS,
        () -> "skipped: " + device().id() + " took more than its memoryBytes");
    assertEquals(GmStatus.NOMEM, status);
  }
}
