package dev.gmem.core.table;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.function.LongUnaryOperator;

/**
 * The entries of one VMA: a directory of chunks of {@value #CHUNK_GRANULES} granules. A chunk whose
 * entries are all equal takes one word; others an array.
 *
 * <p>Positions are granules from the start of the VMA; ends are exclusive. All methods but {@link
 * #get} need the VMA's monitor.
 */
public final class GranuleTable {
  /** Granules in a chunk. */
  static final int CHUNK_GRANULES = 512;

  private static final int CHUNK_SHIFT = 9;
  private static final int CHUNK_MASK = CHUNK_GRANULES - 1;
  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
  private static final VarHandle CHUNK = MethodHandles.arrayElementVarHandle(long[][].class);

  private final long granules;
  private final long[] uniform;
  private final long[][] split;
  private final GranuleCounts counts = new GranuleCounts();
  private long splitEntries;

  /**
   * Makes a table.
   *
   * @param granules how many, positive
   * @param entry what all of them are
   */
  public GranuleTable(long granules, long entry) {
    this.granules = granules;
    int chunks = Math.toIntExact((granules + CHUNK_MASK) >>> CHUNK_SHIFT);
    uniform = new long[chunks];
    split = new long[chunks][];
    Arrays.fill(uniform, entry);
    counts.add(entry, granules);
  }

  /** What visits runs. */
  @FunctionalInterface
  public interface RunVisitor {
    /**
     * Visits a run of equal entries.
     *
     * @param first its first granule
     * @param end the granule after its last
     * @param entry what all of them are
     */
    void visit(long first, long end, long entry);
  }

  /**
   * Returns the number of granules.
   *
   * @return the number
   */
  public long granules() {
    return granules;
  }

  /**
   * Returns the counters.
   *
   * @return live, guarded by the VMA's monitor
   */
  public GranuleCounts counts() {
    return counts;
  }

  /**
   * Returns an entry. Needs no monitor; without it the entry may be one that is just being
   * replaced.
   *
   * @param granule its position
   * @return the entry
   */
  public long get(long granule) {
    int chunk = (int) (granule >>> CHUNK_SHIFT);
    long[] entries = (long[]) CHUNK.getVolatile(split, chunk);
    return entries != null
        ? (long) WORD.getVolatile(entries, (int) granule & CHUNK_MASK)
        : (long) WORD.getVolatile(uniform, chunk);
  }

  /**
   * Returns the end of the run of equal entries that begins at a granule.
   *
   * @param granule where it begins
   * @param limit where to stop looking
   * @return the first granule that differs, or the limit
   */
  public long runEnd(long granule, long limit) {
    long entry = get(granule);
    long at = granule + 1;
    while (at < limit) {
      int chunk = (int) (at >>> CHUNK_SHIFT);
      if (split[chunk] == null) {
        if (uniform[chunk] != entry) {
          return at;
        }
        at = Math.min(limit, (long) (chunk + 1) << CHUNK_SHIFT);
      } else if (get(at) == entry) {
        at++;
      } else {
        return at;
      }
    }
    return Math.min(at, limit);
  }

  /**
   * Visits the runs of equal entries of a range, in order. The visitor may change what it is shown.
   *
   * @param first first granule
   * @param end granule after the last
   * @param visitor sees each run, clipped to the range
   */
  public void forEachRun(long first, long end, RunVisitor visitor) {
    for (long at = first; at < end; ) {
      long entry = get(at);
      long next = runEnd(at, end);
      visitor.visit(at, next, entry);
      at = next;
    }
  }

  /**
   * Makes a range uniform.
   *
   * @param first first granule
   * @param end granule after the last
   * @param entry what all of them become
   */
  public void set(long first, long end, long entry) {
    update(first, end, ignored -> entry);
  }

  /**
   * Changes each entry of a range.
   *
   * @param first first granule
   * @param end granule after the last
   * @param change from old to new; without side effects
   */
  public void update(long first, long end, LongUnaryOperator change) {
    for (long at = first; at < end; ) {
      int chunk = (int) (at >>> CHUNK_SHIFT);
      long chunkFirst = (long) chunk << CHUNK_SHIFT;
      long chunkEnd = Math.min(granules, chunkFirst + CHUNK_GRANULES);
      long stop = Math.min(end, chunkEnd);
      if (split[chunk] == null && at == chunkFirst && stop == chunkEnd) {
        long old = uniform[chunk];
        recount(old, change.applyAsLong(old), stop - at);
        WORD.setVolatile(uniform, chunk, change.applyAsLong(old));
      } else {
        int length = (int) (chunkEnd - chunkFirst);
        updateSplit(chunk, length, (int) (at - chunkFirst), (int) (stop - chunkFirst), change);
        join(chunk);
      }
      at = stop;
    }
  }

  private void updateSplit(int chunk, int length, int first, int end, LongUnaryOperator change) {
    long[] entries = split[chunk];
    if (entries == null) {
      long old = uniform[chunk];
      if (change.applyAsLong(old) == old) {
        return;
      }
      entries = new long[length];
      Arrays.fill(entries, old);
      CHUNK.setVolatile(split, chunk, entries);
      splitEntries += length;
    }
    for (int i = first; i < end; i++) {
      long old = entries[i];
      long fresh = change.applyAsLong(old);
      if (fresh != old) {
        recount(old, fresh, 1);
        WORD.setVolatile(entries, i, fresh);
      }
    }
  }

  private void join(int chunk) {
    long[] entries = split[chunk];
    if (entries == null) {
      return;
    }
    long entry = entries[0];
    for (int i = entries.length - 1; i > 0; i--) {
      if (entries[i] != entry) {
        return;
      }
    }
    WORD.setVolatile(uniform, chunk, entry);
    CHUNK.setVolatile(split, chunk, null);
    splitEntries -= entries.length;
  }

  private void recount(long old, long fresh, long count) {
    if (old != fresh) {
      counts.add(old, -count);
      counts.add(fresh, count);
    }
  }

  /**
   * Estimates the memory that the table takes.
   *
   * @return bytes
   */
  public long bytes() {
    return 16L * uniform.length + splitEntries * Long.BYTES;
  }
}
