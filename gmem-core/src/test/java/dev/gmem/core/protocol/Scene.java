package dev.gmem.core.protocol;

import dev.gmem.DeviceException;
import dev.gmem.DeviceLostException;
import dev.gmem.IllegalDeviceAccessException;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PoisonedMemoryException;
import dev.gmem.Transfer;
import dev.gmem.core.engine.Hold;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.space.SpaceProbe;
import dev.gmem.core.testing.Explorer;
import dev.gmem.core.testing.Explorer.Mode;
import dev.gmem.core.testing.Explorer.Result;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeHost;
import dev.gmem.core.testing.FakeHost.Flaw;
import dev.gmem.core.testing.Scheduler;
import dev.gmem.core.testing.Stage;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** A scenario in the making: a stage, and threads on it. */
final class Scene {
  private static final int SCHEDULES_MAX = Integer.getInteger("gmem.explorer.schedules", 500);

  private final Scheduler scheduler;
  private final Stage stage;
  private int kernels;
  private int tasks;

  private Scene(Scheduler scheduler, Flaw flaw) {
    this.scheduler = scheduler;
    this.stage = new Stage(scheduler, flaw);
  }

  /**
   * Runs a scenario under every schedule, up to the order of independent steps.
   *
   * @param name for people
   * @param faults how often an access may fault
   * @param scenario sets a run up
   */
  static void every(String name, int faults, Consumer<Scene> scenario) {
    explore(name, new Explorer(Mode.REDUCED).faults(faults), Flaw.NONE, scenario).orThrow();
  }

  /**
   * Runs a scenario that has too many schedules for every build: those within one preemption, and
   * then as many others as {@code gmem.explorer.schedules} says; 0 for all.
   *
   * @param name for people
   * @param faults how often an access may fault
   * @param scenario sets a run up
   */
  static void many(String name, int faults, Consumer<Scene> scenario) {
    if (SCHEDULES_MAX > 0) {
      Explorer few = new Explorer(Mode.ALL).preemptions(1).schedules(SCHEDULES_MAX).faults(faults);
      explore(name, few, Flaw.NONE, scenario).orThrow();
    }
    Explorer all = new Explorer(Mode.REDUCED).faults(faults);
    explore(name, SCHEDULES_MAX > 0 ? all.schedules(SCHEDULES_MAX) : all, Flaw.NONE, scenario)
        .orThrow();
  }

  /**
   * Runs a scenario under every schedule with at most two preemptions.
   *
   * @param name for people
   * @param faults how often an access may fault
   * @param scenario sets a run up
   */
  static void withinTwoPreemptions(String name, int faults, Consumer<Scene> scenario) {
    Explorer few = new Explorer(Mode.ALL).preemptions(2).faults(faults);
    explore(name, few, Flaw.NONE, scenario).orThrow();
  }

  /** Explores a scenario and says how many schedules there were. */
  static Result explore(String name, Explorer explorer, Flaw flaw, Consumer<Scene> scenario) {
    long start = System.nanoTime();
    Result result =
        explorer.explore(
            scheduler -> {
              Scene scene = new Scene(scheduler, flaw);
              scenario.accept(scene);
              return scene.stage;
            });
    System.out.printf(
        "%7d schedules (%d cut) in %5d ms, %s: %s%n",
        result.schedules(),
        result.cut(),
        (System.nanoTime() - start) / 1_000_000,
        result.complete() ? "all" : result.failure() == null ? "limit reached" : "failed",
        name);
    return result;
  }

  Stage stage() {
    return stage;
  }

  FakeHost host() {
    return stage.host();
  }

  /** Adds a thread. */
  void thread(String name, Runnable body) {
    scheduler.start(name, body);
  }

  /** Lets others run first, maybe. */
  void point(String what) {
    scheduler.point(what);
  }

  /** Makes kernels that run on a thread of their own, as soon as they are started. */
  void kernels(FakeDevice device, FakeCompute compute, Consumer<FakeCompute.Started> body) {
    compute.onStart(
        launch ->
            scheduler.start(
                device.id() + " kernel " + kernels++,
                () -> {
                  body.accept(launch);
                  launch.finish();
                }));
  }

  /** Makes a hold of all of an allocation, as a launch does that writes it. */
  Hold hold(FakeDevice device, MemorySegment segment) {
    Vma vma = SpaceProbe.vma(stage.space(), segment);
    long end = vma.granuleEnd(vma.address(), vma.bytes());
    return new Hold(0, SpaceProbe.slot(stage.view(device)), vma, 0, end, true);
  }

  /** Launches a kernel; its end is something that threads can wait for. */
  Waitable launch(Kernel kernel, Object... arguments) {
    Launch launch = kernel.launch(NdRange.of(1), arguments);
    return new Waitable(launch.completion(), launch::join, launch::isDone);
  }

  /** Begins to bring memory to a device. */
  Waitable prefetch(MemorySegment segment, FakeDevice device) {
    return waitable(stage.space().prefetch(segment, stage.view(device)));
  }

  /** Begins to bring memory to the host. */
  Waitable prefetchToHost(MemorySegment segment) {
    return waitable(stage.space().prefetchToHost(segment));
  }

  /** Makes the end of a transfer something that threads can wait for. */
  Waitable waitable(Transfer transfer) {
    return new Waitable(transfer.completion(), transfer::join, transfer::isDone);
  }

  /** What has ended before it began. */
  Waitable done() {
    return new Waitable(CompletableFuture.completedFuture(null), () -> {}, () -> true);
  }

  /** Has all of an allocation on a device before the threads start. */
  void bring(MemorySegment segment, FakeDevice device) {
    Vma vma = SpaceProbe.vma(stage.space(), segment);
    SpaceProbe.engine(stage.space())
        .prefetch(
            SpaceProbe.slot(stage.view(device)),
            vma,
            0,
            vma.granuleEnd(vma.address(), vma.bytes()),
            false);
  }

  /** A launch or a transfer under a scheduler. */
  final class Waitable {
    private final Runnable end;
    private final BooleanSupplier done;
    private final int object;
    private boolean completed;

    Waitable(CompletionStage<?> completion, Runnable end, BooleanSupplier done) {
      this.end = end;
      this.done = done;
      this.object = scheduler.object("task " + tasks++);
      completion.whenComplete((result, failure) -> complete());
    }

    private void complete() {
      completed = true;
      scheduler.writes(object);
    }

    /** Whether it has ended. */
    boolean isDone() {
      return done.getAsBoolean();
    }

    /** Waits for its end; throws what it throws. */
    void join() {
      scheduler.await("the end of a task", () -> completed);
      scheduler.reads(object);
      end.run();
    }
  }

  /** Does something again until no device fails any more. */
  static void insist(Runnable access) {
    while (true) {
      try {
        access.run();
        return;
      } catch (DeviceException e) {
        // The valid copy is where it was; once more.
      }
    }
  }

  /** Does something that may find that a device is lost, or what it had. */
  static void unlessLost(Runnable access) {
    try {
      access.run();
    } catch (DeviceLostException | PoisonedMemoryException e) {
      // What comes after this does not rely on it.
    }
  }

  /** An access that finds the memory closed; anything else is a failure. */
  static void unlessClosed(Runnable access) {
    try {
      access.run();
    } catch (IllegalDeviceAccessException e) {
      // The device came too late.
    } catch (IllegalStateException e) {
      if (!"Already closed".equals(e.getMessage())) {
        throw e;
      }
    }
  }
}
