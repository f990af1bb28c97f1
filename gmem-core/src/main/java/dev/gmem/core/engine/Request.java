package dev.gmem.core.engine;

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
  private long reach;
  private long granulesMax = Long.MAX_VALUE;
  private boolean counted;
  private long movedBytes;

  Request(Vma vma, long first, long end, Goal goal, boolean fault) {
    this.vma = vma;
    this.first = first;
    this.end = end;
    this.reach = end;
    this.goal = goal;
    this.fault = fault;
  }

  /** Widens a fault by its window, once, when it turns out not to be spurious. */
  void open() {
    if (counted || !fault) {
      return;
    }
    counted = true;
    if (goal instanceof Goal.ToHost(boolean write)) {
      if (write) {
        vma.hostWriteFaults++;
      } else {
        vma.hostReadFaults++;
      }
      reach = Math.min(vma.granules(), vma.hostWindow().extend(first, end));
    } else if (goal instanceof Goal.ToDevice wish) {
      vma.deviceFaults++;
      wish.slot().countFault();
      if (wish.launch() == Goal.NO_LAUNCH) {
        FaultWindow window = vma.deviceWindow(wish.slot().index());
        reach = Math.min(vma.granules(), window.extend(first, end));
      }
    } else if (goal instanceof Goal.InPlace wish) {
      vma.deviceFaults++;
      wish.slot().countFault();
    }
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
    return granulesMax < reach - first ? first + granulesMax : reach;
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
    if (!fault || first < end) {
      return;
    }
    if (goal instanceof Goal.ToHost) {
      vma.hostWindow().reached(claim.end());
    } else if (goal instanceof Goal.ToDevice wish && wish.launch() == Goal.NO_LAUNCH) {
      vma.deviceWindow(wish.slot().index()).reached(claim.end());
    }
  }
}
