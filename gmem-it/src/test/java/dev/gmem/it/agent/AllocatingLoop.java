package dev.gmem.it.agent;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread writes ints in a loop that allocates, which is where compiled code stops in the JVM with
 * an old look at the gate in a register. Memory is taken away from under it. Prints how many writes
 * came too late.
 */
final class AllocatingLoop {
  private static final int BYTES = 4096;
  private static final int INTS = BYTES / Integer.BYTES;
  private static final int ROUNDS = 20;
  private static final int POISON = 0x0101_0101 * Twin.POISON;

  static Object garbage;
  private static volatile boolean stop;

  private AllocatingLoop() {}

  private static void write(MemorySegment segment, int count, int value) {
    for (int i = 0; i < count; i++) {
      garbage = new byte[1000];
      segment.set(ValueLayout.JAVA_INT, (i & INTS - 1) * 4L, value + i);
    }
  }

  public static void main(String[] args) throws InterruptedException {
    AtomicInteger late = new AtomicInteger();
    AtomicInteger looks = new AtomicInteger();
    try (Twin twin = new Twin(BYTES, BYTES)) {
      MemorySegment segment = twin.segment();
      for (int i = 0; i < 60; i++) {
        write(segment, 20_000, i);
      }
      Thread writer =
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; !stop; i++) {
                      write(segment, 1_000_000, i);
                    }
                  });
      while (looks.get() < ROUNDS) {
        LockSupport.parkNanos(1_000_000);
        twin.toDevice();
        // Does nothing if the writer has brought it back already.
        twin.whileOnDevice(
            0,
            () -> {
              late.addAndGet(lateWrites(twin.host()));
              looks.incrementAndGet();
            });
      }
      stop = true;
      writer.join();
    }
    System.out.println("late=" + late);
  }

  private static int lateWrites(MemorySegment host) {
    LockSupport.parkNanos(1_000_000);
    int late = 0;
    for (int i = 0; i < INTS; i++) {
      late += host.getAtIndex(ValueLayout.JAVA_INT, i) == POISON ? 0 : 1;
    }
    return late;
  }
}
