package dev.gmem.core.engine;

import dev.gmem.PageState;
import dev.gmem.core.host.GateLevel;
import dev.gmem.core.table.GranuleCounts;
import dev.gmem.core.table.GranuleEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Puts {@link Hold}s in force and lifts them.
 *
 * <p>If all of a VMA is where a launch needs it, placing, running and lifting cost the same
 * whatever its size: the counters of the table answer, nobody walks over it.
 */
public final class Holds {
  private final FaultEngine engine;
  private final long pinTimeoutNanos;

  Holds(FaultEngine engine, long pinTimeoutNanos) {
    this.engine = engine;
    this.pinTimeoutNanos = pinTimeoutNanos;
  }

  /** What became of a try to put a hold in force. */
  public enum Placed {
    /** It is in force. */
    YES,
    /** It is in force, and its VMA must be quiesced before anything moves. */
    YES_QUIESCE,
    /** It is not: the VMA is pinned. */
    PINNED
  }

  /**
   * Puts a hold in force: from now on the CPU faults on its range, and waits; if it is lazy, where
   * an access comes after this.
   *
   * @param hold the hold
   * @return what became of it
   * @throws IllegalStateException if the VMA is closed
   */
  public Placed place(Hold hold) {
    Vma vma = hold.vma();
    vma.monitor().lock();
    try {
      while (vma.isReleasing() && !vma.isClosed()) {
        vma.monitor().await();
      }
      if (vma.isClosed()) {
        throw new IllegalStateException("Already closed");
      }
      boolean revokes = revokes(hold);
      if (revokes && tighten(hold) != 0) {
        return Placed.PINNED;
      }
      hold.exposed(revokes || vma.isExposed(hold.first(), hold.end()));
      if (hold.exposed() && !hold.isLazy()) {
        vma.tightenForAll();
      }
      vma.addHold(hold);
      if (revokes) {
        vma.table()
            .update(hold.first(), hold.end(), entry -> GranuleEntry.revoked(entry, hold.own()));
        vma.revocations++;
      }
      return hold.exposed() ? Placed.YES_QUIESCE : Placed.YES;
    } finally {
      vma.monitor().unlock();
    }
  }

  /**
   * Finds what is lost in a range.
   *
   * @param vma the VMA
   * @param first first granule
   * @param end granule after the last
   * @return runs of granules, first and end of each
   */
  public List<long[]> lost(Vma vma, long first, long end) {
    List<long[]> runs = new ArrayList<>();
    vma.monitor().lock();
    try {
      if (first < end && vma.counts().poisoned() > 0) {
        vma.table()
            .forEachRun(
                first,
                end,
                (from, to, entry) -> {
                  if (GranuleEntry.poisoned(entry)) {
                    runs.add(new long[] {from, to});
                  }
                });
      }
    } finally {
      vma.monitor().unlock();
    }
    return runs;
  }

  private static int tighten(Hold hold) {
    GateLevel level = hold.own() ? GateLevel.ALL : GateLevel.WRITES;
    return hold.isLazy() ? hold.vma().tightenLazily(level) : hold.vma().tighten(level);
  }

  /** Tells whether the CPU has any permission that a hold takes. */
  private static boolean revokes(Hold hold) {
    Vma vma = hold.vma();
    GranuleCounts counts = vma.counts();
    if (counts.lackingWrite() == vma.granules()
        && (!hold.own() || counts.lackingRead() == vma.granules())) {
      return false;
    }
    long at = hold.first();
    while (at < hold.end()) {
      long entry = vma.table().get(at);
      if (GranuleEntry.revoked(entry, hold.own()) != entry) {
        return true;
      }
      at = vma.table().runEnd(at, hold.end());
    }
    return false;
  }

  /**
   * Makes sure that no access is under way that a hold has forbidden, or, if it is lazy, that none
   * comes after this.
   *
   * @param holds holds that have been placed
   */
  public void quiesce(Collection<Hold> holds) {
    List<Hold> exposed = holds.stream().filter(hold -> hold.exposed() && !hold.isLazy()).toList();
    exposed.stream().map(Hold::vma).distinct().forEach(vma -> vma.region().quiesce());
    for (Hold hold : holds) {
      if (hold.exposed() && hold.isLazy()) { // and stays so
        hold.vma().region().forgetAnswers();
      }
    }
    for (Hold hold : exposed) {
      hold.vma().monitor().lock();
      hold.exposed(false);
      hold.vma().monitor().unlock();
    }
  }

  /**
   * Brings the range of a hold to its device.
   *
   * @param hold the hold, in force
   */
  public void move(Hold hold) {
    hold.vma().monitor().lock();
    hold.moving(true);
    hold.vma().monitor().unlock();
    engine.bring(hold, hold.first(), hold.overwriteFirst(), false);
    engine.bring(hold, hold.overwriteFirst(), hold.overwriteEnd(), true);
    engine.bring(hold, hold.overwriteEnd(), hold.end(), false);
  }

