package dev.gmem.opencl;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Launches that stand in each other's way, or in that of what else the space does. */
@Timeout(90)
class SpaceLaunchesIT extends InSpace {
  private static final int LAUNCHES = 16;
  private static final KernelSource SOURCE =
      KernelSource.openCl(
          """
          __kernel void add(__global int *a, int more) {
            a[get_global_id(0)] += more;
          }
          __kernel void spin(__global int *c, int rounds) {
            int x = c[0];
            for (int i = 0; i < rounds; i++) { x = x * 1664525 + 1013904223; }
            c[0] = x;
          }
          __kernel void three(__global int *a, __global int *b, __global int *c) {
            a[get_global_id(0)] += 1; b[get_global_id(0)] += 1; c[1] = 1;
          }
          """);

  private Kernel kernel(String name) {
    return device.load(SOURCE).kernel(name);
  }

  private MemorySegment numbered(int ints) {
    MemorySegment s = arena.allocate((long) ints * Integer.BYTES, Setup.GRANULE_BYTES);
    for (int i = 0; i < ints; i++) {
      s.setAtIndex(JAVA_INT, i, i);
    }
    return s;
  }

  private static void expect(MemorySegment s, int more) {
    for (int i = 0; i < s.byteSize() / Integer.BYTES; i++) {
      assertEquals(i + more, s.getAtIndex(JAVA_INT, i), "int " + i);
    }
  }

  @Test
  void hostFramesThatAKernelWorksOnAreNotGivenBack() {
    TestDevices.requireHostAccess();
    open(
        SpaceOptions.defaults().withRetainedBytesMax(0),
        TestDevices.withBuffersUpTo(4L * Setup.GRANULE_BYTES, TestDevices.cl(), seen -> seen));
    MemorySegment s = numbered(5 * Setup.GRANULE_BYTES / Integer.BYTES);
    kernel("add").launch(NdRange.of(s.byteSize() / Integer.BYTES), s, 1000).join();
    expect(s, 1000);
  }

  /** The second leaves one argument on the host; the third would have had it moved. */
  @Test
  void aLaunchThatDoesNotFitRunsThoughAnotherIsLaunchedBeforeItsTurn() {
    TestDevices.requireHostAccess();
    open(SpaceOptions.defaults(), TestDevices.device(TestDevices.discrete()));
    int ints = (int) (TestDevices.SMALL_BYTES * 3 / 4 / Integer.BYTES);
    MemorySegment a = numbered(ints);
    MemorySegment b = numbered(ints);
    MemorySegment c = numbered(16);
    Kernel three = kernel("three");
    Kernel add = kernel("add");
    Launch first = kernel("spin").launch(NdRange.of(1), c, 300_000_000);
    Launch second = three.launch(NdRange.of(ints), a, b, c);
    Launch third = add.launch(NdRange.of(ints), a, 1);
    first.join();
    second.join();
    third.join();
    expect(a, 2);
    expect(b, 1);
  }

  @Test
  void virtualThreadsThatSpinKeepNoLaunchFromEnding() throws InterruptedException {
    open(SpaceOptions.defaults(), TestDevices.withoutHostAccess(TestDevices.cl()));
    Kernel spin = kernel("spin");
    List<Launch> launches = new ArrayList<>();
    for (int i = 0; i < LAUNCHES; i++) {
      launches.add(spin.launch(NdRange.of(1), numbered(16), 100_000_000));
    }
    AtomicBoolean stop = new AtomicBoolean();
    for (int i = 0; i < 4 * Runtime.getRuntime().availableProcessors(); i++) {
      Thread.startVirtualThread(
          () -> {
            while (!stop.get() && !launches.stream().allMatch(Launch::isDone)) {
              Thread.onSpinWait();
            }
          });
    }
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(45);
    boolean done = false;
    while (!done && System.nanoTime() < end) {
      Thread.sleep(20);
      done = launches.stream().allMatch(Launch::isDone);
    }
    stop.set(true);
    launches.forEach(Launch::join);
    assertTrue(done, "the launches ended while virtual threads span");
  }
}
