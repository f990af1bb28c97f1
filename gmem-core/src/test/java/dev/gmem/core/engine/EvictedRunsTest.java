package dev.gmem.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.core.space.SpaceProbe;
import dev.gmem.core.testing.Stage;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class EvictedRunsTest {
  private static final int GRANULES = 24;
  private static final long HORIZON = 40L * Stage.GRANULE;

  /** A range of one of two VMAs is evicted, or comes back. */
  record Event(int vma, int from, int to, boolean returns) {
    int first() {
      return Math.min(from, to);
    }

    int end() {
      return Math.max(from, to) + 1;
    }
  }

  @Provide
  Arbitrary<Event> events() {
    Arbitrary<Integer> granule = Arbitraries.integers().between(0, GRANULES - 1);
    return Combinators.combine(
            Arbitraries.integers().between(0, 1), granule, granule, Arbitraries.of(true, false))
        .as(Event::new);
  }

  @Property(tries = 500, edgeCases = EdgeCasesMode.NONE)
  void itKnowsOfEachGranuleWhenItWent(@ForAll @Size(max = 40) List<@From("events") Event> events) {
    Stage stage = new Stage();
    stage.granules(GRANULES);
    stage.granules(GRANULES);
    List<Vma> vmas = SpaceProbe.vmas(stage.space());
    EvictedRuns runs = new EvictedRuns();
    long[][] went = new long[2][GRANULES];
    Arrays.stream(went).forEach(times -> Arrays.fill(times, Long.MIN_VALUE));
    long time = 0;
    for (Event event : events) {
      long[] times = went[event.vma()];
      Vma vma = vmas.get(event.vma());
      long expected = 0;
      if (event.returns()) {
        for (int i = event.first(); i < event.end(); i++) {
          boolean counts = times[i] != Long.MIN_VALUE && time - times[i] <= HORIZON;
          expected += counts ? Stage.GRANULE : 0;
          times[i] = Long.MIN_VALUE;
        }
        assertThat(runs.take(vma, event.first(), event.end(), HORIZON)).isEqualTo(expected);
      } else {
        time += (long) (event.end() - event.first()) * Stage.GRANULE;
        runs.add(vma, event.first(), event.end(), HORIZON);
        Arrays.fill(times, event.first(), event.end(), time);
      }
    }
    stage.close();
  }

  @Test
  void ofManyItForgetsTheOldest() {
    Stage stage = new Stage();
    Arena arena = stage.arena();
    arena.allocate(4L * Stage.GRANULE, Stage.GRANULE);
    Vma vma = SpaceProbe.vmas(stage.space()).getFirst();
    EvictedRuns runs = new EvictedRuns();
    long most = EvictedRuns.RUNS_MAX;
    for (long i = 0; i <= most; i++) {
      runs.add(vma, 2 * i, 2 * i + 1, Long.MAX_VALUE);
    }
    assertThat(runs.take(vma, 0, 1, Long.MAX_VALUE)).isZero();
    assertThat(runs.take(vma, 2, 2 * most + 1, Long.MAX_VALUE)).isEqualTo(most * Stage.GRANULE);
    stage.close();
  }
}
