package dev.gmem.samples.console;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds what a user may have meant. */
public final class Nearest {
  private Nearest() {}

  /**
   * Finds the candidate that is nearest to a word: one that begins with it or contains it, or else
   * the one fewest edits away, if those are fewer than half its letters.
   *
   * @param word what was typed
   * @param candidates what there is
   * @return the nearest, or empty if none is near
   */
  public static Optional<String> to(String word, Collection<String> candidates) {
    String typed = word.toLowerCase(java.util.Locale.ROOT);
    Optional<String> whole =
        candidates.stream()
            .filter(c -> typed.length() > 2 && c.contains(typed))
            .min(Comparator.comparingInt(String::length));
    return whole.isPresent()
        ? whole
        : candidates.stream()
            .filter(c -> 2 * edits(typed, c) < Math.max(typed.length(), c.length()))
            .min(Comparator.comparingInt(c -> edits(typed, c)));
  }

  /** Levenshtein's distance, by rows. */
  static int edits(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int substituted = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}
