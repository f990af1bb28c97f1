package dev.gmem.core.table;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.function.LongPredicate;
import java.util.function.LongUnaryOperator;

/**
 * The entries of one VMA: a radix tree of {@value #SLOTS} slots a node, in which a slot whose
 * granules are all equal is one word.
 *
 * <p><b>Invariant.</b> Below the root no node has only equal slots: it would have been joined to
 * one. So an extent, however long, is found and changed by a visit of at most two nodes of each
 * level.
 *
 * <pre>
 *  root      slots of 64^k granules      word, or child
 *   └ node   slots of 64^(k-1) granules  word, or child
 *      └ leaf   a granule a slot         number of its entry (2 bytes), or the entry (8 bytes)
 * </pre>
 *
 * <p>Positions are granules from the start of the VMA; ends are exclusive. {@link #get}, {@link
 * #all} and {@link #any} may be called by any thread; everything else needs the VMA's monitor.
 */
public final class GranuleTable {
  /** Slots of a node, and granules of a leaf. */
  static final int SLOTS = 64;

  private static final int SLOTS_SHIFT = 6;
  private static final int ARRAY_BYTES = 16;
  private static final int NODE_BYTES = 24;
  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
  private static final VarHandle NUMBER = MethodHandles.arrayElementVarHandle(short[].class);
  private static final VarHandle CHILD = MethodHandles.arrayElementVarHandle(Object[].class);

  private final long granules;
  private final Node root;
  private final EntryNumbers numbers;
  private final GranuleCounts counts = new GranuleCounts();
  private long bytes;
  private long visits;

  /** An inner node. A child is a node, or a leaf: {@code short[]} of numbers, or {@code long[]}. */
  private static final class Node {
    /** Binary logarithm of the granules of a slot. */
    private final int shift;

    /** The entries of slots without a child. */
    private final long[] uniform;

    private final Object[] children;

    Node(int shift, int slots, long entry) {
      this.shift = shift;
      this.uniform = new long[slots];
      this.children = new Object[slots];
      Arrays.fill(uniform, entry);
    }

    int slots() {
      return uniform.length;
    }

    Object child(int slot) {
      return CHILD.getVolatile(children, slot);
    }

    long word(int slot) {
      return (long) WORD.getVolatile(uniform, slot);
    }
  }

  /**
   * Makes a table.
   *
   * @param granules how many, positive
   * @param entry what all of them are
   */
  public GranuleTable(long granules, long entry) {
    this(granules, entry, EntryNumbers.NUMBERS_MAX);
  }

