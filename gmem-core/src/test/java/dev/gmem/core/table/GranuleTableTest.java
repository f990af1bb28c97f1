package dev.gmem.core.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.PageState;
import dev.gmem.SpaceOptions;
import dev.gmem.core.engine.EngineProbe;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class GranuleTableTest {
  private static final long[] ENTRIES = {
    GranuleEntry.NOMAP,
    GranuleEntry.CPU,
    GranuleEntry.EVICTED,
    GranuleEntry.shared(0b11),
    GranuleEntry.device(1),
    GranuleEntry.claimed(GranuleEntry.device(1)),
    GranuleEntry.revoked(GranuleEntry.CPU, true)
  };

  /** Sets a range, or claims what is in it. Positions are in 1000ths of the table. */
  record Change(int from, int to, int entry, boolean claims) {
    long first(long granules) {
      return Math.min(from, to) * granules / 1000;
    }

    long end(long granules) {
      return Math.max(first(granules) + 1, Math.max(from, to) * granules / 1000);
    }
  }

  @Provide
  Arbitrary<Change> changes() {
    Arbitrary<Integer> position =
        Arbitraries.oneOf(
            Arbitraries.integers().between(0, 1000), Arbitraries.of(0, 500, 512, 1000));
    return Combinators.combine(
            position,
            position,
            Arbitraries.integers().between(0, ENTRIES.length - 1),
            Arbitraries.of(true, false))
        .as(Change::new);
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void itDoesWhatAnArrayDoes(
      @ForAll @IntRange(min = 1, max = 2100) int granules,
      @ForAll @Size(max = 12) List<@net.jqwik.api.From("changes") Change> changes) {
    GranuleTable table = new GranuleTable(granules, GranuleEntry.NOMAP);
    long[] model = new long[granules];
    Arrays.fill(model, GranuleEntry.NOMAP);
    for (Change change : changes) {
      long first = Math.min(change.first(granules), granules - 1);
      long end = Math.min(change.end(granules), granules);
      if (change.claims()) {
        table.update(first, end, GranuleEntry::claimed);
        for (int i = (int) first; i < end; i++) {
          model[i] = GranuleEntry.claimed(model[i]);
        }
      } else {
        table.set(first, end, ENTRIES[change.entry()]);
        Arrays.fill(model, (int) first, (int) end, ENTRIES[change.entry()]);
      }
      compare(table, model);
    }
  }

  private static void compare(GranuleTable table, long[] model) {
    for (int i = 0; i < model.length; i++) {
      assertThat(table.get(i)).isEqualTo(model[i]);
    }
    EngineProbe.checkCounts(table);
    List<Long> starts = new ArrayList<>();
    table.forEachRun(
        0,
        model.length,
        (first, end, entry) -> {
          assertThat(first).isEqualTo(starts.isEmpty() ? 0 : starts.getLast());
          for (long i = first; i < end; i++) {
            assertThat(model[(int) i]).isEqualTo(entry);
          }
          assertThat(end == model.length || model[(int) end] != entry).isTrue();
          starts.add(end);
        });
    assertThat(starts.getLast()).isEqualTo(model.length);
  }

  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void aRunEndsAtTheLimitAtTheLatest(
      @ForAll @IntRange(min = 1, max = 1500) int granules,
      @ForAll @IntRange(max = 1499) int from,
      @ForAll @IntRange(max = 1500) int limit,
      @ForAll @IntRange(max = 1499) int odd) {
    GranuleTable table = new GranuleTable(granules, GranuleEntry.CPU);
    int other = odd % granules;
    table.set(other, other + 1, GranuleEntry.EVICTED);
    int first = from % granules;
    int stop = Math.min(granules, Math.max(first + 1, limit));
    int end = first + 1;
    while (end < stop && table.get(end) == table.get(first)) {
      end++;
    }
    assertThat(table.runEnd(first, stop)).isEqualTo(end);
  }

  @Test
  void aChunkWhoseEntriesAreEqualAgainTakesOneWordAgain() {
    GranuleTable table = new GranuleTable(2000, GranuleEntry.NOMAP);
    long bytes = table.bytes();
    table.set(700, 1300, GranuleEntry.device(0));
    assertThat(table.bytes()).isGreaterThan(bytes);
    table.set(700, 1300, GranuleEntry.NOMAP);
    assertThat(table.bytes()).isEqualTo(bytes);
  }

  @Test
  void theLastChunkMayBeShort() {
    GranuleTable table = new GranuleTable(513, GranuleEntry.NOMAP);
    table.set(512, 513, GranuleEntry.device(0));
    assertThat(table.bytes()).isEqualTo(2 * 16L);
    assertThat(table.counts().inState(PageState.DEVICE)).isEqualTo(1);
    table.set(0, 513, GranuleEntry.device(0));
    assertThat(table.runEnd(0, 513)).isEqualTo(513);
  }

  @Test
  void atTheDefaultGranuleNoTableTakesMoreThanAThousandthOfTheData() {
    int granuleBytes = SpaceOptions.defaults().granuleBytes();
    Random random = new Random(4);
    for (long granules : new long[] {1, 2, 511, 512, 513, 16_384, 131_072}) {
      GranuleTable table = new GranuleTable(granules, GranuleEntry.NOMAP);
      for (long granule = 0; granule < granules; granule++) {
        table.set(granule, granule + 1, ENTRIES[random.nextInt(ENTRIES.length)]);
      }
      assertThat(table.bytes()).isLessThanOrEqualTo(granules * granuleBytes / 1000);
    }
  }

  @Test
  void aUniformTableOfATebibyteTakesHalfAMebibyte() {
    long granules = (1L << 40) / SpaceOptions.defaults().granuleBytes();
    assertThat(new GranuleTable(granules, GranuleEntry.NOMAP).bytes()).isEqualTo(1L << 19);
  }
}
