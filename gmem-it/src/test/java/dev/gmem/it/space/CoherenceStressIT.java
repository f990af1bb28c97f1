package dev.gmem.it.space;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.it.space.CoherenceStress.Flavour;
import dev.gmem.it.space.CoherenceStress.Result;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Seconds of {@link CoherenceStress} in every build, in every JVM mode; minutes with {@code
 * -Dgmem.stress.millis=120000}.
 */
@Tag("modes")
@Tag("stress")
@Timeout(600)
class CoherenceStressIT {
  private static final long MILLIS = Long.getLong("gmem.stress.millis", 1500);

  @Test
  void nothingIsLostByPlainAccess() {
    check(List.of(Flavour.PLAIN, Flavour.PLAIN), false, true);
  }

  @Test
  void nothingIsLostByOrderedAccess() {
    check(List.of(Flavour.VOLATILE, Flavour.RELEASE), false, true);
  }

  @Test
  void nothingIsLostByReadModifyWrite() {
    check(List.of(Flavour.READ_MODIFY_WRITE, Flavour.READ_MODIFY_WRITE), false, true);
  }

  @Test
  void nothingIsLostByBulkAccess() {
    check(List.of(Flavour.BULK, Flavour.BULK), false, true);
  }

  @Test
  void nothingIsLostByVirtualThreads() {
    check(List.of(Flavour.values()), true, true);
  }

  @Test
  void nothingIsLostByPlatformThreadsOfAllKinds() {
    check(List.of(Flavour.values()), false, true);
  }

  @Test
  void nothingIsLostToDevicesThatCannotFault() {
    check(List.of(Flavour.PLAIN, Flavour.READ_MODIFY_WRITE), false, false);
  }

  /**
   * Where a thread stops to allocate, or to let garbage be collected, nobody can make it forget
   * what it has seen before.
   */
  @Test
  void nothingIsLostByLoopsThatAllocate() {
    check(List.of(Flavour.ALLOCATING, Flavour.PLAIN), false, true);
  }

  @Test
  void nothingIsLostNextToKernelsOnTheHostsFrames() {
    check(new CoherenceStress(20, 0), List.of(Flavour.ALLOCATING, Flavour.PLAIN), false, false);
  }

  private static void check(List<Flavour> flavours, boolean virtual, boolean replayable) {
    check(new CoherenceStress(), flavours, virtual, replayable);
  }

  private static void check(
      CoherenceStress stress, List<Flavour> flavours, boolean virtual, boolean replayable) {
    Result result = stress.run(MILLIS, flavours, virtual, replayable);
    assertTrue(result.coherent(), result::toString);
    assertTrue(result.launches() > 3, () -> "too few launches to mean anything: " + result);
    assertTrue(result.faults() > 3, () -> "the CPU hardly ever faulted: " + result);
  }
}
