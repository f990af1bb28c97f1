package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PageTableTest {
  private static final int CHUNK = 512;

  private final PageTable table = new PageTable();

  @Test
  void findsWhatWasInstalledAndNothingElse() {
    Page[] entries = {page(), page(), page()};
    table.install(CHUNK - 1, entries);
    assertThat(table.find(CHUNK - 2)).isNull();
    assertThat(table.find(CHUNK - 1)).isSameAs(entries[0]);
    assertThat(table.find(CHUNK)).isSameAs(entries[1]);
    assertThat(table.find(CHUNK + 1)).isSameAs(entries[2]);
    assertThat(table.find(CHUNK + 2)).isNull();
    assertThat(table.find(3L * CHUNK)).isNull();
  }

  @Test
  void countsMappedPagesAcrossChunks() {
    table.install(CHUNK - 2, 2 * CHUNK, Page.ZEROS);
    assertThat(table.countMapped(0, 4 * CHUNK)).isEqualTo(2 * CHUNK);
    assertThat(table.countMapped(0, CHUNK - 2)).isZero();
    assertThat(table.countMapped(CHUNK - 3, 2)).isEqualTo(1);
    assertThat(table.countMapped(3 * CHUNK - 3, 5)).isEqualTo(1);
  }

  @Test
  void takesARunInOrderAndLeavesItsNeighbours() {
    Page[] entries = new Page[CHUNK + 4];
    for (int i = 0; i < entries.length; i++) {
      entries[i] = page();
    }
    table.install(CHUNK - 2, entries);
    Page[] taken = table.take(CHUNK - 1, CHUNK + 2);
    for (int i = 0; i < taken.length; i++) {
      assertThat(taken[i]).isSameAs(entries[i + 1]);
    }
    assertThat(table.find(CHUNK - 2)).isSameAs(entries[0]);
    assertThat(table.find(CHUNK - 1)).isNull();
    assertThat(table.find(2L * CHUNK)).isNull();
    assertThat(table.find(2L * CHUNK + 1)).isSameAs(entries[CHUNK + 3]);
  }

  @Test
  void keepsNoChunkThatIsEmpty() {
    table.install(10, 5 * CHUNK, Page.ZEROS);
    assertThat(table.chunks()).isEqualTo(6);
    table.take(10, 5 * CHUNK - 1);
    assertThat(table.chunks()).isEqualTo(1);
    table.take(5 * CHUNK + 9, 1);
    assertThat(table.chunks()).isZero();
  }

  @Test
  void replacesOnlyTheExpectedEntry() {
    Page old = page();
    Page fresh = page();
    assertThat(table.replace(5, old, fresh)).isFalse();
    table.install(5, new Page[] {old});
    assertThat(table.replace(5, fresh, old)).isFalse();
    assertThat(table.replace(5, old, fresh)).isTrue();
    assertThat(table.find(5)).isSameAs(fresh);
  }

  @Test
  void protectKeepsFramesAndKinds() {
    Page written = page();
    table.install(7, new Page[] {written, Page.ZEROS, Page.BLANK});
    table.protect(7, 3, false);
    assertThat(table.find(7).writable()).isFalse();
    assertThat(table.find(7).frames(1)).isEqualTo(written.frames(1));
    assertThat(table.find(8)).isSameAs(Page.ZEROS_READ_ONLY);
    assertThat(table.find(9)).isSameAs(Page.ZEROS_READ_ONLY);
    table.protect(7, 3, true);
    assertThat(table.find(7).writable()).isTrue();
    assertThat(table.find(8)).isSameAs(Page.ZEROS);
  }

  @Test
  void reachesTheLastAddresses() {
    long last = Long.MAX_VALUE >>> 12;
    table.install(last, 1, Page.ZEROS);
    assertThat(table.find(last)).isSameAs(Page.ZEROS);
    assertThat(table.find(last & 511)).isNull();
  }

  private static Page page() {
    return Page.of(new Slab(0, 3, 1), 0, true);
  }
}
