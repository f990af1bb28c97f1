package dev.gmem.testkit.scenario;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Leaves out of a list that fails what it fails without (as Zeller's delta debugging does). */
final class Shrinker {
  private final int attemptsMax;
  private int attempts;

  Shrinker(int attemptsMax) {
    this.attemptsMax = attemptsMax;
  }

  /**
   * Shortens a list.
   *
   * @param failing a list that fails
   * @param fails tells whether a shorter one does
   * @return one that fails, and of which no element can go; a longer one if there were too few
   *     attempts for it
   */
  <T> List<T> shrink(List<T> failing, Predicate<List<T>> fails) {
    List<T> shortest = failing;
    for (int part = Math.max(1, shortest.size() / 2); ; ) {
      List<T> shorter = without(shortest, part, fails);
      boolean shrunk = shorter.size() < shortest.size();
      shortest = shorter;
      if (attempts >= attemptsMax || (part == 1 && !shrunk)) {
        return shortest;
      }
      part = Math.max(1, Math.min(part / 2, shortest.size() / 2));
    }
  }

  /** One pass, from the end, as what comes last depends on what comes first. */
  private <T> List<T> without(List<T> list, int part, Predicate<List<T>> fails) {
    List<T> shortest = list;
    for (int end = list.size(); end > 0 && attempts < attemptsMax; end -= part) {
      List<T> shorter = new ArrayList<>(shortest.subList(0, Math.max(0, end - part)));
      shorter.addAll(shortest.subList(end, shortest.size()));
      attempts++;
      if (fails.test(shorter)) {
        shortest = shorter;
      }
    }
    return shortest;
  }
}
