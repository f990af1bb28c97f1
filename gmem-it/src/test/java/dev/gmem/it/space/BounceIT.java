package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.AddressSpace;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The CPU and a kernel that faults count in one granule at the same time. How often they take it
 * from each other depends on the machine, so that is no matter of this test.
 */
@Timeout(120)
class BounceIT {
  private static final long ADDITIONS = 2_000_000;
  private static final int ROUNDS_MAX = 40;

  @ParameterizedTest
  @ValueSource(longs = {0, SpaceOptions.RESIDENCY_NANOS_MAX})
  void nothingIsLostWhoeverRests(long residencyNanos) {
    SpaceOptions options =
        SpaceOptions.defaults().withGranuleBytes(4096).withResidencyNanosMin(residencyNanos);
    try (AddressSpace space = Gmem.open(options)) {
      space.attach(Sim.builder("sim0").workers(1).build());
      MemorySegment data = space.arena().allocate(4096);
      Kernel count = counting(space);
      int rounds = 0;
      int roundsMax = residencyNanos > 0 ? ROUNDS_MAX : 3;
      do {
        Launch launch = count.launch(NdRange.of(1), data);
        for (long i = 0; i < ADDITIONS; i++) {
          data.set(JAVA_LONG, 2048, data.get(JAVA_LONG, 2048) + 1);
        }
        launch.join();
        rounds++;
        assertEquals(rounds * ADDITIONS, data.get(JAVA_LONG, 0));
        assertEquals(rounds * ADDITIONS, data.get(JAVA_LONG, 2048));
      } while (space.statistics(data).rests() == 0 && rounds < roundsMax);
      assertEquals(residencyNanos > 0, space.statistics(data).rests() > 0);
      assertTrue(space.statistics(data).bounces() >= space.statistics(data).rests());
    }
  }

  private static Kernel counting(AddressSpace space) {
    return space
        .device("sim0")
        .load(
            KernelSource.java(
                "count",
                (item, memory, arguments) -> {
                  for (long i = 0; i < ADDITIONS; i++) {
                    memory.getAndAddLong(arguments.address(0), 1);
                  }
                },
                Parameter.READ_WRITE))
        .kernel("count");
  }
}
