package dev.gmem.core.engine;

/** What a transition is for. */
sealed interface Goal {
  /**
   * The CPU wants to reach a range.
   *
   * @param write true if it wants to write
   */
  record ToHost(boolean write) implements Goal {}

  /**
   * A device wants to reach a range.
   *
   * @param slot the device
   * @param own true if it must be the only one: it writes, or cannot share
   * @param overwrite true if what the range held need not come along; only for an owner
   * @param launch number of the launch that asks, or {@link #NO_LAUNCH}
   * @param writes false if nobody writes there until another wish says so; only an owner may
   */
  record ToDevice(DeviceSlot slot, boolean own, boolean overwrite, long launch, boolean writes)
      implements Goal {
    public ToDevice {
      assert own || !overwrite;
      assert own || !writes;
      assert writes || !overwrite;
    }

    ToDevice(DeviceSlot slot, boolean own, boolean overwrite, long launch) {
      this(slot, own, overwrite, launch, own);
    }
  }

  /**
   * A device that works on the host's frames wants to reach a range. What the CPU may do there is
   * not its concern.
   *
   * @param slot the device
   * @param own true if it writes: no other device may have any of it
   * @param launch number of the launch that asks, or {@link #NO_LAUNCH}
   * @param overwrite true if what the range held does not matter, so that it may be lost
   */
  record InPlace(DeviceSlot slot, boolean own, long launch, boolean overwrite) implements Goal {
    InPlace(DeviceSlot slot, boolean own, long launch) {
      this(slot, own, launch, false);
    }
  }

  /**
   * A device has to let go of a range.
   *
   * @param slot the device
   * @param patient true to wait for claims and launches, false to leave out what they have
   */
  record Evict(DeviceSlot slot, boolean patient) implements Goal {}

  /**
   * A launch has failed: its device lets go of what it was to overwrite.
   *
   * @param slot the device
   */
  record Discard(DeviceSlot slot) implements Goal {}

  /**
   * A range is to live on the host. What the CPU may do there is not its concern: a later launch
   * may have taken that away.
   */
  record Home() implements Goal {}

  /**
   * A copy wants a range to stay where it is meanwhile.
   *
   * @param write true if it writes there: replicas become invalid
   */
  record Stay(boolean write) implements Goal {}

  /** Contents do not matter any more: the range becomes as it was when it was fresh. */
  record Drop() implements Goal {}

  /**
   * A range is about to be overwritten by the CPU: what of it is lost becomes zeros on the host.
   * What is not lost is left alone.
   */
  record Renew() implements Goal {}

  /** The program gives a range back: contents are dropped, and nobody may touch it any more. */
  record Unmap() implements Goal {}

  /**
   * The frames of a range are about to move elsewhere: all of it comes home, and nobody maps it.
   */
  record Leave() implements Goal {}

  /** A range is about to get other frames: as {@link Drop}, but no pin is in the way. */
  record Replace() implements Goal {}

  /** What a file does not hold yet is to be written to it. */
  record Flush() implements Goal {}

  /** The VMA goes away: contents are dropped. */
  record Release() implements Goal {}

  /** Marks a wish that no launch made. */
  long NO_LAUNCH = Long.MAX_VALUE;
}
