package dev.gmem.sim;

import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The device's page table: page number to {@link Page}, in chunks of {@value #CHUNK_PAGES} pages
 * that exist while one of their pages does.
 *
 * <p>Guarantees: whoever is ordered after a change by happens-before sees it. Others may see the
 * entry before it; entries are immutable and reach their bytes through a final field, so what they
 * see is never torn.
 *
 * <p>Threads: lookups take no lock and read entries racily. Calls that install or take pages may
 * overlap in time, not in pages; {@link #replace} and {@link #protect} may meet each other and a
 * {@code take} on the same page. A chunk's monitor covers changes of its entries; nothing waits
 * under it.
 */
final class PageTable {
  private static final int CHUNK_SHIFT = 9;
  private static final int CHUNK_PAGES = 1 << CHUNK_SHIFT;

  /** Entries of consecutive pages; {@code live} counts them. */
  private static final class Chunk {
    private final Page[] entries = new Page[CHUNK_PAGES];
    private int live;
  }

  /** What to do with the part of a run that lies in one chunk. Called under the chunk's monitor. */
  private interface PartAction {
    /** Handles entries {@code from} to {@code to} (exclusive), the first being the run's nth. */
    void apply(Chunk chunk, int from, int to, int nth);
  }

  private final ConcurrentHashMap<Long, Chunk> chunks = new ConcurrentHashMap<>();

  /** Returns the entry of a page, or null. */
  Page find(long page) {
    Chunk chunk = chunks.get(page >>> CHUNK_SHIFT);
    return chunk == null ? null : chunk.entries[slot(page)];
  }

  /** Returns how many pages of a run are mapped. */
  int countMapped(long first, int pages) {
    int mapped = 0;
    for (int nth = 0; nth < pages; ) {
      int from = slot(first + nth);
      int to = Math.min(CHUNK_PAGES, from + pages - nth);
      Chunk chunk = chunks.get(first + nth >>> CHUNK_SHIFT);
      for (int i = from; chunk != null && i < to; i++) {
        mapped += chunk.entries[i] == null ? 0 : 1;
      }
      nth += to - from;
    }
    return mapped;
  }

  /** Enters a run of pages, none of which is mapped. */
  void install(long first, Page[] entries) {
    forParts(
        first,
        entries.length,
        (chunk, from, to, nth) -> {
          System.arraycopy(entries, nth, chunk.entries, from, to - from);
          chunk.live += to - from;
        });
  }

  /** Enters a run of pages, none of which is mapped, with one entry for all. */
  void install(long first, int pages, Page entry) {
    forParts(
        first,
        pages,
        (chunk, from, to, nth) -> {
          Arrays.fill(chunk.entries, from, to, entry);
          chunk.live += to - from;
        });
  }

  /** Removes a run of pages, all of which are mapped, and returns their entries. */
  Page[] take(long first, int pages) {
    Page[] taken = new Page[pages];
    forParts(
        first,
        pages,
        (chunk, from, to, nth) -> {
          System.arraycopy(chunk.entries, from, taken, nth, to - from);
          Arrays.fill(chunk.entries, from, to, null);
          chunk.live -= to - from;
        });
    return taken;
  }

  /** Replaces the entry of a page if it is still the expected one. */
  boolean replace(long page, Page expected, Page replacement) {
    Chunk chunk = chunks.get(page >>> CHUNK_SHIFT);
    if (chunk == null) {
      return false;
    }
    synchronized (chunk) {
      if (chunk.entries[slot(page)] != expected) {
        return false;
      }
      chunk.entries[slot(page)] = replacement;
      return true;
    }
  }

  /** Changes what kernels may do with a run of pages, all of which are mapped. */
  void protect(long first, int pages, boolean writable) {
    forParts(
        first,
        pages,
        (chunk, from, to, nth) -> {
          for (int i = from; i < to; i++) {
            chunk.entries[i] = chunk.entries[i].protect(writable);
          }
        });
  }

  /** Returns how many chunks there are. */
  int chunks() {
    return chunks.size();
  }

  /** Visits the chunks of a run; makes those that are missing, drops those that are empty after. */
  private void forParts(long first, int pages, PartAction action) {
    for (int nth = 0; nth < pages; ) {
      int from = slot(first + nth);
      int to = Math.min(CHUNK_PAGES, from + pages - nth);
      int start = nth;
      chunks.compute(
          first + nth >>> CHUNK_SHIFT,
          (key, found) -> {
            Chunk chunk = found == null ? new Chunk() : found;
            synchronized (chunk) {
              action.apply(chunk, from, to, start);
              return chunk.live == 0 ? null : chunk;
            }
          });
      nth += to - from;
    }
  }

  private static int slot(long page) {
    return (int) page & (CHUNK_PAGES - 1);
  }
}
