package dev.gmem.testkit;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.Access;
import dev.gmem.spi.GmAttachMode;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmRange;
import org.junit.jupiter.api.Test;

/** What a device says of itself, and its life from attach to close. */
public abstract class LifecycleContract extends FacetContract {
  /** For subclasses. */
  protected LifecycleContract() {}

  @Test
  void describesItself() {
    assertFalse(device().id().isBlank(), "an identifier must not be blank");
    assertFalse(device().description().isBlank(), "a description must not be blank");
    assertEquals(1, device().description().lines().count(), "a description is one line");
    assertTrue(device().memoryBytes() > 0, "memory must be positive");
  }

  @Test
  void itsAnswersDoNotChange() {
    assertEquals(device().id(), device().id());
    assertSame(device().mmu(), device().mmu());
    assertEquals(device().capabilities(), device().capabilities());
    assertEquals(device().memoryBytes(), device().memoryBytes());
    assertEquals(device().attachMode(), device().attachMode());
  }

  @Test
  void computesIfAndOnlyIfItSaysSo() {
    assertEquals(
        device().capabilities().contains(GmCapability.COMPUTE), device().compute().isPresent());
  }

  @Test
  void itsAttachModeFitsItsCapabilities() {
    GmAttachMode mode = device().attachMode();
    assertNotNull(mode);
    assertEquals(
        device().capabilities().contains(GmCapability.HOST_COHERENT), mode == GmAttachMode.SHARE);
    if (mode == GmAttachMode.REPLICATE) {
      assertTrue(device().capabilities().contains(GmCapability.READ_ONLY_MAPPING));
    }
  }

  @Test
  void detachesAndAttachesAgainWithAnotherGranule() {
    int granuleBytes = fixture().granuleBytes();
    GmDevice device = fixture().newDevice();
    attachAndDetach(device, granuleBytes);
    attachAndDetach(device, granuleBytes * 2);
    device.close();
  }

  private static void attachAndDetach(GmDevice device, int granuleBytes) {
    try (TestSpace space = TestSpace.attachUnowned(device, granuleBytes)) {
      GmRange range = space.allocate(2);
      assertSuccess(space.map(range, true, Access.READ_WRITE));
      assertSuccess(space.unmap(range, true));
    }
  }

  @Test
  void givesAddressesBackAndTakesThemAgain() {
    GmRange range = space().allocate(3);
    assertSuccess(device().mmu().peerVaFree(range));
    assertSuccess(device().mmu().peerVaAlloc(range));
    assertSuccess(space().map(range, true, Access.READ_WRITE));
  }

  @Test
  void closesTwice() {
    GmDevice device = fixture().newDevice();
    device.close();
    assertDoesNotThrow(device::close);
  }
}
