package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.AddressSpace;
import dev.gmem.Gmem;
import dev.gmem.sim.Sim;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The JVM interrupts a thread that a handshake unwinds; no program may notice. */
@Tag("modes")
@Timeout(120)
class InterruptIT {
  private static final int INTERRUPTS = 300;

  private final AtomicInteger seen = new AtomicInteger();
  private volatile boolean stop;

  @Test
  void realInterruptsArriveAndNoOthersDo() throws InterruptedException {
    try (AddressSpace space = Gmem.open();
        Arena arena = space.arena()) {
      MemorySegment segment = arena.allocate(JAVA_LONG, 8);
      space.attach(Sim.builder("sim0").build());
      Thread reader = Thread.ofPlatform().start(() -> access(segment));
      long waitsBefore = space.statistics().waits();
      for (int sent = 1; sent <= INTERRUPTS; sent++) {
        for (int i = 0; i < 5; i++) {
          space.prefetch(segment, space.device("sim0")).join();
        }
        reader.interrupt();
        while (seen.get() < sent) {
          space.prefetch(segment, space.device("sim0")).join();
        }
        assertEquals(sent, seen.get());
      }
      long end = System.nanoTime() + 300_000_000;
      while (System.nanoTime() < end) {
        space.prefetch(segment, space.device("sim0")).join();
      }
      stop = true;
      reader.join();
      assertEquals(INTERRUPTS, seen.get());
      assertTrue(
          space.statistics().waits() > waitsBefore, "no access was ever caught in the middle");
    }
  }

  private void access(MemorySegment segment) {
    while (!stop) {
      for (int i = 0; i < 100; i++) {
        segment.setAtIndex(JAVA_LONG, 1, segment.getAtIndex(JAVA_LONG, 1) + 1);
      }
      if (Thread.interrupted()) {
        seen.incrementAndGet();
      }
    }
  }
}
