package dev.gmem.core.engine;

import dev.gmem.core.engine.DeviceSlot.Mapped;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What was mapped on a device, in the order in which it goes when there is no room. What is left of
 * a run has to be looked up in the table. Guarded by the device's monitor.
 *
 * <p>The <em>queue</em> is in the order in which runs came. What a launch has used since is spared
 * once, and counts as come again, before it is taken: so the order is nearly that of use, and using
 * costs nothing but a stamp. Who looks for a victim spares {@value #SPARED_MAX} runs at most, so
 * that looking costs the same whatever the history.
 *
 * <p><b>Thrashing.</b> Where more is used again and again than there is room for, each run goes
 * right before it is needed, and room serves nobody. That shows in runs that come back before a
 * quota's worth of others has gone. Such runs are <em>kept</em>: they go after all of the queue,
 * and others make do with the rest, until {@value #KEPT_QUOTAS} times the quota has been evicted.
 * Then they queue as if they had just come: faults do not tell whether they are still used. No more
 * than three quarters of the quota is kept, so that there is always room to work in, and what is
 * kept goes when there is nothing else: it never makes a request fail.
 */
final class Victims {
  private static final int SPARED_MAX = 64;
  private static final int KEPT_QUOTAS = 4;
  private static final int FORGET_MIN = 1024;

  private final DeviceSlot slot;
  private final ArrayDeque<Mapped> queue = new ArrayDeque<>();
  private final ArrayDeque<Kept> kept = new ArrayDeque<>();
  private final EvictedRuns evicted = new EvictedRuns();
  private int forgetAt = FORGET_MIN;
  private volatile long keptBytes;
  private volatile long refaultedBytes;

  /** A run that came back, and when, in the time of evictions. */
  private record Kept(Mapped run, long since) {}

  Victims(DeviceSlot slot) {
    this.slot = slot;
  }

  /** A run has been mapped. */
  void add(Mapped run) {
    if (slot.pressure().isPressed() && hasComeBack(run) && mayKeep(run)) {
      kept.addLast(new Kept(run, evicted.time()));
      keptBytes += bytes(run);
    } else {
      queue.addLast(run.at(slot.tick()));
    }
    forgetStale();
  }

  private boolean hasComeBack(Mapped run) {
    long bytes = evicted.take(run.vma(), run.first(), run.end(), slot.quotaBytes());
    refaultedBytes += bytes;
    return 2 * bytes >= bytes(run);
  }

  private boolean mayKeep(Mapped run) {
    return keptBytes + bytes(run) <= slot.quotaBytes() - slot.quotaBytes() / 4;
  }

  private static long bytes(Mapped run) {
    return run.vma().bytesOf(run.first(), run.end());
  }

  /** A range has been evicted for want of room. */
  void evicted(Vma vma, long first, long end) {
    evicted.add(vma, first, end, slot.quotaBytes());
  }

  /** Returns the bytes that came back before a quota's worth of others had gone. */
  long refaultedBytes() {
    return refaultedBytes;
  }

  /** Returns the bytes, at most, that are kept now because they came back. */
  long keptBytes() {
    return keptBytes;
  }

  /** Takes the runs that are to go first; none if there is none. */
  List<Mapped> take(int most) {
    while (!kept.isEmpty() && isOver(kept.peekFirst())) {
      queue.addLast(unkept(kept.pollFirst()).at(slot.tick()));
    }
    List<Mapped> first = new ArrayList<>();
    int spare = Math.min(SPARED_MAX, queue.size());
    while (first.size() < most && !queue.isEmpty()) {
      Mapped run = queue.pollFirst();
      if (spare-- > 0 && run.vma().uses().isUsedSince(run.since(), slot.index())) {
        queue.addLast(run.at(slot.tick()));
      } else {
        first.add(run);
      }
    }
    while (first.size() < most && queue.isEmpty() && !kept.isEmpty()) {
      first.add(unkept(kept.pollFirst()));
    }
    return first;
  }

  private boolean isOver(Kept oldest) {
    return evicted.time() - oldest.since() > KEPT_QUOTAS * slot.quotaBytes();
  }

  private Mapped unkept(Kept one) {
    keptBytes -= bytes(one.run());
    return one.run();
  }

  /** Puts the rest of a run back where it was taken from. */
  void putBack(Mapped run) {
    queue.addFirst(run);
  }

  /** Puts runs back that could not be evicted. */
  void putLast(List<Mapped> runs) {
    queue.addAll(runs);
  }

  /**
   * Keeps the history from growing without bound when the same granules come and go: what has gone
   * is forgotten, and of what has come several times all but the last. Looks when there is twice as
   * much as it left the last time, so that this costs each run the same.
   */
  private void forgetStale() {
    if (queue.size() + kept.size() < forgetAt) {
      return;
    }
    forgetKept(this::isStale);
    List<Mapped> all = new ArrayList<>(queue);
    Map<Vma, BitSet> later = new IdentityHashMap<>();
    queue.clear();
    for (Mapped run : all.reversed()) {
      if (!isStale(run) && addsTo(later.computeIfAbsent(run.vma(), vma -> new BitSet()), run)) {
        queue.addFirst(run);
      }
    }
    forgetAt = Math.max(FORGET_MIN, 2 * (queue.size() + kept.size()));
  }

  /** Adds a run to the granules of those that came later; returns false if they have all of it. */
  private static boolean addsTo(BitSet later, Mapped run) {
    int first = (int) run.first();
    int end = (int) run.end();
    if (later.nextClearBit(first) >= end) {
      return false;
    }
    later.set(first, end);
    return true;
  }

  private boolean isStale(Mapped run) {
    return run.vma().isClosed() || !run.vma().holdsAny(run.first(), run.end(), slot.index());
  }

  private void forgetKept(Predicate<Mapped> which) {
    for (Iterator<Kept> i = kept.iterator(); i.hasNext(); ) {
      Kept one = i.next();
      if (which.test(one.run())) {
        i.remove();
        unkept(one);
      }
    }
  }

  /** Forgets a VMA that is gone. */
  void forget(Vma vma) {
    queue.removeIf(run -> run.vma() == vma);
    forgetKept(run -> run.vma() == vma);
    evicted.forget(vma);
  }
}
