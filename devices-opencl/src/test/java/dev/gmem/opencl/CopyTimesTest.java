package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.Access;
import dev.gmem.NdRange;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmCopyTimes;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How long transfers took, as profiling events say. */
class CopyTimesTest {
  private static GmCopyTimes times(Setup setup) {
    return setup.device().mmu().copyTimes().orElseThrow();
  }

  @Test
  void eachDirectionIsTimedByItself() {
    try (Setup setup = new Setup(TestDevices.withoutHostAccess(TestDevices.cl()))) {
      assertEquals(new GmCopyTimes(0, 0), times(setup));
      final long start = System.nanoTime();
      GmRange range = setup.mapped(setup.numbered(16));
      GmCopyTimes there = times(setup);
      assertTrue(there.inNanos() > 0, there::toString);
      assertEquals(0, there.outNanos());
      MemorySegment some = MemorySegment.ofArray(new int[Setup.ints(range)]);
      assertEquals(
          GmStatus.SUCCESS,
          setup.device().mmu().copy(new GmCopy.DeviceToHost(range.address(), some)));
      GmCopyTimes read = times(setup);
      assertEquals(there.inNanos(), read.inNanos());
      assertTrue(read.outNanos() > 0, read::toString);
      setup.home(range);
      GmCopyTimes back = times(setup);
      assertTrue(back.outNanos() > read.outNanos(), back::toString);
      long elapsed = System.nanoTime() - start;
      assertTrue(back.inNanos() + back.outNanos() < elapsed, () -> back + " of " + elapsed);
    }
  }

  @Test
  void whatIsNotCopiedTakesNoTime() {
    try (Setup setup = new Setup(TestDevices.withoutHostAccess(TestDevices.cl()))) {
      GmRange range = setup.space().allocate(4);
      assertEquals(GmStatus.SUCCESS, setup.space().map(range, false, Access.READ_WRITE));
      assertEquals(GmStatus.SUCCESS, setup.space().unmap(range, false));
      assertEquals(new GmCopyTimes(0, 0), times(setup));
    }
  }

  @Test
  void withoutProfilingTheDriverIsNotAskedAndALaunchIsTimedByTheHost() {
    Recorder recorder = new Recorder(TestDevices.cl());
    try (Setup setup = new Setup(TestDevices.withoutProfiling(recorder.cl()))) {
      GmKernel kernel =
          setup.kernel("__kernel void next(__global int* a) { a[get_global_id(0)]++; }");
      recorder.failAt("nanos", 0, ClCode.INVALID_VALUE);
      GmRange range = setup.mapped(setup.numbered(4));
      long start = System.nanoTime();
      long nanos =
          Setup.run(
              kernel,
              NdRange.of(Setup.ints(range)),
              Setup.slice(range, 0, range.bytes(), Access.READ_WRITE));
      assertTrue(nanos > 0 && nanos <= System.nanoTime() - start, () -> "nanos: " + nanos);
      assertNull(recorder.failed());
      assertEquals(Optional.empty(), setup.device().mmu().copyTimes());
      setup.home(range);
      setup.assertNumbered(range, 1);
    }
  }

  @Test
  void aDriverThatCannotTellLosesNoTransfer() {
    Recorder recorder = new Recorder(TestDevices.cl());
    try (Setup setup = new Setup(TestDevices.withoutHostAccess(recorder.cl()))) {
      recorder.failAt("nanos", 0, ClCode.INVALID_VALUE);
      GmRange range = setup.mapped(setup.numbered(4));
      assertEquals("nanos", recorder.failed());
      assertEquals(0, times(setup).inNanos());
      setup.home(range);
      setup.assertNumbered(range, 0);
    }
  }
}
