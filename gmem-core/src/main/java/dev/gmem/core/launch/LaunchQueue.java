package dev.gmem.core.launch;

import dev.gmem.Access;
import dev.gmem.DeviceException;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.FaultEngine;
import dev.gmem.core.engine.Hold;
import dev.gmem.core.engine.Holds.Placed;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.sync.LockRank;
import dev.gmem.core.sync.Monitor;
import dev.gmem.spi.GmAttachMode;
import dev.gmem.spi.GmCopyTimes;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmStatusException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

/**
 * Starts launches and transfers in the order of their data.
 *
 * <p><b>Guarantees.</b> Either starts after every earlier one that it conflicts with has ended,
 * failed ones included. On a device that cannot fault, or works on the host's frames, the ranges of
 * its arguments are held from the return of {@link #submit} until its kernel has ended. A launch
 * that cannot start leaves nothing behind, and all contents as they were. A kernel that fails
 * leaves in what it writes what it has written so far; but what it overwrites, and its device did
 * not have, keeps what was there before.
 *
 * <p><b>Progress.</b> Everybody waits for earlier ones only. At most one launch per device is
 * taking room at a time, so that two cannot each wait for what the other has.
 */
public final class LaunchQueue {
  private final FaultEngine engine;
  private final Monitor.Factory monitors;
  private final Monitor monitor;
  private final Set<OrderedTask<?>> unfinished = new LinkedHashSet<>();
  private long submitted;

  /**
   * Makes one.
   *
   * @param engine moves the data
   * @param monitors makes its monitor, and threads for launches that have to wait
   */
  public LaunchQueue(FaultEngine engine, Monitor.Factory monitors) {
    this.engine = engine;
    this.monitors = monitors;
    this.monitor = monitors.create(LockRank.LAUNCHES);
  }

  /** Submits a launch; it starts now if it can, and otherwise when it may. */
  void submit(LaunchTask task) {
    List<OrderedTask<?>> earlier = enter(task);
    boolean inPlace;
    try {
      checkQuota(task);
      if (task.slot().holdsArguments() || earlier.isEmpty()) {
        placeHolds(task);
      }
      inPlace = earlier.isEmpty() && isInPlace(task);
    } catch (RuntimeException | Error e) {
      end(task, null, e);
      throw e;
    }
    if (inPlace) {
      launch(task);
    } else {
      announce(task, earlier, () -> start(task));
    }
  }

  /** Submits a transfer; it starts when it may, on a thread of ours or on one that joins it. */
  void submit(TransferTask task) {
    announce(task, enter(task), () -> run(task));
  }

  /** Does a transfer on this thread, when it may. How it ended is told by the task. */
  void perform(TransferTask task) {
    awaitEnd(enter(task));
    run(task);
  }

  /** Gives a task its number and its place; returns what it has to wait for. */
  private List<OrderedTask<?>> enter(OrderedTask<?> task) {
    monitor.lock();
    try {
      if (task.slot() != null) {
        task.slot().fate().check();
      }
      if (task.slot() != null && task.slot().isLeaving()) {
        throw new IllegalStateException(
            "the device is being detached, or has been: device=" + task.slot().device().id());
      }
      if (task.buffers().stream().anyMatch(use -> use.vma().isFreed())) {
        // Its arena was closed since the segments were looked up, and has no more launches to
        // await.
        throw new IllegalStateException("Already closed");
      }
      task.number(submitted++);
      List<OrderedTask<?>> earlier = unfinished.stream().filter(task::conflicts).toList();
      unfinished.add(task);
      return earlier;
    } finally {
      monitor.unlock();
    }
  }

  private void checkQuota(LaunchTask task) {
    if (!task.slot().holdsArguments() || task.slot().mode() == GmAttachMode.SHARE) {
      return;
    }
    long needed = 0;
    List<BufferUse> seen = new ArrayList<>();
    for (BufferUse use : task.buffers()) {
      if (!use.onHost() && seen.stream().noneMatch(use::overlaps)) {
        needed += (use.end() - use.first()) * use.vma().granuleBytes();
      }
      seen.add(use);
    }
    if (needed > task.slot().quotaBytes()) {
      throw new DeviceMemoryExhaustedException(
          "the arguments of the launch do not fit what the space may use of the device; use smaller"
              + " slices, or a larger quota:"
              + " neededBytes="
              + needed
              + " quotaBytes="
              + task.slot().quotaBytes(),
          task.slot().device().id(),
          GmStatus.NOMEM,
          task.buffers().getFirst().address(),
          needed,
          null,
          null);
    }
  }

  // ---- holds ----

  /** Holds all arguments, or none: whoever waits for a pin holds nothing. */
  private void placeHolds(LaunchTask task) {
    while (true) {
      Vma pinned = tryPlaceHolds(task);
      if (pinned == null) {
        return;
      }
      liftHolds(task, false);
      engine.holds().awaitUnpinned(pinned);
    }
  }

