package dev.gmem.core.engine;

import dev.gmem.core.engine.Claim.Failure;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes room on a device: takes the runs that were mapped longest ago, as far as nobody else has
 * claimed or holds them. The caller holds no claim.
 */
final class Evictor {
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
        DeviceSlot.Mapped oldest = slot.oldest();
        if (oldest == null) {
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

  /** Evicts from the head of a run; puts back what it did not come to, keeps what stays. */
  private Outcome evict(
      DeviceSlot slot, DeviceSlot.Mapped run, long wantedBytes, List<DeviceSlot.Mapped> kept) {
    Vma vma = run.vma();
    Outcome outcome = null;
    try {
      outcome = engine.evict(slot, vma, run.first(), run.end(), wantedBytes);
      return outcome;
    } finally {
      long end = outcome == null ? run.end() : outcome.end();
      if (end < run.end()) {
        slot.putBack(new DeviceSlot.Mapped(vma, end, run.end()));
      }
      if (outcome == null || outcome.remains()) {
        kept.add(new DeviceSlot.Mapped(vma, run.first(), end));
      }
    }
  }
}
