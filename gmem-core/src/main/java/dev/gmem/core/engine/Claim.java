package dev.gmem.core.engine;

import dev.gmem.core.host.GateLevel;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.table.Hints;
import dev.gmem.spi.GmStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What a transition has of one VMA for itself, and what happens to it: a contiguous range that is
 * needed, and what comes along with it, which may lie anywhere. Made and committed under the VMA's
 * monitor, worked on by one thread without it.
 */
final class Claim {
  /** What keeps a claim from being taken. */
  enum Obstacle {
    /** The device has no room left for even one granule. */
    ROOM,
    /** The CPU has pinned the VMA. */
    PINS,
    /** What it needs bounces, and stays where it is for a while. */
    RESIDENCY
  }

  private final Vma vma;
  private final Goal goal;
  private final List<Step> needed = new ArrayList<>();
  private final List<Step> along = new ArrayList<>();
  private List<Step> steps = needed;
  private final List<DeviceSlot> slots = new ArrayList<>();
  private boolean withdrawn;
  private boolean cutShort;
  private long awayBytes;
  private Obstacle obstacle;
  private int pins;
  private long restNanos;
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
    private final long along;
    private Plan plan;
    private long after;
    private DeviceSlot failedOn;
    private boolean finished;
    private boolean leftOut;
    private boolean moved;
    private boolean copiedIn;
    private boolean copiedOut;

    Step(long first, long end, long before, Plan plan) {
      this(first, end, before, plan, 0);
    }

    private Step(long first, long end, long before, Plan plan, long along) {
      this.first = first;
      this.end = end;
      this.before = before;
      this.along = along;
      this.plan = plan;
      this.after = before;
    }

    /** A run that comes along. */
    static Step along(long first, long end, long before, Plan plan) {
      return new Step(first, end, before, plan, end - first);
    }

    /** The same run and the next one, which is as it. */
    private Step with(Step next) {
      return new Step(first, next.end, before, plan, along + next.along);
    }

    /** How many of its granules come along with what is needed. */
    long along() {
      return along;
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

  /** What happens: to what is needed, and, once it has been taken, to what comes along. */
  List<Step> steps() {
    return steps;
  }

  void add(Step step) {
    needed.add(step);
  }

  /** Adds a run that comes along: the one to be had first comes first. */
  void addAlong(Step step) {
    along.add(step);
  }

  /** Makes one run of neighbours that are alike, needed or not: one call of a device each. */
  void merge() {
    if (along.isEmpty()) {
      return;
    }
    List<Step> all = new ArrayList<>(needed);
    all.addAll(along);
    all.sort(Comparator.comparingLong(Step::first));
    steps = new ArrayList<>();
    for (Step step : all) {
      Step last = steps.isEmpty() ? null : steps.getLast();
      if (last != null && last.end() == step.first() && last.before() == step.before()) {
        steps.set(steps.size() - 1, last.with(step));
      } else {
        steps.add(step);
      }
    }
  }

  /** Takes note of what has its only valid copy on a device now, and did not before. */
  void tookAway(long bytes) {
    awayBytes = bytes;
  }

  long awayBytes() {
    return awayBytes;
  }

  boolean isEmpty() {
    return needed.isEmpty();
  }

  /** The first granule needed. */
  long first() {
    return needed.getFirst().first();
  }

  /** The granule after the last one needed. */
  long end() {
    return needed.getLast().end();
  }

  /** Contiguous ranges of it. */
  List<DeviceSlot.Mapped> pieces() {
    List<DeviceSlot.Mapped> pieces = new ArrayList<>();
    long from = steps.getFirst().first();
    for (int i = 0; i < steps.size(); i++) {
      long end = steps.get(i).end();
      if (i == steps.size() - 1 || steps.get(i + 1).first() != end) {
        pieces.add(new DeviceSlot.Mapped(vma, from, end));
        from = i == steps.size() - 1 ? end : steps.get(i + 1).first();
      }
    }
    return pieces;
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

  /** Gives the claim up before anything has been done, because of what came along. */
  void withdraw() {
    withdrawn = true;
    steps.forEach(Step::leaveOut);
  }

  /**
   * Leaves out a step, and all that come after it, before anything has been done: it cannot be had.
   * What comes before it is done; who asks again finds it at the front, and is told.
   */
  void cutShort(Step from) {
    cutShort = true;
    steps.stream().filter(step -> step.first() >= from.first()).forEach(Step::leaveOut);
  }

  /** Tells whether something came along, and something has failed: the one may be why. */
  boolean failedAlong() {
    return withdrawn || failure != null && hasAlong();
  }

  boolean hasAlong() {
    return !along.isEmpty();
  }

  /** Tells whether what is needed has been done. */
  boolean succeeded() {
    return failure == null && !withdrawn && !cutShort;
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

  void rests(long nanos) {
    obstacle = Obstacle.RESIDENCY;
    restNanos = nanos;
  }

  /** How long it is not to be taken. */
  long restNanos() {
    return restNanos;
  }

  void needsRoom() {
    obstacle = Obstacle.ROOM;
    needed.clear();
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
    return roomBytes(needed) + roomBytes(along);
  }

  private long roomBytes(List<Step> list) {
    long bytes = 0;
    for (Step step : list) {
      if (step.plan().takesRoom()) {
        bytes += vma.bytesOf(step.first(), step.end());
      }
    }
    return bytes;
  }

  /** Shortens the claim so that it takes no more new room than this: what comes along first. */
  void shrinkTo(long bytes) {
    long rest = bytes - roomBytes(needed);
    if (rest <= 0) {
      along.clear();
      shrinkTo(needed, bytes);
    } else {
      shrinkTo(along, rest);
    }
  }

  private void shrinkTo(List<Step> list, long bytes) {
    long rest = bytes / vma.granuleBytes();
    for (int i = 0; i < list.size(); i++) {
      Step step = list.get(i);
      if (!step.plan().takesRoom()) {
        continue;
      }
      long granules = step.end() - step.first();
      if (granules > rest) {
        list.subList(i, list.size()).clear();
        if (rest > 0) {
          boolean ahead = step.along() > 0 && step.end() <= first();
          long from = ahead ? step.end() - rest : step.first();
          long along = step.along() > 0 ? rest : 0;
          list.add(new Step(from, from + rest, step.before(), step.plan(), along));
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
