package dev.gmem.core.engine;

import dev.gmem.core.engine.Claim.Failure;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes room on a device: takes the runs that have not been used for longest, as far as nobody else
 * has claimed or holds them; of the next few, first those whose bytes the host has, too, because
 * these are dropped without a copy. The caller holds no claim.
 */
final class Evictor {
  /** From how many runs it chooses. */
  private static final int CHOICE = 8;

  private final FaultEngine engine;

  Evictor(FaultEngine engine) {
    this.engine = engine;
  }

  /**
   * What an eviction came to.
   *
   * @param freedBytes how much room there is that was not there before
   * @param end the granule after the last one looked at
   * @param remains whether the device still holds some of what was looked at
   * @param failure why the device did not let go, or null
   */
  record Outcome(long freedBytes, long end, boolean remains, Failure failure) {}

  /**
   * Makes room for at least a granule, if that can be done without waiting.
   *
   * @param slot the device
   * @param wantedBytes how much is wanted
   * @return what came of it; the range looked at means nothing
   */
  Outcome makeRoom(DeviceSlot slot, long wantedBytes) {
    List<DeviceSlot.Mapped> kept = new ArrayList<>();
    Failure failure = null;
    long freed = 0;
    slot.begin();
    try {
      while (freed < wantedBytes) {
        List<DeviceSlot.Mapped> oldest = slot.oldest(CHOICE);
        if (oldest.isEmpty()) {
          break;
        }
        Outcome outcome = evict(slot, oldest, wantedBytes - freed, kept);
        freed += outcome.freedBytes();
        failure = failure == null ? outcome.failure() : failure;
      }
    } finally {
      slot.endEviction(kept, freed > 0);
    }
    return new Outcome(freed, 0, !kept.isEmpty(), failure);
  }

  /** Evicts runs, clean ones first, until there is enough; puts the rest back in its order. */
  private Outcome evict(
      DeviceSlot slot,
      List<DeviceSlot.Mapped> oldest,
      long wantedBytes,
      List<DeviceSlot.Mapped> kept) {
    List<DeviceSlot.Mapped> left = new ArrayList<>(oldest);
    Failure failure = null;
    long freed = 0;
    try {
      for (boolean clean : new boolean[] {true, false}) {
        for (DeviceSlot.Mapped run : oldest) {
          int at = left.indexOf(run);
          if (freed < wantedBytes && at >= 0 && (!clean || isClean(slot, run))) {
            Outcome outcome = evict(slot, left, at, wantedBytes - freed, kept);
            freed += outcome.freedBytes();
            failure = failure == null ? outcome.failure() : failure;
          }
        }
      }
    } finally {
      left.reversed().forEach(slot::putBack);
    }
    return new Outcome(freed, 0, false, failure);
  }

  private static boolean isClean(DeviceSlot slot, DeviceSlot.Mapped run) {
    return !run.vma().hasOnlyCopy(run.first(), run.end(), slot.index());
  }

  /** Evicts from the head of a run; leaves what it did not come to, keeps what stays. */
  private Outcome evict(
      DeviceSlot slot,
      List<DeviceSlot.Mapped> left,
      int at,
      long wantedBytes,
      List<DeviceSlot.Mapped> kept) {
    DeviceSlot.Mapped run = left.remove(at);
    Vma vma = run.vma();
    Outcome outcome = null;
    try {
      outcome = engine.evict(slot, vma, run.first(), run.end(), wantedBytes);
      return outcome;
    } finally {
      long end = outcome == null ? run.end() : outcome.end();
      if (end < run.end()) {
        left.add(at, run.from(end)); // in its place: what came later goes later
      }
      if (outcome == null || outcome.remains()) {
        kept.add(run.to(end));
      }
    }
  }
}
