package dev.gmem.core.engine;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What has been evicted from a device lately, so that it is known when it comes back: the device
 * would have had it, had its memory been less than twice as large. Its time is the number of bytes
 * evicted so far, so it stands still when nothing is short. Guarded by the device's monitor.
 */
final class EvictedRuns {
  /** Beyond that the oldest ones are forgotten, so that memory of any size costs a few MiB. */
  static final int RUNS_MAX = 1 << 16;

  private final Map<Vma, NavigableMap<Long, Run>> runs = new HashMap<>();

  /** In the order of eviction, nearly; those that are in no map any more are skipped. */
  private final ArrayDeque<Run> order = new ArrayDeque<>();

  private long time;

  /** A part of a VMA that went at a time. */
  private static final class Run {
    private final Vma vma;
    private final long first;
    private long end;
    private final long time;

    Run(Vma vma, long first, long end, long time) {
      this.vma = vma;
      this.first = first;
      this.end = end;
      this.time = time;
    }
  }

  /** Returns the bytes evicted so far. */
  long time() {
    return time;
  }

  /**
   * Takes note of an eviction.
   *
   * @param horizonBytes what was evicted longer ago is forgotten
   */
  void add(Vma vma, long first, long end, long horizonBytes) {
    time += vma.bytesOf(first, end);
    take(vma, first, end, Long.MAX_VALUE);
    put(new Run(vma, first, end, time));
    while (!order.isEmpty()
        && (order.size() > RUNS_MAX || isOver(order.peekFirst(), horizonBytes))) {
      remove(order.pollFirst());
    }
  }

  private boolean isOver(Run run, long horizonBytes) {
    return !isCurrent(run) || time - run.time > horizonBytes;
  }

  private boolean isCurrent(Run run) {
    NavigableMap<Long, Run> mine = runs.get(run.vma);
    return mine != null && mine.get(run.first) == run;
  }

  private void put(Run run) {
    runs.computeIfAbsent(run.vma, vma -> new TreeMap<>()).put(run.first, run);
    order.addLast(run);
  }

  private void remove(Run run) {
    NavigableMap<Long, Run> mine = runs.get(run.vma);
    if (mine != null && mine.remove(run.first, run) && mine.isEmpty()) {
      runs.remove(run.vma);
    }
  }

  /**
   * A range has come back, and is not evicted any more.
   *
   * @return how much of it was evicted not longer ago than the horizon, in bytes
   */
  long take(Vma vma, long first, long end, long horizonBytes) {
    NavigableMap<Long, Run> mine = runs.get(vma);
    if (mine == null) {
      return 0;
    }
    long bytes = 0;
    Long key = mine.floorKey(first);
    for (Run run = key == null ? next(mine, first) : mine.get(key);
        run != null && run.first < end;
        run = next(mine, run.first + 1)) {
      if (run.end <= first) {
        continue;
      }
      long from = Math.max(first, run.first);
      long to = Math.min(end, run.end);
      if (time - run.time <= horizonBytes) {
        bytes += vma.bytesOf(from, to);
      }
      cut(mine, run, from, to);
    }
    if (mine.isEmpty()) {
      runs.remove(vma);
    }
    return bytes;
  }

  private void cut(NavigableMap<Long, Run> mine, Run run, long from, long to) {
    long end = run.end;
    if (from == run.first) {
      mine.remove(run.first);
    } else {
      run.end = from;
    }
    if (to < end) {
      put(new Run(run.vma, to, end, run.time));
    }
  }

  private static Run next(NavigableMap<Long, Run> mine, long from) {
    Map.Entry<Long, Run> entry = mine.ceilingEntry(from);
    return entry == null ? null : entry.getValue();
  }

  /** Forgets a VMA that is gone. */
  void forget(Vma vma) {
    runs.remove(vma);
    order.removeIf(run -> run.vma == vma);
  }
}
