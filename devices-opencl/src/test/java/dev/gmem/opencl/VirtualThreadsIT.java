package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gmem.AddressSpace;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Launches end even if every carrier of virtual threads runs one that spins for their end. */
@Timeout(90)
class VirtualThreadsIT {
  private static final int LAUNCHES = 16;

  /** Long enough that all are submitted, and all spin, before the first has ended. */
  private static final int ROUNDS = 100_000_000;

  private static final KernelSource SPIN =
      KernelSource.openCl(
          """
          __kernel void spin(__global int *c, int rounds) {
            int x = c[0];
            for (int i = 0; i < rounds; i++) { x = x * 1664525 + 1013904223; }
            c[0] = x;
          }
          """);

  @Test
  void virtualThreadsThatSpinDoNotKeepLaunchesFromEnding() throws InterruptedException {
    OpenClDevice device = TestDevices.withoutHostAccess(TestDevices.cl());
    AtomicBoolean stop = new AtomicBoolean();
    try (AddressSpace space = Gmem.open()) {
      Kernel spin = space.attach(device).load(SPIN).kernel("spin");
      List<Launch> launches = new ArrayList<>();
      for (int i = 0; i < LAUNCHES; i++) {
        launches.add(
            spin.launch(
                NdRange.of(1), space.arena().allocate(Integer.BYTES, Setup.GRANULE_BYTES), ROUNDS));
      }
      for (int i = 0; i < 4 * Runtime.getRuntime().availableProcessors(); i++) {
        Thread.startVirtualThread(
            () -> {
              while (!stop.get() && done(launches) < LAUNCHES) {
                Thread.onSpinWait();
              }
            });
      }
      long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (System.nanoTime() < endNanos && done(launches) < LAUNCHES) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
      long done = done(launches);
      stop.set(true);
      launches.forEach(Launch::join);
      assertEquals(LAUNCHES, done, "launches that ended while virtual threads span");
    } finally {
      stop.set(true);
    }
  }

  private static long done(List<Launch> launches) {
    return launches.stream().filter(Launch::isDone).count();
  }
}
