package dev.gmem.core.engine;

import dev.gmem.core.host.GateLevel;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.table.Hints;
import dev.gmem.spi.GmStatus;
import java.util.ArrayList;
import java.util.List;

/**
 * A contiguous range of one VMA that a transition has for itself, and what happens to it. Made and
 * committed under the VMA's monitor, worked on by one thread without it.
 */
final class Claim {
  /** What keeps a claim from being taken. */
  enum Obstacle {
    /** The device has no room left for even one granule. */
    ROOM,
    /** The CPU has pinned the VMA. */
    PINS
  }

  private final Vma vma;
  private final Goal goal;
  private final List<Step> steps = new ArrayList<>();
  private final List<DeviceSlot> slots = new ArrayList<>();
  private Obstacle obstacle;
  private int pins;
  private long changes;
  private long releases;
  private boolean handshake;
  private Failure failure;

  /**
   * Makes an empty claim.
   *
   * @param vma where
   * @param goal what for
   */
  Claim(Vma vma, Goal goal) {
    this.vma = vma;
    this.goal = goal;
  }

  /** What went wrong. */
  record Failure(Vma vma, DeviceSlot slot, Answer answer, Step step, boolean mapping) {
    GmStatus status() {
      return answer.status();
    }

    Throwable cause() {
      return answer.cause();
    }
  }

  /** A run of granules that had equal entries. */
  static final class Step {
    private final long first;
    private final long end;
    private final long before;
    private Plan plan;
    private long after;
    private DeviceSlot failedOn;
    private boolean finished;
    private boolean leftOut;
    private boolean moved;
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

    /** The owner cannot keep a copy: its bytes go the ordinary way, unless they have gone. */
    void keepsNoCopy(Goal goal) {
      plan = Plan.of(GranuleEntry.withHints(before, Hints.NONE), goal);
    }

    /** The entry as far as the work has come. */
    long after() {
      return after;
    }

    void reached(long entry) {
      after = entry;
    }

    /** Tells whether nothing more is done about it: a call has failed, or has done all. */
    boolean stopped() {
      return failedOn != null || leftOut || moved;
    }

    /** One call has brought it to its end: the device has it, and the host's frame is stale. */
    void move() {
      moved = true;
      copiedIn = true;
      finished = true;
      after = GranuleEntry.dirtied(plan.result());
    }

    /** Nobody needs it now, and it cannot be had: it stays as it is. */
    void leaveOut() {
      leftOut = true;
    }

    void stop(DeviceSlot slot) {
      failedOn = slot;
    }

    /** Which device has failed, or null. */
    DeviceSlot failedOn() {
      return failedOn;
    }

    /** Tells whether all has been done. */
    boolean finished() {
      return finished;
    }

    void finish() {
      finished = true;
      after = plan.result();
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
    first.step().stop(first.slot());
  }

  /** What keeps it from being taken, or null if it has been. */
  Obstacle obstacle() {
    return obstacle;
  }

  int pins() {
    return pins;
  }

  void pinned(int count) {
    obstacle = Obstacle.PINS;
    pins = count;
  }

  void needsRoom() {
    obstacle = Obstacle.ROOM;
    steps.clear();
  }

  /** What {@link DeviceSlot#changes} of the goal's device was before room was asked for. */
  long changes() {
    return changes;
  }

  /** What {@link DeviceSlot#releases} of the goal's device was then. */
  long releases() {
    return releases;
  }

  /** The devices that it concerns, each told that a transition has begun. */
  List<DeviceSlot> slots() {
    return slots;
  }

  /** Tells a device, once, that a transition has begun that concerns it. */
  void engage(DeviceSlot slot) {
    if (!slots.contains(slot)) {
      if (slot == target()) {
        changes = slot.changes();
        releases = slot.releases();
      }
      slot.begin();
      slots.add(slot);
    }
  }

  /** The device that it brings something to, or null. */
  DeviceSlot target() {
    return goal instanceof Goal.ToDevice wish ? wish.slot() : null;
  }

  /** Tells whether a device has let go of something. */
  boolean unmaps(DeviceSlot slot) {
    int index = slot.index();
    return steps.stream()
        .anyMatch(
            s ->
                GranuleEntry.onDevice(s.before(), index)
                    && !GranuleEntry.onDevice(s.after(), index));
  }

  /** How much room a device has back, as far as the work has come. */
  long freedBytes(DeviceSlot slot) {
    long bytes = 0;
    for (Step step : steps) {
      int had = GranuleEntry.onDevice(step.before(), slot.index()) ? 1 : 0;
      int taken = slot == target() && step.plan().takesRoom() ? 1 : 0;
      int has = GranuleEntry.onDevice(step.after(), slot.index()) ? 1 : 0;
      bytes += (had + taken - has) * vma.bytesOf(step.first(), step.end());
    }
    return bytes;
  }

  /** Tells whether a device holds some of it now, and has not just failed to let go of it. */
  boolean remainsOn(DeviceSlot slot) {
    return steps.stream()
        .anyMatch(s -> GranuleEntry.onDevice(s.after(), slot.index()) && s.failedOn() != slot);
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

  /** Returns the devices that hold any of it before, a bit per slot. */
  int holders() {
    int mask = 0;
    for (Step step : steps) {
      mask |= GranuleEntry.devices(step.before());
    }
    return mask;
  }
}
