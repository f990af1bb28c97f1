package dev.gmem.it.agent;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * CPU threads and a device count in the same granules, each in words of its own, while the granules
 * move between them as fast as they can. If an access slips past the gate, counts are lost.
 */
final class MigrationStress {
  /** How a CPU thread counts. */
  enum Mode {
    /** Plain reads and writes. */
    PLAIN,
    /** Volatile reads and writes. */
    VOLATILE,
    /** Opaque reads, release writes. */
    RELEASE,
    /** Read-modify-writes, each thread in its own word. */
    UPDATE,
    /** Read-modify-writes of all threads in one word. */
    SHARED_UPDATE,
    /** Copies to the heap and back. */
    BULK
  }

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final int THREADS = 3;
  private static final long GRANULE_BYTES = 4096;
  private static final int GRANULES = 4;
  private static final int SLOT_BYTES = 64;
  private static final int BATCH = 1000;

  private final Mode mode;
  private final ThreadFactory factory;
  private final Twin twin = new Twin(GRANULES * GRANULE_BYTES, GRANULE_BYTES);
  private final MemorySegment memory = twin.segment();
  private final AtomicBoolean stop = new AtomicBoolean();
  private final long[] counted = new long[THREADS];
  private long deviceCounted;

  private MigrationStress(Mode mode, ThreadFactory factory) {
    this.mode = mode;
    this.factory = factory;
  }

  /** What a run counted. */
  record Outcome(long counted, long lost, long migrations, long faults) {}

  static Outcome run(Mode mode, ThreadFactory factory, long millis) {
    return new MigrationStress(mode, factory).run(millis);
  }

  private Outcome run(long millis) {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int id = i;
      Thread thread = factory.newThread(() -> count(id));
      threads.add(thread);
      thread.start();
    }
    long end = System.nanoTime() + millis * 1_000_000;
    long migrations = 0;
    while (System.nanoTime() < end) {
      int granule = (int) (migrations % GRANULES);
      twin.toDevice(granule * GRANULE_BYTES, GRANULE_BYTES);
      twin.whileOnDevice(granule, () -> countOnDevice(granule));
      migrations++;
      if (migrations % 16 == 0) {
        sleep(); // lets the CPU run at speed, with an open gate, for a while
      }
    }
    stop.set(true);
    threads.forEach(MigrationStress::join);
    Outcome outcome = new Outcome(total(), lost(), migrations, twin.faults());
    twin.close();
    return outcome;
  }

  private void countOnDevice(int granule) {
    long offset = slot(granule, THREADS);
    MemorySegment device = twin.device();
    device.set(ValueLayout.JAVA_LONG, offset, device.get(ValueLayout.JAVA_LONG, offset) + 1);
    deviceCounted++;
  }

  private void count(int id) {
    byte[] buffer = new byte[SLOT_BYTES];
    MemorySegment heap = MemorySegment.ofArray(buffer);
    long n = 0;
    while (!stop.get()) {
      int granule = (int) (n / BATCH % GRANULES);
      long offset = slot(granule, mode == Mode.SHARED_UPDATE ? 0 : id);
      switch (mode) {
        case PLAIN -> countPlain(offset);
        case VOLATILE -> countVolatile(offset);
        case RELEASE -> countRelease(offset);
        case UPDATE, SHARED_UPDATE -> countByUpdate(offset);
        case BULK -> countInBulk(offset, heap);
      }
      n += BATCH;
      counted[id] = n;
      LockSupport.parkNanos(1); // gives the carrier to a virtual thread that has been woken
    }
  }

  private void countPlain(long offset) {
    for (int i = 0; i < BATCH; i++) {
      memory.set(ValueLayout.JAVA_LONG, offset, memory.get(ValueLayout.JAVA_LONG, offset) + 1);
    }
  }

  private void countVolatile(long offset) {
    for (int i = 0; i < BATCH; i++) {
      LONG.setVolatile(memory, offset, (long) LONG.getVolatile(memory, offset) + 1);
    }
  }

  private void countRelease(long offset) {
    for (int i = 0; i < BATCH; i++) {
      LONG.setRelease(memory, offset, (long) LONG.getOpaque(memory, offset) + 1);
    }
  }

  private void countByUpdate(long offset) {
    for (int i = 0; i < BATCH; i++) {
      if ((i & 1) == 0) {
        LONG.getAndAdd(memory, offset, 1L);
      } else {
        long old;
        do {
          old = (long) LONG.getVolatile(memory, offset);
        } while (!LONG.compareAndSet(memory, offset, old, old + 1));
      }
    }
  }

  private void countInBulk(long offset, MemorySegment heap) {
    for (int i = 0; i < BATCH; i++) {
      MemorySegment.copy(memory, offset, heap, 0, SLOT_BYTES);
      for (long at = 0; at < SLOT_BYTES; at += Long.BYTES) {
        long value = heap.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
        heap.set(ValueLayout.JAVA_LONG_UNALIGNED, at, value + 1);
      }
      MemorySegment.copy(heap, 0, memory, offset, SLOT_BYTES);
    }
  }

  private long total() {
    long sum = deviceCounted;
    for (long n : counted) {
      sum += n;
    }
    return sum;
  }

  private long lost() {
    long sum = total();
    for (int granule = 0; granule < GRANULES; granule++) {
      for (int id = 0; id <= THREADS; id++) {
        sum -= memory.get(ValueLayout.JAVA_LONG, slot(granule, id));
      }
    }
    return sum;
  }

  private static long slot(int granule, int id) {
    return granule * GRANULE_BYTES + (long) id * SLOT_BYTES;
  }

  private static void sleep() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** For a child JVM: mode, virtual or platform, milliseconds. Prints what was lost. */
  public static void main(String[] args) {
    ThreadFactory factory =
        args[1].equals("virtual") ? Thread.ofVirtual().factory() : Thread.ofPlatform().factory();
    Outcome outcome = run(Mode.valueOf(args[0]), factory, Long.parseLong(args[2]));
    System.out.println("lost=" + outcome.lost() + " " + outcome);
  }
}
