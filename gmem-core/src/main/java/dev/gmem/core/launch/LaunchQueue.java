package dev.gmem.core.launch;

import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.FaultEngine;
import dev.gmem.core.engine.FaultEngine.Held;
import dev.gmem.core.engine.Hold;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.sync.LockRank;
import dev.gmem.core.sync.Monitor;
import dev.gmem.spi.GmAttachMode;
import dev.gmem.spi.GmStatus;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/**
 * Starts launches in the order of their data.
 *
 * <p><b>Guarantees.</b> A launch starts after every earlier one that it conflicts with has ended,
 * failed ones included. On a device that cannot fault, the ranges of its arguments are held from
 * the return of {@link #submit} until its kernel has ended. A launch that cannot start leaves
 * nothing behind.
 *
 * <p><b>Progress.</b> Launches wait for earlier ones only. At most one launch per device is taking
 * room at a time, so that two cannot each wait for what the other has.
 */
public final class LaunchQueue {
  /**
   * Platform threads, which a program's virtual threads cannot starve: a launch that waits for a
   * carrier while the carriers' threads wait for the launch would never start.
   */
  private static final ExecutorService STARTERS =
      Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("gmem-launch-", 0).factory());

  private final FaultEngine engine;
  private final Monitor monitor;
  private final Set<LaunchTask> unfinished = new LinkedHashSet<>();
  private long submitted;

  /**
   * Makes one.
   *
   * @param engine moves the data
   * @param monitors makes its monitor
   */
  public LaunchQueue(FaultEngine engine, Monitor.Factory monitors) {
    this.engine = engine;
    this.monitor = monitors.create(LockRank.LAUNCHES);
  }

  /** Submits a launch; it starts now if it can, and otherwise when it may. */
  void submit(LaunchTask task) {
    List<CompletableFuture<?>> earlier = new ArrayList<>();
    monitor.lock();
    task.number(submitted++);
    for (LaunchTask other : unfinished) {
      if (task.conflicts(other)) {
        earlier.add(other.future());
      }
    }
    unfinished.add(task);
    monitor.unlock();
    try {
      checkQuota(task);
      placeHolds(task);
    } catch (RuntimeException e) {
      end(task, null, e);
      throw e;
    }
    if (!earlier.isEmpty()) {
      CompletableFuture.allOf(earlier.toArray(CompletableFuture[]::new))
          .whenComplete((ignored, failure) -> startLater(task));
    } else if (task.holds().stream().allMatch(h -> engine.isInPlace(h, task.slot()))) {
      occupy(task);
      startInPlace(task);
    } else {
      startLater(task);
    }
  }

  private static boolean holdsArguments(DeviceSlot slot) {
    return !slot.replayable() && slot.mode() != GmAttachMode.SHARE;
  }

  private void checkQuota(LaunchTask task) {
    if (!holdsArguments(task.slot())) {
      return;
    }
    long needed = 0;
    List<BufferUse> seen = new ArrayList<>();
    for (BufferUse use : task.buffers()) {
      if (seen.stream().noneMatch(s -> s.conflicts(use, true, true))) {
        needed += (use.end() - use.first()) * use.vma().granuleBytes();
      }
      seen.add(use);
    }
    if (needed > task.slot().quotaBytes()) {
      throw new DeviceMemoryExhaustedException(
          "the arguments of the launch do not fit the device's memory; use smaller slices:"
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
    if (!holdsArguments(task.slot())) {
      return;
    }
    while (true) {
      Vma pinned = tryPlaceHolds(task);
      if (pinned == null) {
        return;
      }
      liftHolds(task);
      engine.awaitUnpinned(pinned);
    }
  }

  private Vma tryPlaceHolds(LaunchTask task) {
    Set<Vma> exposed = new LinkedHashSet<>();
    for (BufferUse use : task.buffers()) {
      boolean own = task.slot().owns(use.access().writes());
      Hold hold = new Hold(task.number(), task.slot(), use.vma(), use.first(), use.end(), own);
      Held held = engine.hold(hold);
      if (held == Held.PINNED) {
        return use.vma();
      }
      task.holds().add(hold);
      if (held == Held.YES_QUIESCE) {
        exposed.add(use.vma());
      }
    }
    for (Vma vma : exposed) {
      vma.region().quiesce();
    }
    return null;
  }

  private void liftHolds(LaunchTask task) {
    for (Hold hold : task.holds()) {
      engine.lift(hold);
    }
    task.holds().clear();
  }

  // ---- start and end ----

  private void startLater(LaunchTask task) {
    STARTERS.execute(() -> start(task));
  }

  private void start(LaunchTask task) {
    try {
      if (!task.holds().isEmpty()) {
        moveArguments(task);
      }
    } catch (RuntimeException | Error e) {
      end(task, null, e);
      return;
    }
    startInPlace(task);
  }

  /** Starts a launch whose arguments are where they have to be, and stay there. */
  private void startInPlace(LaunchTask task) {
    try {
      engine
          .callDevice(task::launchKernel)
          .whenComplete((nanos, failure) -> end(task, nanos, failure));
    } catch (RuntimeException | Error e) {
      end(task, null, e);
    }
  }

  private void moveArguments(LaunchTask task) {
    long start = System.nanoTime();
    DeviceSlot slot = task.slot();
    slot.taking().acquireUninterruptibly();
    try {
      long before = slot.bytesIn();
      for (int i = 0; i < task.holds().size(); i++) {
        BufferUse use = task.buffers().get(i);
        boolean overwrite = !use.access().needsContents();
        engine.moveHeld(
            slot,
            task.holds().get(i),
            task.number(),
            overwrite ? use.innerFirst() : 0,
            overwrite ? use.innerEnd() : 0);
      }
      task.copiedIn(System.nanoTime() - start, slot.bytesIn() - before);
      occupy(task);
    } finally {
      slot.taking().release();
    }
  }

  /** Others that need room on the device may wait for this launch from now on. */
  private static void occupy(LaunchTask task) {
    if (!task.holds().isEmpty()) {
      task.slot().beginRunning();
      task.runs();
    }
  }

  private void end(LaunchTask task, Long kernelNanos, Throwable failure) {
    Throwable outcome = failure;
    try {
      liftHolds(task);
    } catch (RuntimeException e) {
      outcome = failure == null ? e : failure;
    }
    if (task.running()) {
      task.slot().endRunning();
    }
    if (kernelNanos != null) {
      task.slot().countLaunch(kernelNanos);
    }
    monitor.lock();
    unfinished.remove(task);
    monitor.unlock();
    task.complete(kernelNanos, outcome);
  }

  // ---- waiting ----

  /**
   * Waits for the launches that use any of some VMAs.
   *
   * @param vmas the VMAs
   */
  public void awaitUsers(Collection<Vma> vmas) {
    await(task -> vmas.stream().anyMatch(task::uses));
  }

  /**
   * Waits for the launches on a device.
   *
   * @param slot the device
   */
  public void awaitDevice(DeviceSlot slot) {
    await(task -> task.slot() == slot);
  }

  private void await(Predicate<LaunchTask> concerned) {
    monitor.lock();
    List<LaunchTask> tasks = unfinished.stream().filter(concerned).toList();
    monitor.unlock();
    for (LaunchTask task : tasks) {
      task.future().handle((result, failure) -> null).join();
    }
  }
}
