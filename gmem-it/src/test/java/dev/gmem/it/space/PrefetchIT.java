package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.AddressSpace;
import dev.gmem.AllocationStatistics;
import dev.gmem.ArenaOptions;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.PrefetchPolicy;
import dev.gmem.PrefetchPolicy.Span;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes along with faults of real loads and stores, and of simulated kernels. */
@Timeout(120)
class PrefetchIT {
  private static final int GRANULE_BYTES = 4096;
  private static final int GRANULES = 256;

  private AddressSpace space;
  private Device device;

  @BeforeEach
  void open() {
    space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES));
    device =
        space.attach(
            Sim.builder("sim0").workers(1).without(GmCapability.READ_ONLY_MAPPING).build());
  }

  @AfterEach
  void close() {
    space.close();
  }

  /** Memory in which each granule begins with its number. */
  private MemorySegment numbers(PrefetchPolicy policy) {
    MemorySegment memory =
        space
            .arena(ArenaOptions.defaults().withPrefetch(policy))
            .allocate((long) GRANULES * GRANULE_BYTES, GRANULE_BYTES);
    for (int i = 0; i < GRANULES; i++) {
      memory.set(JAVA_INT, (long) i * GRANULE_BYTES, i);
    }
    return memory;
  }

  private MemorySegment away(PrefetchPolicy policy) {
    MemorySegment memory = numbers(policy);
    space.prefetch(memory, device).join();
    return memory;
  }

  private static void read(MemorySegment memory, int... granules) {
    for (int granule : granules) {
      assertEquals(granule, memory.get(JAVA_INT, (long) granule * GRANULE_BYTES));
    }
  }

  private static int[] upwards() {
    return IntStream.range(0, GRANULES).toArray();
  }

  private static int[] shuffled() {
    List<Integer> order =
        Arrays.asList(IntStream.range(0, GRANULES).boxed().toArray(Integer[]::new));
    Collections.shuffle(order, new Random(5));
    return order.stream().mapToInt(i -> i).toArray();
  }

  private long readFaults(PrefetchPolicy policy, int[] order) {
    MemorySegment memory = away(policy);
    read(memory, order);
    AllocationStatistics statistics = space.statistics(memory);
    assertEquals(memory.byteSize(), statistics.bytesToHost(), "each granule comes once");
    assertEquals(
        memory.byteSize(),
        statistics.prefetched() + statistics.hostReadFaults() * GRANULE_BYTES,
        "every granule is touched, or comes along");
    return statistics.hostReadFaults();
  }

  @Test
  void readingFromFrontToBackTakesFewFaults() {
    assertEquals(GRANULES, readFaults(PrefetchPolicy.none(), upwards()));
    assertEquals(9, readFaults(PrefetchPolicy.sequential(), upwards())); // 1 + 1 + 2 + ... + 128
    assertTrue(readFaults(PrefetchPolicy.standard(), upwards()) <= 9);
  }

  @Test
  void readingAllInAnyOrderTakesFewerFaultsWhereDensityIsLookedAt() {
    long alone = readFaults(PrefetchPolicy.none(), shuffled());
    long dense = readFaults(PrefetchPolicy.density(), shuffled());
    assertEquals(GRANULES, alone);
    assertTrue(dense < 0.6 * GRANULES, "faults=" + dense);
  }

  @Test
  void readingAFewInNoOrderBringsTheseAlone() {
    MemorySegment memory = away(PrefetchPolicy.standard());
    read(memory, 200, 3, 77, 140, 31, 250, 100);
    assertEquals(7 * GRANULE_BYTES, space.statistics(memory).bytesToHost());
    assertEquals(0, space.statistics(memory).prefetched());
  }

  @Test
  void readingAtAStrideBringsWhatIsReadAndNothingInBetween() {
    MemorySegment memory = away(PrefetchPolicy.standard());
    for (int i = 0; i < GRANULES; i += 8) {
      read(memory, i);
    }
    AllocationStatistics statistics = space.statistics(memory);
    assertEquals(GRANULES / 8 * GRANULE_BYTES, statistics.bytesToHost());
    assertTrue(statistics.hostReadFaults() <= 8, "faults=" + statistics.hostReadFaults());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8})
  void aKernelThatReadsAtADistanceTakesFewFaults(int step) {
    MemorySegment memory = numbers(PrefetchPolicy.standard());
    MemorySegment sum = space.arena().allocate(JAVA_INT);
    Kernel sums =
        device
            .load(
                KernelSource.java(
                    "sums",
                    (item, bytes, arguments) -> {
                      int total = 0;
                      for (int i = 0; i < GRANULES; i += step) {
                        total += bytes.getInt(arguments.address(0) + (long) i * GRANULE_BYTES);
                      }
                      bytes.putInt(arguments.address(1), total);
                    },
                    Parameter.READ,
                    Parameter.WRITE))
            .kernel("sums");
    sums.launch(NdRange.of(1), memory, sum).join();
    int touched = GRANULES / step;
    assertEquals(step * touched * (touched - 1) / 2, sum.get(JAVA_INT, 0));
    AllocationStatistics statistics = space.statistics(memory);
    assertEquals((long) touched * GRANULE_BYTES, statistics.bytesToDevices());
    assertTrue(statistics.deviceFaults() <= 9, "faults=" + statistics.deviceFaults());
  }

  @Test
  void singleAccessesBetweenLaunchesBringOneGranuleEach() {
    MemorySegment memory = away(PrefetchPolicy.standard());
    for (int granule : new int[] {7, 8, 9, 10, 12, 14, 16, 15, 14, 13, 12, 12}) {
      long before = space.statistics(memory).bytesToHost();
      read(memory, granule);
      assertEquals(GRANULE_BYTES, space.statistics(memory).bytesToHost() - before);
      space.prefetch(memory, device).join();
    }
  }

  @Test
  void aPolicyOfTheProgramMayReadUnifiedMemoryToDecide() {
    MemorySegment wishes = numbers(PrefetchPolicy.standard());
    wishes.set(JAVA_INT, 9 * GRANULE_BYTES, 5);
    AtomicInteger asked = new AtomicInteger();
    MemorySegment memory =
        away(
            fault -> {
              if (fault.device().isPresent()) {
                return List.of();
              }
              asked.incrementAndGet();
              long granules = wishes.get(JAVA_INT, 9 * GRANULE_BYTES);
              long end = fault.needed().from() + granules * GRANULE_BYTES;
              return List.of(new Span(fault.needed().from(), end));
            });
    space.prefetch(wishes, device).join();
    long before = space.statistics(memory).bytesToHost();
    read(memory, 20, 21, 22, 23, 24);
    assertEquals(5 * GRANULE_BYTES, space.statistics(memory).bytesToHost() - before);
    assertEquals(1, asked.get());
  }

  @Test
  void aPolicyThatThrowsHarmsNobody() {
    MemorySegment memory =
        away(
            fault -> {
              throw new IllegalStateException("no idea");
            });
    read(memory, shuffled());
    assertEquals(GRANULES, space.statistics(memory).hostReadFaults());
    assertEquals(0, space.statistics(memory).prefetched());
  }
}
