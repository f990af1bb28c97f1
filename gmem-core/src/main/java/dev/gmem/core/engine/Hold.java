package dev.gmem.core.engine;

import dev.gmem.PageState;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.spi.GmAttachMode;

/**
 * A range that a launch keeps for itself on a device that cannot fault or works on the host's
 * frames, from the call of {@code launch} until its kernel has ended. In the latter case the range
 * is brought home, and stays there; so it is if the kernel follows stored addresses to it, and the
 * device can do so in the host frames only.
 *
 * <p>Life: placed (its launch waits for others) → moving (the range comes to the device, and is not
 * evicted) → running (nobody touches the device's mappings of the range). From the beginning it
 * strips the CPU of the permissions that would be in the way, so that host code that comes after
 * the launch waits for it. All but the final fields is guarded by the VMA's monitor.
 */
public final class Hold {
  private final long launch;
  private final DeviceSlot slot;
  private final Vma vma;
  private final long first;
  private final long end;
  private final boolean own;
  private long overwriteFirst;
  private long overwriteEnd;
  private boolean onHost;
  private boolean writes;
  private boolean exposed;
  private boolean moving;
  private boolean running;

  /**
   * Makes one; {@link Holds#place} puts it in force.
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
    this.onHost = slot.mode() == GmAttachMode.SHARE;
    this.writes = own;
    this.overwriteFirst = first;
    this.overwriteEnd = first;
  }

  /**
   * Says that the kernel finds the range in the host frames, although the device maps what else it
   * uses. Called before {@link Holds#place}.
   */
  public void inHostFrames() {
    onHost = true;
  }

  /**
   * Says that the kernel only reads, though its device owns what it reads. Called before {@link
   * Holds#place}.
   */
  public void readsOnly() {
    writes = false;
  }

  boolean writes() {
    return writes;
  }

  boolean onHost() {
    return onHost;
  }

  /**
   * Tells whether it takes the CPU's permissions from those only who come after the launch: kernel
   * and CPU use the same frames, so that it is not the hold's business who comes in no order.
   */
  boolean isLazy() {
    return onHost && slot.usesHostConcurrently();
  }

  /**
   * Says which part the kernel overwrites: it is mapped without its contents, and until the kernel
   * has succeeded the host keeps the valid copy. Called before {@link Holds#place}.
   *
   * @param from first granule whose contents do not matter
   * @param to granule after the last of these; not after the first if there are none
   */
  public void overwrites(long from, long to) {
    overwriteFirst = Math.clamp(from, first, end);
    overwriteEnd = Math.clamp(to, overwriteFirst, end);
  }

  /**
   * Returns where the range is.
   *
   * @return its VMA
   */
  public Vma vma() {
    return vma;
  }

  long launch() {
    return launch;
  }

  DeviceSlot slot() {
    return slot;
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

  long overwriteFirst() {
    return overwriteFirst;
  }

  long overwriteEnd() {
    return overwriteEnd;
  }

  /**
   * Tells whether accesses may be under way that passed the gate before the hold took the CPU's
   * permissions. Whoever relies on their absence before the hold's own handshake, which a lazy hold
   * never makes, needs another, and the gate tight for all.
   */
  boolean exposed() {
    return exposed;
  }

  void exposed(boolean value) {
    exposed = value;
  }

  void moving(boolean value) {
    moving = value;
  }

  void running(boolean value) {
    running = value;
  }

  /**
   * What is to become of the range.
   *
   * @param overwrite whether its contents do not matter
   */
  Goal goal(boolean overwrite) {
    return onHost
        ? new Goal.InPlace(slot, own, launch, overwrite)
        : new Goal.ToDevice(slot, own, overwrite, launch, writes);
  }

  boolean overlaps(long from, long to) {
    return first < to && from < end;
  }

  /** Tells whether a goal has to wait for this hold at a granule whose entry is this. */
  boolean excludes(Goal goal, long entry) {
    boolean owned = GranuleEntry.state(entry) == PageState.DEVICE;
    return switch (goal) {
      case Goal.ToHost(boolean write) -> write || own || running && owned;
      case Goal.ToDevice wish ->
          wish.slot() == slot ? running : excludes(wish.own(), wish.launch(), owned);
      case Goal.Home() -> running && owned;
      case Goal.InPlace wish -> excludes(wish.own(), wish.launch(), owned);
      case Goal.Evict leave -> (moving || running) && leave.slot() == slot;
      case Goal.Drop() -> moving || running;
      case Goal.Renew() -> moving || running;
      case Goal.Flush() -> running && (own || owned);
      case Goal.Unmap() -> moving || running;
      case Goal.Leave() -> moving || running;
      case Goal.Replace() -> moving || running;
      case Goal.Stay(boolean write) -> write && (moving || running);
      case Goal.Discard ignored -> false; // comes from the hold's own launch
      case Goal.Release() -> true;
    };
  }

  /**
   * Launches wait for earlier ones, and for kernels that run and so wait for nothing: two of them
   * never wait for each other. A device's fault does not wait for a launch that has yet to move:
   * that one may be waiting for the very kernel that faults.
   */
  private boolean excludes(boolean wishOwn, long wishLaunch, boolean owned) {
    boolean clash = own || wishOwn;
    if (running) {
      return clash || owned;
    }
    return clash && (wishLaunch == Goal.NO_LAUNCH ? moving : wishLaunch > launch);
  }
}
