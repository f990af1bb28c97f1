package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.AddressSpace;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.agent.GmemAgent;
import dev.gmem.sim.Sim;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Launches on a device that uses the host's frames as the CPU does: nobody is revoked, and whoever
 * comes after a launch waits for it all the same.
 */
@Tag("modes")
@Timeout(240)
class HostFramesIT {
  private static final int GRANULE_BYTES = 4096;
  private static final int LONGS = GRANULE_BYTES / Long.BYTES;
  private static final int ROUNDS = 3000;
  private static final long KERNEL_NANOS = 20_000;

  private AddressSpace space;
  private Arena arena;
  private Kernel kernel;
  private volatile int launched;
  private volatile int seen;

  /** Writes the value to all longs of the buffer, after a while. */
  private static void write(MemorySegment memory, long address, long value) {
    long until = System.nanoTime() + KERNEL_NANOS;
    while (System.nanoTime() < until) {
      Thread.onSpinWait();
    }
    for (int i = 0; i < LONGS; i++) {
      memory.set(JAVA_LONG, address + (long) i * Long.BYTES, value);
    }
  }

  @BeforeEach
  void open() {
    space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES));
    arena = space.arena();
    space.attach(new HostFramesDevice(HostFramesIT::write));
    kernel = space.device("frames").load(KernelSource.openCl("any")).kernel("body");
  }

  @AfterEach
  void close() {
    space.close();
  }

  private static long sum(MemorySegment segment) {
    long sum = 0;
    for (int i = 0; i < LONGS; i++) {
      sum += segment.getAtIndex(JAVA_LONG, i);
    }
    return sum;
  }

  private static void fill(MemorySegment segment, long value) {
    for (int i = 0; i < LONGS; i++) {
      segment.setAtIndex(JAVA_LONG, i, value);
    }
  }

  @Test
  void cpuAndKernelsThatTakeTurnsNeedNoRevocationAndNoFault() {
    MemorySegment segment = arena.allocate(GRANULE_BYTES, GRANULE_BYTES);
    var before = GmemAgent.counters();
    for (int round = 1; round <= ROUNDS; round++) {
      fill(segment, -round);
      kernel.launch(NdRange.of(1), segment, (long) round).join();
      assertEquals((long) LONGS * round, sum(segment));
    }
    var after = GmemAgent.counters();
    assertEquals(before.revocations(), after.revocations());
    assertEquals(before.faults(), after.faults());
  }

  /** Half of the rounds find the gate open again, so that loops have a look to keep. */
  @Test
  void theLaunchingThreadNeverReadsWhatWasThereBefore() {
    MemorySegment segment = arena.allocate(GRANULE_BYTES, GRANULE_BYTES);
    assertEquals(0, wrongAfterLaunch(segment));
  }

  private int wrongAfterLaunch(MemorySegment segment) {
    int wrong = 0;
    for (int round = 1; round <= ROUNDS; round++) {
      fill(segment, -round);
      Launch launch = kernel.launch(NdRange.of(1), segment, (long) round);
      if ((round & 1) == 0) {
        launch.join();
      }
      for (int i = 0; i < LONGS; i++) {
        if (segment.getAtIndex(JAVA_LONG, i) != round) {
          wrong++;
        }
      }
    }
    return wrong;
  }

  /** The gate is closed throughout, because of a neighbour, and accesses remember the table. */
  @Test
  void norDoesItIfItRemembersThatItMayAccessTheMemory() {
    space.attach(Sim.builder("sim0").build());
    MemorySegment both = arena.allocate(2 * GRANULE_BYTES, GRANULE_BYTES);
    MemorySegment neighbour = both.asSlice(GRANULE_BYTES);
    KernelSource source =
        KernelSource.java(
            "touch",
            (item, memory, arguments) -> memory.putLong(arguments.address(0), 1),
            Parameter.WRITE);
    space.device("sim0").load(source).kernel("touch").launch(NdRange.of(1), neighbour).join();
    assertEquals(0, wrongAfterLaunch(both.asSlice(0, GRANULE_BYTES)));
  }

  /** It may read new values early, as it is in no order with later launches; never old ones. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aThreadThatIsToldOfALaunchNeverReadsWhatWasThereBefore(boolean virtual)
      throws InterruptedException {
    MemorySegment segment = arena.allocate(GRANULE_BYTES, GRANULE_BYTES);
    int[] wrong = new int[1];
    Runnable reads = () -> wrong[0] = wrongAfterTold(segment);
    Thread reader = virtual ? Thread.ofVirtual().start(reads) : Thread.ofPlatform().start(reads);
    for (int round = 1; round <= ROUNDS; round++) {
      kernel.launch(NdRange.of(1), segment, (long) round);
      launched = round;
      while (seen < round) {
        LockSupport.parkNanos(1000);
      }
    }
    reader.join();
    assertEquals(0, wrong[0]);
  }

  private int wrongAfterTold(MemorySegment segment) {
    int wrong = 0;
    for (int round = 1; round <= ROUNDS; round++) {
      while (launched < round) {
        wrong += segment.getAtIndex(JAVA_LONG, round & LONGS - 1) < round - 1 ? 1 : 0;
      }
      for (int i = 0; i < LONGS; i++) {
        wrong += segment.getAtIndex(JAVA_LONG, i) < round ? 1 : 0;
      }
      seen = round;
    }
    return wrong;
  }

  @Test
  void closingTheArenaWaitsForTheKernelAndForThreadsThatGoOn() throws InterruptedException {
    for (int round = 0; round < 20; round++) {
      Arena brief = space.arena();
      MemorySegment segment = brief.allocate(GRANULE_BYTES, GRANULE_BYTES);
      Thread other = Thread.ofPlatform().start(() -> writeUntilClosed(segment));
      TimeUnit.MILLISECONDS.sleep(2);
      Launch launch = kernel.launch(NdRange.of(1), segment, 1L);
      brief.close();
      assertTrue(launch.isDone());
      launch.join();
      other.join();
      var error = assertThrows(IllegalStateException.class, () -> segment.get(JAVA_LONG, 0));
      assertEquals("Already closed", error.getMessage());
    }
  }

  private static void writeUntilClosed(MemorySegment segment) {
    try {
      for (long i = 0; ; i++) {
        fill(segment, i);
      }
    } catch (IllegalStateException e) {
      assertEquals("Already closed", e.getMessage());
    }
  }
}
