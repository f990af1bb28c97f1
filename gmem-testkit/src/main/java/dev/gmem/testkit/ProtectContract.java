package dev.gmem.testkit;

import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.gmem.Access;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import org.junit.jupiter.api.Test;

/**
 * Changing what kernels may do with mapped granules. What a kernel sees of it is in {@link
 * FaultContract}. A device without {@code peerProtect} skips this facet.
 */
public abstract class ProtectContract extends FacetContract {
  private static final byte OLD = 0x3C;

  /** For subclasses. */
  protected ProtectContract() {}

  @Test
  void bytesStayThroughEveryChange() {
    GmRange range = space().allocate(5);
    fillHost(range, 1);
    assertSuccess(space().map(range, true, Access.READ_WRITE));
    protect(space().part(range, 1, 3), Access.READ);
    protect(space().part(range, 2, 1), Access.READ_WRITE);
    protect(range, Access.READ);
    protect(range, Access.READ_WRITE);
    assertSuccess(space().unmap(range, true));
    assertHost(range, 1);
  }

  @Test
  void zerosStayZeros() {
    assumeBytesMove();
    GmRange range = space().allocate(2);
    assertSuccess(space().map(range, false, Access.READ_WRITE));
    protect(range, Access.READ);
    protect(range, Access.READ_WRITE);
    space().host(range).fill(OLD);
    assertSuccess(space().unmap(range, true));
    assertHostFilled(range, (byte) 0);
  }

  @Test
  void changingWhatIsNotMappedInPartIsRefused() {
    GmRange range = space().allocate(2);
    GmRange mapped = space().part(range, 0, 1);
    assertSuccess(space().map(mapped, true, Access.READ_WRITE));
    protect(mapped, Access.READ);
    GmStatus status;
    try {
      status = device().mmu().peerProtect(range, Access.READ_WRITE);
    } catch (RuntimeException e) {
      status = GmStatus.FAILURE_UNKNOWN;
    }
    assertNotEquals(GmStatus.SUCCESS, status);
  }

  private void protect(GmRange range, Access access) {
    assertSuccess(assumeImplemented("peerProtect", device().mmu().peerProtect(range, access)));
  }
}
