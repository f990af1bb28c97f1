package dev.gmem.sim;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Frames of one size that lie one behind the other, and which of them nobody has. Large runs have
 * theirs in a piece, so that they are copied in one: the JDK's copy goes past the caches from 2.5
 * MiB on, which takes two thirds of the time.
 *
 * <p>Guarded by the pool, but for the final fields.
 */
final class Slab {
  private final long number;
  private final long[] words;
  private final int shift;
  private final int frames;

  /** Free frames by the number of the first: how many follow each other. No two touch. */
  private final TreeMap<Integer, Free> free = new TreeMap<>();

  /**
   * Makes one, all of which somebody has.
   *
   * @param number another one for each slab of a pool
   * @param shift binary logarithm of the size of a frame, in bytes
   * @param frames how many
   */
  Slab(long number, int shift, int frames) {
    this.number = number;
    this.words = new long[Math.multiplyExact(frames, 1 << shift - 3)];
    this.shift = shift;
    this.frames = frames;
  }

  /** Free frames that follow each other. */
  record Free(Slab slab, int first, int count) {
    boolean isAll() {
      return count == slab.frames;
    }
  }

  /** The bytes of all frames, eight to an element in host order. */
  long[] words() {
    return words;
  }

  long number() {
    return number;
  }

  int shift() {
    return shift;
  }

  long bytes() {
    return (long) words.length * Long.BYTES;
  }

  /** Where a frame begins, in longs. */
  int start(int frame) {
    return frame << shift - 3;
  }

  /**
   * Takes frames back.
   *
   * @param absorbed is told of what was free beside them
   * @return what is free there from now on
   */
  Free give(int first, int count, Consumer<Free> absorbed) {
    int from = first;
    int to = first + count;
    Map.Entry<Integer, Free> before = free.lowerEntry(first);
    if (before != null && before.getKey() + before.getValue().count() == first) {
      from = before.getKey();
      absorbed.accept(free.remove(from));
    }
    Free after = free.remove(to);
    if (after != null) {
      to += after.count();
      absorbed.accept(after);
    }
    return enter(from, to - from);
  }

  /**
   * Takes the first of some free frames.
   *
   * @return what is left of them, or null
   */
  Free take(Free from, int count) {
    free.remove(from.first());
    return count == from.count() ? null : enter(from.first() + count, from.count() - count);
  }

  private Free enter(int first, int count) {
    Free entered = new Free(this, first, count);
    free.put(first, entered);
    return entered;
  }
}
