package dev.gmem.core.engine;

/**
 * Makes room on a device: takes the runs that were mapped longest ago, as far as nobody else has
 * claimed or holds them. The caller holds no claim.
 */
final class Evictor {
  /**
   * Runs are evicted in pieces of at least this, so that one fault does not call the device often.
   */
  private static final long BATCH_BYTES = 256 << 10;

  private final FaultEngine engine;

  Evictor(FaultEngine engine) {
    this.engine = engine;
  }

  /**
   * Makes room for at least a granule, or waits until somebody else may have.
   *
   * @param slot the device
   * @param neededBytes how much is needed
   * @param granuleBytes the granule
   * @param since what {@link DeviceSlot#changes} was before room was found to be missing
   * @return false if nothing could be evicted, and nothing is under way that could make room
   */
  boolean makeRoom(DeviceSlot slot, long neededBytes, int granuleBytes, long since) {
    long wanted = Math.min(neededBytes, Math.max(BATCH_BYTES, granuleBytes));
    return evict(slot, wanted) > 0 || slot.awaitChange(since);
  }

  private long evict(DeviceSlot slot, long wantedBytes) {
    long freed = 0;
    for (int tries = slot.historySize(); tries > 0 && freed < wantedBytes; tries--) {
      DeviceSlot.Mapped oldest = slot.oldest();
      if (oldest == null) {
        break;
      }
      freed += evict(slot, oldest, wantedBytes - freed);
    }
    return freed;
  }

  /** Evicts the head of a run; puts back what stays. */
  private long evict(DeviceSlot slot, DeviceSlot.Mapped run, long wantedBytes) {
    Vma vma = run.vma();
    long granules = Math.max(1, wantedBytes / vma.granuleBytes());
    long end = Math.min(run.end(), run.first() + granules);
    if (end < run.end()) {
      slot.putBack(new DeviceSlot.Mapped(vma, end, run.end()));
    }
    long freed = engine.evict(slot, vma, run.first(), end);
    if (vma.holdsAny(run.first(), end, slot.index())) {
      slot.postpone(new DeviceSlot.Mapped(vma, run.first(), end));
    }
    return freed;
  }
}