  /**
   * Makes a table.
   *
   * @param granules how many, positive
   * @param entry what all of them are
   * @param numbersMax how many distinct entries leaves can number
   */
  GranuleTable(long granules, long entry, int numbersMax) {
    this.granules = granules;
    this.numbers = new EntryNumbers(numbersMax);
    int shift = SLOTS_SHIFT;
    while (granules - 1 >>> shift >= SLOTS) {
      shift += SLOTS_SHIFT;
    }
    root = new Node(shift, (int) (granules - 1 >>> shift) + 1, entry);
    bytes = bytesOf(root);
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

  // ---- reading ----

  /**
   * Returns an entry. Needs no monitor; without it the entry may be one that is just being
   * replaced.
   *
   * @param granule its position
   * @return the entry
   */
  public long get(long granule) {
    Node node = root;
    while (true) {
      assert visited();
      int slot = (int) (granule >>> node.shift) & SLOTS - 1;
      Object child = node.child(slot);
      if (child == null) {
        return node.word(slot);
      }
      if (!(child instanceof Node next)) {
        return inLeaf(child, (int) granule & SLOTS - 1);
      }
      node = next;
    }
  }

  private long inLeaf(Object leaf, int index) {
    return leaf instanceof short[] numbered
        ? numbers.entry((short) NUMBER.getVolatile(numbered, index) & 0xFFFF)
        : (long) WORD.getVolatile((long[]) leaf, index);
  }

  /**
   * Tells whether all entries of a range are of a kind. Needs no monitor, as {@link #get}; does not
   * allocate.
   *
   * @param first first granule
   * @param end granule after the last
   * @param kind tells of an entry; without side effects
   * @return true if all are
   */
  public boolean all(long first, long end, LongPredicate kind) {
    return firstOther(root, 0, first, end, kind) == end;
  }

  /**
   * Tells whether any entry of a range is of a kind. Needs no monitor, as {@link #get}.
   *
   * @param first first granule
   * @param end granule after the last
   * @param kind tells of an entry; without side effects
   * @return true if one is
   */
  public boolean any(long first, long end, LongPredicate kind) {
    return !all(first, end, kind.negate());
  }

  /** The first granule of a part of a node whose entry is not of a kind, or the end of the part. */
  private long firstOther(Node node, long base, long from, long end, LongPredicate kind) {
    assert visited();
    for (long at = from; at < end; ) {
      int slot = (int) (at - base >>> node.shift);
      long slotBase = base + ((long) slot << node.shift);
      long stop = Math.min(end, slotBase + (1L << node.shift));
      Object child = node.child(slot);
      long other;
      if (child == null) {
        other = kind.test(node.word(slot)) ? stop : at;
      } else if (child instanceof Node inner) {
        other = firstOther(inner, slotBase, at, stop, kind);
      } else {
        other = firstOtherInLeaf(child, slotBase, at, stop, kind);
      }
      if (other < stop) {
        return other;
      }
      at = stop;
    }
    return end;
  }

  private long firstOtherInLeaf(Object leaf, long base, long from, long end, LongPredicate kind) {
    assert visited();
    long at = from;
    while (at < end && kind.test(inLeaf(leaf, (int) (at - base)))) {
      at++;
    }
    return at;
  }

  /**
   * Counts the entries of a range that are of a kind. Needs no monitor, as {@link #get}.
   *
   * @param first first granule
   * @param end granule after the last; nothing is counted if that does not come after the first
   * @param kind tells of an entry; without side effects
   * @return granules
   */
  public long count(long first, long end, LongPredicate kind) {
    return count(root, 0, first, end, kind);
  }

  private long count(Node node, long base, long from, long end, LongPredicate kind) {
    assert visited();
    long count = 0;
    for (long at = from; at < end; ) {
      int slot = (int) (at - base >>> node.shift);
      long slotBase = base + ((long) slot << node.shift);
      long stop = Math.min(end, slotBase + (1L << node.shift));
      Object child = node.child(slot);
      if (child == null) {
        count += kind.test(node.word(slot)) ? stop - at : 0;
      } else if (child instanceof Node inner) {
        count += count(inner, slotBase, at, stop, kind);
      } else {
        count += countInLeaf(child, (int) (at - slotBase), (int) (stop - slotBase), kind);
      }
      at = stop;
    }
    return count;
  }

  private int countInLeaf(Object leaf, int from, int end, LongPredicate kind) {
    assert visited();
    int count = 0;
    for (int i = from; i < end; i++) {
      count += kind.test(inLeaf(leaf, i)) ? 1 : 0;
    }
    return count;
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
    return firstOther(root, 0, granule, Math.max(limit, granule + 1), other -> other == entry);
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

  // ---- writing ----

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
    update(root, 0, first, end, change);
  }

  private void update(Node node, long base, long from, long end, LongUnaryOperator change) {
    assert visited();
    for (long at = from; at < end; ) {
      int slot = (int) (at - base >>> node.shift);
      long slotBase = base + ((long) slot << node.shift);
      long slotEnd = Math.min(granules, slotBase + (1L << node.shift));
      long stop = Math.min(end, slotEnd);
      Object child = node.child(slot);
      if (child == null) {
        long old = node.word(slot);
        long fresh = change.applyAsLong(old);
        if (fresh != old && at == slotBase && stop == slotEnd) {
          recount(old, fresh, stop - at);
          WORD.setVolatile(node.uniform, slot, fresh);
        } else if (fresh != old) {
          child = split(node, slot, slotEnd - slotBase);
        }
      }
      if (child instanceof Node inner) {
        update(inner, slotBase, at, stop, change);
        join(node, slot, inner);
      } else if (child != null) {
        updateLeaf(node, slot, (int) (at - slotBase), (int) (stop - slotBase), change);
      }
      at = stop;
    }
  }

  /** Gives a slot a child with the entry that it has. */
  private Object split(Node node, int slot, long length) {
    long entry = node.word(slot);
    Object child;
    if (node.shift == SLOTS_SHIFT) {
      child = leaf((int) length, entry);
    } else {
      int shift = node.shift - SLOTS_SHIFT;
      child = new Node(shift, (int) (length - 1 >>> shift) + 1, entry);
    }
    bytes += bytesOf(child);
    CHILD.setVolatile(node.children, slot, child);
    return child;
  }

  private Object leaf(int length, long entry) {
    int number = numbers.numberOf(entry);
    if (number == EntryNumbers.FULL) {
      long[] wide = new long[length];
      Arrays.fill(wide, entry);
      return wide;
    }
    short[] numbered = new short[length];
    Arrays.fill(numbered, (short) number);
    return numbered;
  }

  private void updateLeaf(Node node, int slot, int from, int end, LongUnaryOperator change) {
    assert visited();
    Object leaf = node.child(slot);
    for (int i = from; i < end; i++) {
      long old = inLeaf(leaf, i);
      long fresh = change.applyAsLong(old);
      if (fresh != old) {
        recount(old, fresh, 1);
        leaf = put(node, slot, leaf, i, fresh);
      }
    }
    join(node, slot, leaf);
  }

  /** Writes an entry; returns the leaf that it is in, which may have had to become a wide one. */
  private Object put(Node node, int slot, Object leaf, int index, long entry) {
    if (leaf instanceof short[] numbered) {
      int number = numbers.numberOf(entry);
      if (number != EntryNumbers.FULL) {
        NUMBER.setVolatile(numbered, index, (short) number);
        return leaf;
      }
    }
    long[] wide = leaf instanceof long[] already ? already : widen(node, slot, (short[]) leaf);
    WORD.setVolatile(wide, index, entry);
    return wide;
  }

  private long[] widen(Node node, int slot, short[] numbered) {
    long[] wide = new long[numbered.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = numbers.entry(numbered[i] & 0xFFFF);
    }
    bytes += bytesOf(wide) - bytesOf(numbered);
    CHILD.setVolatile(node.children, slot, wide);
    return wide;
  }

  /** Takes the child of a slot away if all of it is equal. */
  private void join(Node node, int slot, Object child) {
    if (!isUniform(child)) {
      return;
    }
    long entry = child instanceof Node inner ? inner.uniform[0] : inLeaf(child, 0);
    WORD.setVolatile(node.uniform, slot, entry);
    CHILD.setVolatile(node.children, slot, null);
    bytes -= bytesOf(child);
  }

  private static boolean isUniform(Object child) {
    if (child instanceof Node node) {
      for (int i = node.slots() - 1; i >= 0; i--) {
        if (node.children[i] != null || node.uniform[i] != node.uniform[0]) {
          return false;
        }
      }
    } else if (child instanceof short[] numbered) {
      for (int i = numbered.length - 1; i > 0; i--) {
        if (numbered[i] != numbered[0]) {
          return false;
        }
      }
    } else {
      long[] wide = (long[]) child;
      for (int i = wide.length - 1; i > 0; i--) {
        if (wide[i] != wide[0]) {
          return false;
        }
      }
    }
    return true;
  }

  private void recount(long old, long fresh, long count) {
    counts.add(old, -count);
    counts.add(fresh, count);
  }

  // ---- its own size ----

  /**
   * Estimates the memory that the table takes.
   *
   * @return bytes
   */
  public long bytes() {
    return bytes + numbers.bytes();
  }

  private static long bytesOf(Object node) {
    if (node instanceof Node inner) {
      return NODE_BYTES + 2 * ARRAY_BYTES + (long) inner.slots() * (Long.BYTES + Integer.BYTES);
    }
    return node instanceof short[] numbered
        ? ARRAY_BYTES + (long) numbered.length * Short.BYTES
        : ARRAY_BYTES + (long) ((long[]) node).length * Long.BYTES;
  }

  /**
   * Counts the nodes that have been visited, by whatever method.
   *
   * @return how many so far; only where assertions are enabled, and exact for one thread
   */
  public long visits() {
    return visits;
  }

  private boolean visited() {
    visits++;
    return true;
  }
}
