package dev.gmem.core.table;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The distinct entries of one table, numbered in the order in which they came. The list only grows:
 * a number means the same entry for ever, to readers without a lock as well.
 *
 * <p>{@link #entry} may be called by any thread that has read the number from where the writer put
 * it after {@link #numberOf} returned it; the rest needs the VMA's monitor.
 */
final class EntryNumbers {
  /** No number: the list is full. */
  static final int FULL = -1;

  /** How many numbers fit two bytes. */
  static final int NUMBERS_MAX = 1 << Short.SIZE;

  /** Few tables have more, and so many are found faster one by one than by a map. */
  private static final int SEARCHED_MAX = 32;

  private final int numbersMax;
  private volatile long[] entries = new long[8];
  private int size;
  private Map<Long, Integer> numbers;

  /**
   * Makes an empty list.
   *
   * @param numbersMax how many entries it takes, at most {@value #NUMBERS_MAX}
   */
  EntryNumbers(int numbersMax) {
    this.numbersMax = numbersMax;
  }

  /**
   * Returns an entry.
   *
   * @param number a number that {@link #numberOf} has returned
   * @return its entry
   */
  long entry(int number) {
    return entries[number];
  }

  /**
   * Returns the number of an entry; gives it one if it has none.
   *
   * @param entry the entry
   * @return its number, or {@link #FULL}
   */
  int numberOf(long entry) {
    long[] known = entries;
    for (int number = 0; number < Math.min(size, SEARCHED_MAX); number++) {
      if (known[number] == entry) {
        return number;
      }
    }
    if (size < SEARCHED_MAX) {
      return append(entry);
    }
    if (numbers == null) {
      numbers = new HashMap<>();
    }
    Integer number = numbers.get(entry);
    if (number != null) {
      return number;
    }
    int fresh = append(entry);
    if (fresh != FULL) {
      numbers.put(entry, fresh);
    }
    return fresh;
  }

  private int append(long entry) {
    if (size == numbersMax) {
      return FULL;
    }
    if (size == entries.length) {
      entries = Arrays.copyOf(entries, Math.min(2 * size, NUMBERS_MAX));
    }
    entries[size] = entry; // published by the store of the number
    return size++;
  }

  /**
   * Estimates the memory that it takes beside its map.
   *
   * @return bytes
   */
  long bytes() {
    return (long) entries.length * Long.BYTES;
  }
}
