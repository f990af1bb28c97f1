package dev.gmem.core.engine;

import java.util.List;

/**
 * What is to be done where. The range shrinks from the front as it gets done. Belongs to one
 * thread; what it reads and writes of the VMA needs the monitor.
 */
final class Request {
  private final Vma vma;
  private final Goal goal;
  private final long end;
  private final boolean fault;
  private long first;
  private long granulesMax = Long.MAX_VALUE;
  private boolean counted;
  private boolean rested;
  private long movedBytes;
  private long at;
  private long accessEnd;
  private FaultSight sight;
  private List<Prefetcher.Run> along = List.of();

  Request(Vma vma, long first, long end, Goal goal, boolean fault) {
    this.vma = vma;
    this.first = first;
    this.end = end;
    this.goal = goal;
    this.fault = fault;
  }

  /**
   * Makes the request of a fault.
   *
   * @param address first byte of the access, in the VMA
   * @param bytes how many, all in the VMA
   */
  static Request fault(Vma vma, long address, long bytes, Goal goal) {
    long end = vma.granuleEnd(address, bytes);
    Request request = new Request(vma, vma.granuleOf(address), end, goal, true);
    request.at = address;
    request.accessEnd = address + bytes;
    return request;
  }

  /**
   * Counts a fault, once, when it turns out not to be spurious.
   *
   * @return true if anything may come along with it
   */
  boolean count() {
    if (counted || !fault) {
      return false;
    }
    counted = true;
    switch (goal) {
      case Goal.ToHost(boolean write) -> {
        vma.hostReadFaults += write ? 0 : 1;
        vma.hostWriteFaults += write ? 1 : 0;
      }
      case Goal.ToDevice wish -> countOn(wish.slot());
      case Goal.InPlace wish -> countOn(wish.slot());
      default -> {}
    }
    return accessEnd > 0 && !(goal instanceof Goal.InPlace);
  }

  private void countOn(DeviceSlot slot) {
    vma.deviceFaults++;
    slot.countFault();
  }

  boolean hasRested() {
    return rested;
  }

  void rested() {
    rested = true;
  }

  /** Tells whether it is a fault, and whose: a slot, {@link Bounces#HOST}, or -1. */
  int faultingNode() {
    if (!fault || accessEnd == 0) {
      return -1;
    }
    return switch (goal) {
      case Goal.ToHost ignored -> Bounces.HOST;
      case Goal.ToDevice wish -> wish.slot().index();
      default -> -1;
    };
  }

  /** The first byte of a fault's access. */
  long at() {
    return at;
  }

  /** The byte after the last one of a fault's access. */
  long accessEnd() {
    return accessEnd;
  }

  void see(FaultSight seen) {
    sight = seen;
  }

  /** What a policy sees of it, or null. */
  FaultSight sight() {
    return sight;
  }

  /** Says what is to come along: runs in order, which may overlap the request. */
  void along(List<Prefetcher.Run> runs) {
    along = runs;
  }

  List<Prefetcher.Run> along() {
    return along;
  }

  /** Goes on with what is needed alone: something that came along may be what has failed. */
  void alone() {
    along = List.of();
  }

  Vma vma() {
    return vma;
  }

  Goal goal() {
    return goal;
  }

  long first() {
    return first;
  }

  void first(long granule) {
    first = granule;
  }

  long end() {
    return end;
  }

  /** The granule at which a claim has to end that begins at the first one. */
  long reach() {
    return granulesMax < end - first ? first + granulesMax : end;
  }

  /** Limits what is claimed at a time. */
  void limit(long granules) {
    granulesMax = Math.max(1, granules);
  }

  /** Asks for half of what was too much from now on; false if that was a granule. */
  boolean narrow(long granules) {
    limit(granules / 2);
    return granules > 1;
  }

  /** How many launches keep their arguments on the device for this request's sake. */
  int ownLaunches() {
    return goal instanceof Goal.ToDevice wish && wish.launch() != Goal.NO_LAUNCH ? 1 : 0;
  }

  /** Takes note of bytes that have gone from one node to another. */
  void moved(long bytes) {
    movedBytes += bytes;
  }

  long movedBytes() {
    return movedBytes;
  }

  /** Takes note that a claim has been dealt with. The monitor is held. */
  void done(Claim claim) {
    first = Math.min(end, claim.end());
  }
}
