package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.sim.FramePool.Run;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FramePoolTest {
  private static final int SHIFT = 6;
  private final FramePool pool = new FramePool(10 * 64 + 63);

  @Test
  void reservesUpToItsRoomAndNothingBeyond() {
    assertThat(pool.reserve(7 * 64)).isTrue();
    assertThat(pool.reserve(4 * 64)).isFalse();
    assertThat(pool.usedBytes()).isEqualTo(7 * 64);
    assertThat(pool.reserve(3 * 64)).isTrue();
    assertThat(pool.reserve(64)).isFalse();
    pool.release(2 * 64);
    assertThat(pool.reserve(3 * 64)).isFalse();
    assertThat(pool.reserve(2 * 64)).isTrue();
  }

  @Test
  void hugeReservationsDoNotOverflow() {
    assertThat(pool.reserve(1)).isTrue();
    assertThat(pool.reserve(Long.MAX_VALUE)).isFalse();
  }

  private Run take() {
    return pool.take(SHIFT, 1).getFirst();
  }

  private static long[] contents(Run run) {
    return run.content().toArray(ValueLayout.JAVA_LONG);
  }

  @Test
  void framesAreMadeOnDemandAndUsedAgain() {
    assertThat(pool.reserve(640)).isTrue();
    assertThat(pool.frameBytes()).isZero();
    Run frame = take();
    assertThat(contents(frame)).hasSize(8);
    pool.give(frame);
    assertThat(take()).isEqualTo(frame);
    assertThat(pool.frameBytes()).isEqualTo(64);
  }

  @Test
  void aFrameThatMustBeZeroIsSoEvenIfUsedBefore() {
    Run frame = pool.takeZeroed(SHIFT);
    assertThat(contents(frame)).containsOnly(0);
    frame.slab().words()[3] = 42;
    pool.give(frame);
    assertThat(pool.takeZeroed(SHIFT)).isEqualTo(frame);
    assertThat(contents(frame)).containsOnly(0);
  }

  @Test
  void onlyTheFrameThatIsTakenBecomesZero() {
    Run frames = pool.take(SHIFT, 4).getFirst();
    Arrays.fill(frames.slab().words(), 7);
    pool.give(new Run(frames.slab(), 1, 1));
    Run zeros = pool.takeZeroed(SHIFT);
    assertThat(zeros.first()).isEqualTo(1);
    assertThat(contents(zeros)).containsOnly(0);
    assertThat(contents(new Run(frames.slab(), 0, 1))).containsOnly(7);
    assertThat(contents(new Run(frames.slab(), 2, 2))).containsOnly(7);
  }

  @Test
  void framesOfARunFollowEachOther() {
    assertThat(pool.take(SHIFT, 5)).hasSize(1).allMatch(run -> run.count() == 5);
  }

  @Test
  void framesThatComeBackInAnyOrderAreOneRunAgain() {
    Run all = pool.take(SHIFT, 6).getFirst();
    for (int i : new int[] {4, 0, 2, 1, 5, 3}) {
      pool.give(new Run(all.slab(), i, 1));
    }
    assertThat(pool.take(SHIFT, 6)).containsExactly(all);
    assertThat(pool.frameBytes()).isEqualTo(6 * 64);
  }

  @Test
  void theSmallestRunThatIsEnoughIsTaken() {
    Run all = pool.take(SHIFT, 10).getFirst();
    pool.give(new Run(all.slab(), 0, 4));
    pool.give(new Run(all.slab(), 6, 2));
    assertThat(pool.take(SHIFT, 2)).containsExactly(new Run(all.slab(), 6, 2));
    assertThat(pool.take(SHIFT, 3)).containsExactly(new Run(all.slab(), 0, 3));
  }

  @Test
  void aRunComesInPiecesWhenThereIsNoMoreMemory() {
    Run all = pool.take(SHIFT, 10).getFirst();
    pool.give(new Run(all.slab(), 1, 1));
    pool.give(new Run(all.slab(), 3, 3));
    assertThat(pool.take(SHIFT, 4))
        .containsExactly(new Run(all.slab(), 3, 3), new Run(all.slab(), 1, 1));
    assertThat(pool.frameBytes()).isEqualTo(640);
  }

  @Test
  void noSlabIsMadeWhileMoreIsFreeThanTaken() {
    FramePool large = new FramePool(1 << 20);
    Run all = large.take(SHIFT, 10).getFirst();
    for (int i = 0; i < 10; i += 2) {
      large.give(new Run(all.slab(), i, 1));
    }
    assertThat(large.take(SHIFT, 2)).hasSize(1); // as much as that is taken: a new one
    assertThat(large.frameBytes()).isEqualTo(12 * 64);
    large.give(new Run(all.slab(), 3, 1));
    large.give(new Run(all.slab(), 7, 1));
    assertThat(large.take(SHIFT, 5)).hasSize(2);
    assertThat(large.frameBytes()).isEqualTo(12 * 64);
  }

  @Test
  void idleFramesOfOneSizeMakePlaceForThoseOfAnother() {
    pool.give(pool.take(SHIFT, 10).getFirst());
    assertThat(pool.frameBytes()).isEqualTo(640);
    assertThat(pool.take(SHIFT + 3, 1).getFirst().content().byteSize()).isEqualTo(512);
    assertThat(pool.frameBytes()).isEqualTo(512);
    assertThat(contents(take())).hasSize(8);
    assertThat(pool.frameBytes()).isEqualTo(512 + 64);
  }

  @Test
  void nobodyHasAFrameThatSomebodyHas() {
    Random random = new Random(7);
    FramePool large = new FramePool(1 << 20);
    List<Run> held = new ArrayList<>();
    for (int step = 0; step < 20_000; step++) {
      if (held.size() < 30 || random.nextInt(3) > 0) {
        int shift = 6 + random.nextInt(2);
        List<Run> runs = large.take(shift, 1 + random.nextInt(20));
        for (Run run : runs) {
          assertThat(held).as("step %d", step).noneMatch(other -> overlap(run, other));
          held.add(run);
        }
      }
      while (held.size() > 60 || !held.isEmpty() && random.nextInt(3) == 0) {
        Run run = held.remove(random.nextInt(held.size()));
        int keep = random.nextInt(run.count());
        if (keep > 0) {
          held.add(new Run(run.slab(), run.first(), keep));
        }
        large.give(new Run(run.slab(), run.first() + keep, run.count() - keep));
      }
    }
    long bytes = held.stream().mapToLong(run -> run.content().byteSize()).sum();
    assertThat(large.frameBytes()).isBetween(bytes, 1L << 20);
  }

  private static boolean overlap(Run a, Run b) {
    return a.slab() == b.slab()
        && a.first() < b.first() + b.count()
        && b.first() < a.first() + a.count();
  }
}
