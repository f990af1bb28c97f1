package dev.gmem.opencl;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.Argument;
import dev.gmem.DeviceStatistics;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.LaunchResult;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Times of the device in results and statistics, and vectors, in an address space. */
class SpaceTimesIT extends InSpace {
  private static final KernelSource SOURCE =
      KernelSource.openCl(
          "__kernel void add(__global int* a, int4 v) { a[get_global_id(0)] += v.x + 10 * v.w; }");

  /** Two of them do not fit what the device may use. */
  private static final int INTS = (int) (TestDevices.SMALL_BYTES * 10 / 16 / Integer.BYTES);

  private Kernel add;

  @BeforeEach
  void open() {
    OpenClDevice discrete = TestDevices.withoutHostAccess(TestDevices.cl());
    open(SpaceOptions.defaults(), discrete);
    add = device.load(SOURCE).kernel("add");
  }

  private LaunchResult launch(MemorySegment segment) {
    return add.launch(NdRange.of(INTS), segment, Argument.vector(3, 0, 0, 4)).join();
  }

  private DeviceStatistics statistics() {
    return space.statistics().devices().get(device.id());
  }

  @Test
  void aLaunchTellsWhatKernelAndCopiesTook() {
    MemorySegment first = arena.allocate(JAVA_INT, INTS);
    MemorySegment second = arena.allocate(JAVA_INT, INTS);
    first.fill((byte) 0);
    second.fill((byte) 0);
    LaunchResult moved = launch(first);
    assertTrue(moved.kernelNanos() > 0 && moved.copyInNanos() > 0, moved::toString);
    assertEquals(first.byteSize(), moved.bytesIn());
    assertEquals(0, moved.copyOutNanos());
    LaunchResult inPlace = launch(first);
    assertEquals(0, inPlace.copyInNanos() + inPlace.copyOutNanos() + inPlace.bytesIn());
    LaunchResult evicting = launch(second);
    assertTrue(evicting.copyInNanos() > 0 && evicting.copyOutNanos() > 0, evicting::toString);
    assertEquals(2 * 43, first.getAtIndex(JAVA_INT, INTS - 1));
    assertEquals(43, second.getAtIndex(JAVA_INT, 0));
    DeviceStatistics all = statistics();
    assertTrue(all.copyInNanos() >= moved.copyInNanos() + evicting.copyInNanos(), all::toString);
    assertTrue(all.copyOutNanos() > evicting.copyOutNanos(), all::toString);
    assertTrue(all.kernelNanos() > 0, all::toString);
  }
}
