package dev.gmem.core.engine;

/**
 * A range that a launch keeps for itself on a device that cannot fault, from the call of {@code
 * launch} until its kernel has ended.
 *
 * <p>It strips the CPU of the permissions that would be in the way, so that host code that comes
 * after the launch waits for it. Once {@code active}, the range must not be evicted either.
 */
public final class Hold {
  private final long launch;
  private final DeviceSlot slot;
  private final Vma vma;
  private final long first;
  private final long end;
  private final boolean own;
  private boolean active;

  /**
   * Makes one; {@link FaultEngine#hold} puts it in force.
   *
   * @param launch number of the launch
   * @param slot its device
   * @param vma where the range is
   * @param first its first granule
   * @param end the granule after its last
   * @param own whether the device must be the only owner
   */
  public Hold(long launch, DeviceSlot slot, Vma vma, long first, long end, boolean own) {
    this.launch = launch;
    this.slot = slot;
    this.vma = vma;
    this.first = first;
    this.end = end;
    this.own = own;
  }

  /**
   * Returns where the range is.
   *
   * @return its VMA
   */
  public Vma vma() {
    return vma;
  }

  long first() {
    return first;
  }

  long end() {
    return end;
  }

  boolean own() {
    return own;
  }

  /** From now on the range stays on the device. The VMA's monitor is held. */
  void activate() {
    active = true;
  }

  boolean overlaps(long from, long to) {
    return first < to && from < end;
  }

  /**
   * Tells whether a goal has to wait for this hold. Launches wait for earlier ones only, or two of
   * them could wait for each other.
   */
  boolean excludes(Goal goal) {
    return switch (goal) {
      case Goal.ToHost(boolean write) -> write || own;
      case Goal.ToDevice wish -> wish.launch() > launch && (own || wish.own());
      case Goal.Evict leave -> active && leave.slot() == slot;
      case Goal.Release() -> true;
    };
  }
}