  private Vma tryPlaceHolds(LaunchTask task) {
    boolean faults = !task.slot().holdsArguments();
    for (BufferUse use : task.buffers()) {
      for (Hold hold : faults ? lost(task, use) : List.of(whole(task, use))) {
        if (engine.holds().place(hold) == Placed.PINNED) {
          return use.vma();
        }
        task.holds().add(hold);
      }
    }
    engine.holds().quiesce(task.holds());
    return null;
  }

  private static Hold whole(LaunchTask task, BufferUse use) {
    boolean own = task.slot().owns(use.access().writes());
    Hold hold = new Hold(task.number(), task.slot(), use.vma(), use.first(), use.end(), own);
    if (!use.access().writes()) {
      hold.readsOnly();
    }
    if (use.onHost()) {
      hold.inHostFrames();
    }
    if (task.overwrites(use)) {
      hold.overwrites(use.innerFirst(), use.innerEnd());
    }
    return hold;
  }

  /**
   * What is lost and will be overwritten. A kernel that faults there cannot say that it will write
   * all of it; so these granules are given to it beforehand, and kept there.
   */
  private List<Hold> lost(LaunchTask task, BufferUse use) {
    if (use.access() != Access.OVERWRITE || !task.overwrites(use)) {
      return List.of();
    }
    return engine.holds().lost(use.vma(), use.innerFirst(), use.innerEnd()).stream()
        .map(
            run -> {
              Hold hold = new Hold(task.number(), task.slot(), use.vma(), run[0], run[1], true);
              hold.overwrites(run[0], run[1]);
              return hold;
            })
        .toList();
  }

  /** Returns false if something that was to be valid now is lost. */
  private boolean liftHolds(LaunchTask task, boolean written) {
    boolean kept = true;
    for (Hold hold : task.holds()) {
      kept &= engine.holds().lift(hold, written);
    }
    task.holds().clear();
    return kept;
  }

  // ---- start and end ----

  /** Has a task do its work when others have ended, on a thread of ours or one that joins it. */
  private void announce(OrderedTask<?> task, List<OrderedTask<?>> earlier, Runnable work) {
    task.turn().announce(earlier, work, () -> startThread(task));
  }

  private void startThread(OrderedTask<?> task) {
    try {
      monitors.start(task.turn()::take);
    } catch (RuntimeException | Error e) {
      if (!task.turn().lose()) {
        return;
      }
      switch (task) {
        case LaunchTask launch -> end(launch, null, e);
        case TransferTask transfer -> {
          transfer.failed(e);
          leave(transfer);
        }
        default -> throw e;
      }
    }
  }

  private void run(TransferTask task) {
    task.run();
    leave(task);
  }

  private void start(LaunchTask task) {
    try {
      if (!task.slot().holdsArguments() && task.holds().isEmpty()) {
        placeHolds(task); // it tells only now what is lost
      }
      if (!isInPlace(task)) {
        moveArguments(task);
      }
    } catch (RuntimeException | Error e) {
      end(task, null, e);
      return;
    }
    launch(task);
  }

  /** Starts a launch whose arguments are where they have to be, and stay there. */
  private void launch(LaunchTask task) {
    CompletionStage<Long> kernel;
    for (BufferUse use : task.buffers()) {
      use.vma().uses().stamp(task.slot());
    }
    try {
      task.slot().fate().check();
      kernel = Objects.requireNonNull(engine.callDevice(task::launchKernel), "the kernel's end");
    } catch (RuntimeException | Error e) {
      end(task, null, e);
      return;
    }
    task.started(kernel);
    kernel.whenComplete((nanos, failure) -> end(task, nanos, failure));
    if (task.slot().isLost()) {
      lose(task); // who lost it may have looked for its launches before this one had started
    }
  }

  /**
   * Ends the launches of a device that is lost, as far as they have started; the others find out
   * when their turn comes. A kernel that may be on the host's frames is waited for: it may still
   * write there.
   *
   * @param slot the device
   */
  public void deviceLost(DeviceSlot slot) {
    List<LaunchTask> started = new ArrayList<>();
    monitor.lock();
    try {
      for (OrderedTask<?> task : unfinished) {
        if (task instanceof LaunchTask launch && launch.slot() == slot && launch.isStarted()) {
          started.add(launch);
        }
      }
    } finally {
      monitor.unlock();
    }
    started.forEach(this::lose);
  }

  private void lose(LaunchTask task) {
    boolean onHost = task.slot().mayUseHostFrames();
    if (!onHost && task.buffers().stream().noneMatch(BufferUse::onHost)) {
      DeviceException lost = task.lost(null);
      end(task, null, lost);
      task.forgetKernel(lost);
    }
  }

