package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.Access;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Buffers of allocations that have left the device for a while. */
class IdleBuffersTest {
  /** More than half of what the device may use. */
  private static final long MOST_GRANULES = 10L * TestDevices.SMALL_BYTES / 16 / (64 << 10);

  private Recorder recorder;
  private Setup setup;

  @BeforeEach
  void attach() {
    recorder = new Recorder(TestDevices.cl());
    setup = new Setup(TestDevices.withoutHostAccess(recorder.cl()));
  }

  @AfterEach
  void closeAndFindNothingRetained() {
    if (setup != null) {
      setup.close();
      recorder.assertNothingAlive();
    }
  }

  private GmRange thereAndBack(GmRange range) {
    return setup.home(setup.mapped(range));
  }

  @Test
  void whatComesBackFindsItsBufferAndItsNewBytes() {
    GmRange range = thereAndBack(setup.numbered(4));
    assertEquals(1, recorder.alive("Buffer"));
    for (int i = 0; i < Setup.ints(range); i++) {
      setup.space().host(range).setAtIndex(ValueLayout.JAVA_INT, i, i + 7);
    }
    recorder.failAt(-1, 0);
    setup.mapped(range);
    assertFalse(recorder.calls().contains("createBuffer"), () -> "calls " + recorder.calls());
    setup.space().host(range).fill((byte) 0);
    setup.home(range);
    setup.assertNumbered(range, 7);
  }

  @Test
  void whatComesBackAsZerosIsZero() {
    GmRange range = thereAndBack(setup.numbered(2));
    assertEquals(GmStatus.SUCCESS, setup.space().map(range, false, Access.READ_WRITE));
    setup.home(range);
    assertEquals(0, setup.hostInt(range, 5));
    assertEquals(0, setup.hostInt(range, Setup.ints(range) - 1));
  }

  @Test
  void aBufferGoesWithItsAllocation() {
    GmRange range = thereAndBack(setup.numbered(4));
    assertEquals(GmStatus.SUCCESS, setup.device().mmu().peerVaFree(range));
    assertEquals(0, recorder.alive("Buffer"));
    assertEquals(GmStatus.SUCCESS, setup.device().mmu().peerVaAlloc(range));
  }

  @Test
  void idleBuffersMakeWayForMappedMemory() {
    GmRange first = thereAndBack(setup.numbered(MOST_GRANULES));
    GmRange second = thereAndBack(setup.numbered(MOST_GRANULES));
    assertEquals(1, recorder.alive("Buffer"), "both do not fit");
    setup.mapped(first);
    assertEquals(1, recorder.alive("Buffer"), "the second one's has made way");
    setup.home(first);
    setup.assertNumbered(first, 0);
    setup.assertNumbered(second, 0);
  }

  @Test
  void idleBuffersAreReleasedWhenTheDriverHasNoRoom() {
    thereAndBack(setup.numbered(4));
    GmRange other = setup.numbered(4);
    recorder.failAt("createBuffer", 0, ClCode.MEM_OBJECT_ALLOCATION_FAILURE);
    setup.mapped(other);
    assertTrue(recorder.calls().contains("releaseBuffer"), () -> "calls " + recorder.calls());
    assertEquals(1, recorder.alive("Buffer"));
    setup.home(other);
    setup.assertNumbered(other, 0);
  }
}
