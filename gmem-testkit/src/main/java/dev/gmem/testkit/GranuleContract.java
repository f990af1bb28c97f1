package dev.gmem.testkit;

import dev.gmem.Access;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmRange;
import org.junit.jupiter.api.Test;

/**
 * Allocations that are moved in larger units than the attachment's. A device may ignore what it is
 * told about that.
 */
public abstract class GranuleContract extends FacetContract {
  /** For subclasses. */
  protected GranuleContract() {}

  @Test
  void allocationsMayHaveGranulesOfTheirOwn() {
    int granuleBytes = space().granuleBytes();
    GmRange large = space().allocate(3, 4 * granuleBytes);
    GmRange small = space().allocate(5);
    GmRange larger = space().allocate(2, 8 * granuleBytes);
    GmRange middle = space().part(large, 4, 4);
    fillHost(large, 1);
    fillHost(small, 2);
    fillHost(larger, 3);
    assertSuccess(space().map(large, true, Access.READ_WRITE));
    assertSuccess(space().map(small, true, Access.READ_WRITE));
    assertSuccess(space().map(larger, true, Access.READ_WRITE));
    clearHost(large);
    clearHost(small);
    clearHost(larger);
    assertSuccess(space().unmap(middle, true));
    assertSuccess(space().unmap(small, true));
    assertSuccess(space().map(middle, true, Access.READ_WRITE));
    assertSuccess(space().unmap(larger, true));
    assertSuccess(space().unmap(large, true));
    assertHost(large, 1);
    assertHost(small, 2);
    assertHost(larger, 3);
  }

  private void clearHost(GmRange range) {
    if (!device().capabilities().contains(GmCapability.HOST_COHERENT)) {
      space().host(range).fill((byte) 0);
    }
  }
}