  /**
   * Has a device let go of what its launch was to overwrite and has not: the host has the valid
   * copy. What it does not let go of stays marked, and nobody takes it for valid.
   *
   * @param hold a hold of a launch that has failed, in force
   * @throws dev.gmem.DeviceException if the device does not let go
   */
  public void discard(Hold hold) {
    engine.discard(hold);
  }

  /**
   * Tells whether there is anything to {@link #discard}.
   *
   * @param hold a hold of a launch that has failed, in force
   * @return true if there may be
   */
  public boolean isBlank(Hold hold) {
    hold.vma().monitor().lock();
    try {
      return hold.overwriteFirst() < hold.overwriteEnd() && hold.vma().counts().blank() > 0;
    } finally {
      hold.vma().monitor().unlock();
    }
  }

  /**
   * Keeps everybody off the ranges of a launch, if all of them are where they have to be.
   *
   * @param holds the holds of the launch, in force
   * @return false if something is not in place; then nothing has changed
   */
  public boolean run(List<Hold> holds) {
    for (int i = 0; i < holds.size(); i++) {
      if (!run(holds.get(i))) {
        holds.subList(0, i).forEach(Holds::stop);
        return false;
      }
    }
    return true;
  }

  private static boolean run(Hold hold) {
    Vma vma = hold.vma();
    vma.monitor().lock();
    try {
      boolean runs = isInPlace(hold);
      hold.running(runs);
      return runs;
    } finally {
      vma.monitor().unlock();
    }
  }

  private static void stop(Hold hold) {
    Vma vma = hold.vma();
    vma.monitor().lock();
    hold.running(false);
    vma.monitor().signalAll();
    vma.monitor().unlock();
  }

  private static boolean isInPlace(Hold hold) {
    Vma vma = hold.vma();
    if (vma.counts().busy() == 0 && isWhollyInPlace(hold)) {
      return true;
    }
    return isInPlace(hold, hold.first(), hold.overwriteFirst(), false)
        && isInPlace(hold, hold.overwriteFirst(), hold.overwriteEnd(), true)
        && isInPlace(hold, hold.overwriteEnd(), hold.end(), false);
  }

  private static boolean isInPlace(Hold hold, long first, long end, boolean overwrite) {
    if (first == end) {
      return true;
    }
    Vma vma = hold.vma();
    Goal goal = hold.goal(overwrite);
    for (long at = first; at < end; at = vma.table().runEnd(at, end)) {
      if (!Claims.isDone(vma.table().get(at), goal)) {
        return false;
      }
    }
    return true;
  }

  /** Tells whether the counters alone say so. */
  private static boolean isWhollyInPlace(Hold hold) {
    GranuleCounts counts = hold.vma().counts();
    long owned = counts.inState(PageState.DEVICE);
    if (counts.inState(PageState.UNMAPPED) > 0 || hold.vma().backing() != null) {
      return false;
    }
    if (hold.onHost()) {
      return owned == 0 && (!hold.own() || counts.inState(PageState.SHARED) == 0);
    }
    long granules = hold.vma().granules();
    return counts.onDevice(hold.slot().index()) == granules
        && counts.blank() == 0
        && (!hold.writes() || counts.clean() == 0)
        && (owned == granules || !hold.own() && owned == 0);
  }

  /**
   * Lifts a hold and wakes who waits for it.
   *
   * @param hold a hold in force
   * @param written whether its kernel has succeeded: what it overwrites is valid from now on
   * @return false if it has not, for all that: its device is lost, and took along what the kernel
   *     has overwritten
   */
  public boolean lift(Hold hold, boolean written) {
    Vma vma = hold.vma();
    boolean overwrites = hold.overwriteFirst() < hold.overwriteEnd();
    vma.monitor().lock();
    try {
      // If it is marked after this, what is valid is found, and poisoned.
      boolean lost = hold.slot().isLost();
      if (written && !lost && vma.counts().blank() > 0) {
        engine.frames().written(hold);
      }
      if (written && !lost && overwrites && hold.onHost() && vma.counts().poisoned() > 0) {
        engine.frames().writtenOnHost(hold);
      }
      vma.lift(hold);
      vma.loosen();
      vma.monitor().signalAll();
      return !(written && lost && overwrites);
    } finally {
      vma.monitor().unlock();
    }
  }

  /**
   * Waits until a VMA is not pinned, or it is no use waiting.
   *
   * @param vma the VMA
   * @throws dev.gmem.PinnedMemoryException if it takes too long
   */
  public void awaitUnpinned(Vma vma) {
    Attempts attempts = new Attempts(pinTimeoutNanos);
    while (true) {
      int pins = pins(vma);
      if (pins == 0) {
        return;
      }
      attempts.awaitPins(vma, pins);
    }
  }

  private static int pins(Vma vma) {
    vma.monitor().lock();
    try {
      int pins = vma.isClosed() ? 0 : vma.tightenLazily(GateLevel.WRITES);
      vma.loosen();
      return pins;
    } finally {
      vma.monitor().unlock();
    }
  }
}
