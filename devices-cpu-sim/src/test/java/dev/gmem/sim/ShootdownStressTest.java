package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.Access;
import dev.gmem.kernel.DeviceKernel;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmRange;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Pages are taken from under running kernels as fast as possible. Forbidden outcome: an update that
 * is nowhere afterwards.
 */
@Timeout(300)
class ShootdownStressTest {
  private static final int ITEMS = 1_000_000;
  private static final int ROUNDS = 4;
  private static final int CONTROL_ROUNDS_MAX = 200;
  private static final int GROUPS = 8;
  private static final int STEPS = 50_000;

  private static final DeviceKernel COUNT =
      (item, memory, arguments) -> memory.getAndAddInt(arguments.address(0), 1);

  /** Each work item has a slot of its own and steps it with plain accesses. */
  private static final DeviceKernel STEP =
      (item, memory, arguments) -> {
        long slot = arguments.address(0) + item.globalId(0) * Integer.BYTES;
        for (int i = 0; i < STEPS; i++) {
          memory.putInt(slot, memory.getInt(slot) + 1);
        }
      };

  @Test
  void atomicUpdatesSurviveUnmapping() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      assertThat(lostOfCount(Sim.builder("sim0"))).isZero();
    }
  }

  @Test
  void plainUpdatesSurviveUnmapping() throws Exception {
    try (SimRig rig = SimRig.plain()) {
      GmRange slots = rig.space().allocate(1);
      bringHomeUntilDone(rig, slots, rig.start(GROUPS, STEP, slots));
      for (int i = 0; i < GROUPS; i++) {
        assertThat(rig.space().host(slots).getAtIndex(ValueLayout.JAVA_INT, i)).isEqualTo(STEPS);
      }
    }
  }

  @Test
  void updatesSurviveProtection() throws Exception {
    try (SimRig rig = SimRig.plain()) {
      GmRange slots = rig.space().allocate(1);
      CompletableFuture<Long> launch = rig.start(GROUPS, STEP, slots);
      while (!launch.isDone()) {
        synchronized (rig.space()) {
          if (rig.space().isMapped(slots.address())) {
            rig.space().protect(slots, Access.READ);
            int[] seen = readAll(rig, slots);
            assertThat(readAll(rig, slots)).as("written while read-only").isEqualTo(seen);
          }
        }
      }
      SimRig.await(launch);
      rig.space().bringHome(slots);
      for (int i = 0; i < GROUPS; i++) {
        assertThat(rig.space().host(slots).getAtIndex(ValueLayout.JAVA_INT, i)).isEqualTo(STEPS);
      }
    }
  }

  /** The negative control: the same stress without the wait must lose something. */
  @Test
  void withoutTheWaitUpdatesAreLost() throws Exception {
    int lost = 0;
    for (int round = 0; round < CONTROL_ROUNDS_MAX && lost == 0; round++) {
      lost = lostOfCount(Sim.builder("sim0").withoutShootdownWait());
    }
    assertThat(lost).as("lost updates; if none is lost, this stress shows nothing").isPositive();
  }

  private static int lostOfCount(Sim.Builder builder) throws Exception {
    try (SimRig rig = new SimRig(builder)) {
      GmRange counter = rig.space().allocate(1);
      bringHomeUntilDone(rig, counter, rig.start(ITEMS, COUNT, counter));
      return ITEMS - rig.space().host(counter).get(ValueLayout.JAVA_INT, 0);
    }
  }

  private static void bringHomeUntilDone(SimRig rig, GmRange range, CompletableFuture<Long> launch)
      throws Exception {
    while (!launch.isDone()) {
      rig.space().bringHome(range);
    }
    SimRig.await(launch);
    rig.space().bringHome(range);
  }

  private static int[] readAll(SimRig rig, GmRange range) {
    int[] values = new int[GROUPS];
    MemorySegment target = MemorySegment.ofArray(values);
    rig.device().mmu().copy(new GmCopy.DeviceToHost(range.address(), target));
    return values;
  }
}