  /** Tells whether nothing has to move; if so, and it has holds, it runs. */
  private boolean isInPlace(LaunchTask task) {
    DeviceSlot slot = task.slot();
    if (task.holds().isEmpty()) {
      return true;
    }
    if (!slot.holdsArguments()) {
      return engine.holds().run(task.holds()); // its own faults are not to wait for its room
    }
    slot.beginRunning();
    boolean runs = false;
    try {
      runs = engine.holds().run(task.holds());
      return runs;
    } finally {
      if (runs) {
        task.runs();
      } else {
        slot.endRunning();
      }
    }
  }

  private void moveArguments(LaunchTask task) {
    long start = System.nanoTime();
    DeviceSlot slot = task.slot();
    slot.beginTaking();
    try {
      checkQuota(task); // it may have become smaller since the call
      if (slot.holdsArguments()) {
        slot.beginRunning(); // others that need room wait for this launch from now on
        task.runs();
      }
      long before = slot.bytesIn();
      Optional<GmCopyTimes> timesBefore = slot.copyTimes();
      do {
        task.holds().forEach(engine.holds()::move);
      } while (!engine.holds().run(task.holds()));
      GmCopyTimes took =
          slot.copyTimes()
              .map(now -> now.since(timesBefore.orElseThrow()))
              .orElseGet(() -> new GmCopyTimes(System.nanoTime() - start, 0));
      task.copied(took, slot.bytesIn() - before);
    } finally {
      slot.endTaking();
    }
  }

  /**
   * Ends a launch. Whoever waits for its holds finds it done, whoever joins it finds them lifted.
   */
  private void end(LaunchTask task, Long kernelNanos, Throwable thrown) {
    if (!task.beginEnd()) {
      return;
    }
    Throwable failure = heard(task, thrown);
    task.ended(kernelNanos, failure);
    if (failure == null) {
      task.slot().countLaunch(kernelNanos == null ? 0 : kernelNanos);
    } else if (task.holds().stream().anyMatch(engine.holds()::isBlank)) {
      undoLater(task);
      return;
    }
    finish(task, failure == null);
  }

  /** What a launch fails with; a kernel, too, may be who says that its device is lost. */
  private static Throwable heard(LaunchTask task, Throwable thrown) {
    Throwable cause =
        thrown instanceof CompletionException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown;
    if (cause instanceof GmStatusException known && known.status() == GmStatus.DEVICE_LOST) {
      task.slot().fate().lose(cause);
    }
    boolean own = cause == null || cause instanceof DeviceException;
    return !own && task.slot().isLost() ? task.lost(cause) : thrown;
  }

  /** The device is called, so not on its thread, which this may be. */
  private void undoLater(LaunchTask task) {
    try {
      monitors.start(() -> undo(task));
    } catch (RuntimeException | Error e) {
      finish(task, false); // whoever comes next finds the host's copy valid all the same
    }
  }

  private void undo(LaunchTask task) {
    try {
      for (Hold hold : task.holds()) {
        try {
          engine.holds().discard(hold);
        } catch (DeviceException e) {
          task.addFailure(e);
        }
      }
    } finally {
      finish(task, false);
    }
  }

  private void finish(LaunchTask task, boolean written) {
    if (!liftHolds(task, written)) {
      task.addFailure(task.lost(null));
    }
    if (task.running()) {
      task.slot().endRunning();
    }
    leave(task);
  }

  /** Takes a task that has ended out of the queue, and tells who waits for it. */
  private void leave(OrderedTask<?> task) {
    monitor.lock();
    unfinished.remove(task);
    monitor.signalAll();
    monitor.unlock();
    task.publish();
  }

  // ---- waiting ----

  /**
   * Waits for the launches and transfers that use any of some VMAs.
   *
   * @param vmas the VMAs
   */
  public void awaitUsers(Collection<Vma> vmas) {
    await(task -> vmas.stream().anyMatch(task::uses));
  }

  /**
   * Waits for the launches on a device, and the transfers to it.
   *
   * @param slot the device
   */
  public void awaitDevice(DeviceSlot slot) {
    await(task -> task.slot() == slot);
  }

  private void awaitEnd(List<OrderedTask<?>> tasks) {
    monitor.lock();
    try {
      while (tasks.stream().anyMatch(unfinished::contains)) {
        monitor.await();
      }
    } finally {
      monitor.unlock();
    }
  }

  private void await(Predicate<OrderedTask<?>> concerned) {
    List<OrderedTask<?>> tasks;
    monitor.lock();
    try {
      tasks = unfinished.stream().filter(concerned).toList();
    } finally {
      monitor.unlock();
    }
    awaitEnd(tasks);
    tasks.forEach(OrderedTask::publish); // whoever ends a task leaves the queue first
  }
}
