package dev.gmem.core.engine;

import dev.gmem.core.host.GateLevel;
import dev.gmem.spi.GmStatus;
import java.util.ArrayList;
import java.util.List;

/**
 * A contiguous range of one VMA that a transition has for itself, and what happens to it. Made and
 * committed under the VMA's monitor, worked on by one thread without it.
 */
final class Claim {
  /** Stands for: the device has no room left for even one granule. */
  static final Claim NEEDS_ROOM = new Claim(null, null, false);

  private final Vma vma;
  private final Goal goal;
  private final boolean fault;
  private final List<Step> steps = new ArrayList<>();
  private boolean handshake;
  private Failure failure;

  /**
   * Makes an empty claim.
   *
   * @param vma where
   * @param goal what for
   * @param fault whether it serves a fault, and counts as one
   */
  Claim(Vma vma, Goal goal, boolean fault) {
    this.vma = vma;
    this.goal = goal;
    this.fault = fault;
  }

  /** What went wrong first. */
  record Failure(DeviceSlot slot, GmStatus status, Throwable cause, Step step, boolean mapping) {}

  /** A run of granules that had equal entries. */
  static final class Step {
    private final long first;
    private final long end;
    private final long before;
    private final Plan plan;
    private long after;
    private boolean stopped;
    private boolean copiedIn;
    private boolean copiedOut;

    Step(long first, long end, long before, Plan plan) {
      this.first = first;
      this.end = end;
      this.before = before;
      this.plan = plan;
      this.after = before;
    }

    long first() {
      return first;
    }

    long end() {
      return end;
    }

    long before() {
      return before;
    }

    Plan plan() {
      return plan;
    }

    /** The entry as far as the work has come. */
    long after() {
      return after;
    }

    void reached(long entry) {
      after = entry;
    }

    boolean stopped() {
      return stopped;
    }

    void stop() {
      stopped = true;
    }

    void copyIn() {
      copiedIn = true;
    }

    boolean copiedIn() {
      return copiedIn;
    }

    void copyOut() {
      copiedOut = true;
    }

    boolean copiedOut() {
      return copiedOut;
    }
  }

  Vma vma() {
    return vma;
  }

  Goal goal() {
    return goal;
  }

  boolean fault() {
    return fault;
  }

  List<Step> steps() {
    return steps;
  }

  void add(Step step) {
    steps.add(step);
  }

  long first() {
    return steps.getFirst().first();
  }

  long end() {
    return steps.getLast().end();
  }

  boolean handshake() {
    return handshake;
  }

  void needsHandshake() {
    handshake = true;
  }

  Failure failure() {
    return failure;
  }

  void fail(Failure first) {
    if (failure == null) {
      failure = first;
    }
    first.step().stop();
  }

  /** How tight the gate must be while the claim is worked on. */
  GateLevel gate() {
    GateLevel level = GateLevel.OPEN;
    for (Step step : steps) {
      if (step.plan().revokeRead()) {
        return GateLevel.ALL;
      }
      if (step.plan().revokeWrite()) {
        level = GateLevel.WRITES;
      }
    }
    return level;
  }

  /** Returns the bytes of new room that it takes on the device of its goal. */
  long roomBytes() {
    long bytes = 0;
    for (Step step : steps) {
      if (step.plan().takesRoom()) {
        bytes += vma.bytesOf(step.first(), step.end());
      }
    }
    return bytes;
  }

  /** Shortens the claim so that it takes no more new room than this. */
  void shrinkTo(long bytes) {
    long rest = bytes / vma.granuleBytes();
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      if (!step.plan().takesRoom()) {
        continue;
      }
      long granules = step.end() - step.first();
      if (granules > rest) {
        steps.subList(i, steps.size()).clear();
        if (rest > 0) {
          steps.add(new Step(step.first(), step.first() + rest, step.before(), step.plan()));
        }
        return;
      }
      rest -= granules;
    }
  }

  /** Returns the devices that it calls, a bit per slot. */
  int devices() {
    int mask = 0;
    for (Step step : steps) {
      mask |= step.plan().drop();
      if (step.plan().copyOutOf() != Plan.NONE) {
        mask |= 1 << step.plan().copyOutOf();
      }
      if (goal instanceof Goal.ToDevice wish) {
        mask |= 1 << wish.slot().index();
      }
    }
    return mask;
  }
}
