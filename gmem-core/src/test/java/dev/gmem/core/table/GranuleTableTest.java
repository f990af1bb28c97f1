package dev.gmem.core.table;

import static dev.gmem.core.table.GranuleTable.SLOTS;
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
            Arbitraries.integers().between(0, 1000), Arbitraries.of(0, 64, 512, 640, 1000));
    return Combinators.combine(
            position,
            position,
            Arbitraries.integers().between(0, ENTRIES.length - 1),
            Arbitraries.of(true, false))
        .as(Change::new);
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void itDoesWhatAnArrayDoes(
      @ForAll @IntRange(min = 1, max = 9000) int granules,
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
      @ForAll @IntRange(min = 1, max = 9000) int granules,
      @ForAll @IntRange(max = 8999) int from,
      @ForAll @IntRange(max = 9000) int limit,
      @ForAll @IntRange(max = 8999) int odd) {
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
  void aNodeWhoseEntriesAreEqualAgainTakesOneWordAgain() {
    GranuleTable table = new GranuleTable(1 << 20, GranuleEntry.NOMAP);
    long bytes = table.bytes();
    table.set(700, 900_001, GranuleEntry.device(0));
    assertThat(table.bytes()).isGreaterThan(bytes);
    table.set(700, 900_001, GranuleEntry.NOMAP);
    assertThat(table.bytes()).isEqualTo(bytes);
  }

  @Test
  void theLastNodeMayBeShort() {
    GranuleTable table = new GranuleTable(SLOTS * SLOTS + 1, GranuleEntry.NOMAP);
    long bytes = table.bytes();
    table.set(SLOTS * SLOTS, SLOTS * SLOTS + 1, GranuleEntry.device(0));
    assertThat(table.bytes()).isEqualTo(bytes);
    assertThat(table.counts().inState(PageState.DEVICE)).isEqualTo(1);
    table.set(0, SLOTS * SLOTS + 1, GranuleEntry.device(0));
    assertThat(table.runEnd(0, SLOTS * SLOTS + 1)).isEqualTo(SLOTS * SLOTS + 1);
  }

  @Test
  void noTableTakesMoreThanAThousandthOfTheDataWhateverTheGranule() {
    for (int granuleBytes : new int[] {SpaceOptions.GRANULE_BYTES_MIN, 64 << 10}) {
      Random random = new Random(4);
      for (long bytes = 1 << 20; bytes <= 1 << 30; bytes <<= 2) {
        long granules = bytes / granuleBytes;
        GranuleTable table = new GranuleTable(granules, GranuleEntry.NOMAP);
        for (long granule = 0; granule < granules; granule++) {
          table.set(granule, granule + 1, ENTRIES[random.nextInt(ENTRIES.length)]);
        }
        assertThat(table.bytes())
            .as("%d bytes in granules of %d", bytes, granuleBytes)
            .isLessThanOrEqualTo(bytes / 1000);
      }
    }
  }

  @Test
  void aUniformTableOfATebibyteTakesAKilobyte() {
    long granules = (1L << 40) / SpaceOptions.GRANULE_BYTES_MIN;
    assertThat(new GranuleTable(granules, GranuleEntry.NOMAP).bytes()).isLessThan(1024);
  }

  /** An update of the same entries that never gives memory back would show here. */
  @Test
  void theListOfDistinctEntriesGrowsWithTheirNumberOnly() {
    GranuleTable table = new GranuleTable(SLOTS, GranuleEntry.NOMAP);
    for (int i = 0; i < 1000; i++) {
      table.set(i % SLOTS, i % SLOTS + 1, ENTRIES[i % ENTRIES.length]);
    }
    assertThat(table.bytes()).isLessThan(1024);
  }

  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void moreDistinctEntriesThanCanBeNumberedAreKeptAllTheSame(
      @ForAll @IntRange(min = 1, max = 300) int granules,
      @ForAll @IntRange(min = 1, max = 80) int numbersMax,
      @ForAll @Size(max = 200) List<@IntRange(max = 299) Integer> positions) {
    GranuleTable table = new GranuleTable(granules, GranuleEntry.NOMAP, numbersMax);
    long[] model = new long[granules];
    Arrays.fill(model, GranuleEntry.NOMAP);
    int devices = 1;
    for (int position : positions) {
      int granule = position % granules;
      model[granule] = GranuleEntry.shared(devices++);
      table.set(granule, granule + 1, model[granule]);
    }
    compare(table, model);
    table.set(0, granules, GranuleEntry.CPU);
    assertThat(table.runEnd(0, granules)).isEqualTo(granules);
  }

  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void whatHoldsOfAllOrAnyIsWhatHoldsOfEach(
      @ForAll @IntRange(min = 1, max = 9000) int granules,
      @ForAll @IntRange(max = 8999) int one,
      @ForAll @IntRange(max = 8999) int other,
      @ForAll @IntRange(max = 8999) int odd) {
    GranuleTable table = new GranuleTable(granules, GranuleEntry.CPU);
    table.set(odd % granules, odd % granules + 1, GranuleEntry.EVICTED);
    int first = Math.min(one % granules, other % granules);
    int end = Math.max(one % granules, other % granules) + 1;
    boolean has = first <= odd % granules && odd % granules < end;
    assertThat(table.any(first, end, e -> e == GranuleEntry.EVICTED)).isEqualTo(has);
    assertThat(table.all(first, end, e -> e == GranuleEntry.CPU)).isEqualTo(!has);
  }
}
