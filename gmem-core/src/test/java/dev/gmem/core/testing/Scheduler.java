package dev.gmem.core.testing;

import dev.gmem.core.sync.LockRank;
import dev.gmem.core.sync.Monitor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Runs a handful of threads one at a time, and asks a {@link Chooser} at every point who goes on.
 *
 * <p>A thread reaches a point before it takes a monitor, after it has given one back, when it
 * waits, and wherever a fake says so. From one point to the next is a step; the fakes and the
 * monitors tell what it touches. Code that runs outside of the threads (setting up, checking) meets
 * no points.
 */
public final class Scheduler implements Schedule, Monitor.Factory {
  /** Most threads that a run may have. */
  public static final int TASKS_MAX = 12;

  private static final int STEPS_MAX = 4_000;

  /** Decides, and learns what each step touched. */
  interface Chooser {
    /**
     * Decides who goes on.
     *
     * @param enabled a bit for each thread that can
     * @param current who ran the step before, or -1
     * @return the thread, or -1 to give this run up
     */
    int choose(int enabled, int current);

    /**
     * A step is over.
     *
     * @param task who made it
     * @param reads what it read, a bit per object
     * @param writes what it wrote
     * @param held the monitors its thread held when it began
     * @param acquired the monitor it began by taking
     */
    void stepped(int task, long reads, long writes, long held, long acquired);

    /** A thread has made another. */
    void spawned(int parent, int child);

    /** The number of what threads share; the same for equal keys in all runs. */
    int object(Object key);
  }

  /** Unwinds a thread of a run that is given up. */
  static final class Abandoned extends Error {
    private static final long serialVersionUID = 1L;

    Abandoned() {
      super("abandoned", null, false, false);
    }
  }

  private static final class Task {
    private final int id;
    private final String name;
    private final List<LockRank> held = new ArrayList<>();
    private Thread thread;
    private BooleanSupplier ready;
    private String at = "start";
    private boolean over;
    private long holds;
    private long heldAtStart;

    Task(int id, String name) {
      this.id = id;
      this.name = name;
    }
  }

  private final Chooser chooser;
  private final Consumer<Boolean> afterStep;
  private final int faultsMax;
  private final List<Task> tasks = new ArrayList<>();
  private final List<String> trace = new ArrayList<>();
  private final CountDownLatch finished = new CountDownLatch(1);
  private final int[] monitorsMade = new int[LockRank.values().length];
  private volatile Task running;
  private boolean abandoned;
  private boolean inspecting;
  private int pins;
  private Throwable failure;
  private long reads;
  private long writes;
  private long acquired;

  /**
   * Makes one.
   *
   * @param chooser decides
   * @param afterStep runs after every step; throws if something is wrong
   * @param faultsMax how often an access may fault
   */
  Scheduler(Chooser chooser, Consumer<Boolean> afterStep, int faultsMax) {
    this.chooser = chooser;
    this.afterStep = afterStep;
    this.faultsMax = faultsMax;
  }

  /** Runs the threads to their ends. Returns what went wrong, or null. */
  Throwable run() {
    if (!tasks.isEmpty()) {
      handOver(next(null));
      awaitEnd();
    }
    return failure;
  }

  private void awaitEnd() {
    boolean interrupted = false;
    while (true) {
      try {
        finished.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Says who did what in which order. */
  List<String> trace() {
    return trace;
  }

  /**
   * Adds a thread.
   *
   * @param name for people
   * @param body what it does
   */
  public void start(String name, Runnable body) {
    Task parent = running;
    Task task = new Task(tasks.size(), name);
    if (task.id == TASKS_MAX) {
      throw new IllegalStateException("too many threads");
    }
    tasks.add(task);
    if (parent != null) {
      chooser.spawned(parent.id, task.id);
      writes(object("threads"));
    }
    task.thread = Thread.ofVirtual().name(name).start(() -> perform(task, body));
  }

  @Override
  public void start(Runnable task) {
    start("starter " + tasks.size(), task);
  }

  private void perform(Task task, Runnable body) {
    try {
      park(task);
      if (!abandoned) {
        body.run();
      }
    } catch (Abandoned | GivenUp e) {
      // The run is over, or the thread's part in it.
    } catch (Throwable e) {
      fail(e);
    }
    task.over = true;
    if (!abandoned) {
      endStep(task);
    }
    Task next = next(task);
    if (next == null) {
      running = null;
      finished.countDown();
    } else {
      handOver(next);
    }
  }

  private void fail(Throwable e) {
    if (failure == null) {
      failure = e;
    }
    abandoned = true;
  }

  private void park(Task me) {
    while (running != me) {
      LockSupport.park(this);
    }
  }

  private void handOver(Task next) {
    running = next;
    LockSupport.unpark(next.thread);
  }

  // ---- points ----

  @Override
  public void point(String what) {
    await(what, null);
  }

  @Override
  public void await(String what, BooleanSupplier ready) {
    Task me = running();
    if (me == null) {
      return;
    }
    checkAbandoned();
    me.at = what;
    me.ready = ready;
    endStep(me);
    checkAbandoned();
    Task next = next(me);
    if (next != me) {
      handOver(next);
      park(me);
    }
    checkAbandoned();
    me.ready = null;
  }

  /** Who runs, or null if it is code that meets no points. */
  private Task running() {
    return inspecting ? null : running;
  }

  private void checkAbandoned() {
    if (abandoned) {
      throw new Abandoned();
    }
  }

  private void endStep(Task task) {
    inspecting = true;
    try {
      afterStep.accept((reads | writes) != 0);
    } catch (Throwable e) {
      fail(e);
    } finally {
      inspecting = false;
    }
    chooser.stepped(task.id, reads, writes, task.heldAtStart, acquired);
    task.heldAtStart = task.holds;
    reads = 0;
    writes = 0;
    acquired = 0;
  }

  /** Finds who goes on; null if all have ended. */
  private Task next(Task current) {
    int enabled = 0;
    Task waiting = null;
    for (Task task : tasks) {
      if (!task.over) {
        waiting = task;
        if (task.ready == null || task.ready.getAsBoolean()) {
          enabled |= 1 << task.id;
        }
      }
    }
    if (waiting == null) {
      return null;
    }
    if (!abandoned && enabled == 0) {
      fail(new AssertionError("deadlock: " + describe()));
    }
    if (!abandoned && trace.size() > STEPS_MAX) {
      fail(new AssertionError("no end in sight after " + STEPS_MAX + " steps"));
    }
    if (!abandoned) {
      int chosen = chooser.choose(enabled, current == null ? -1 : current.id);
      if (chosen >= 0) {
        Task next = tasks.get(chosen);
        trace.add(next.name + ": " + next.at);
        return next;
      }
      abandoned = true;
    }
    return current != null && !current.over ? current : waiting;
  }

  private String describe() {
    StringBuilder text = new StringBuilder();
    for (Task task : tasks) {
      if (!task.over) {
        text.append(task.name).append(" waits for ").append(task.at).append("; ");
      }
    }
    return text.toString();
  }

  // ---- what steps touch ----

  @Override
  public int object(Object key) {
    return chooser.object(key);
  }

  @Override
  public void reads(int object) {
    reads |= 1L << object;
  }

  @Override
  public void writes(int object) {
    writes |= 1L << object;
  }

  @Override
  public int faultsMax() {
    return faultsMax;
  }

  @Override
  public boolean noneHeld() {
    Task me = running();
    return me == null || me.held.isEmpty();
  }

  // ---- monitors ----

  @Override
  public Monitor create(LockRank rank) {
    return new Scheduled(rank, monitorsMade[rank.ordinal()]++);
  }

  /** A monitor whose every operation is a point. */
  private final class Scheduled implements Monitor {
    private final LockRank rank;
    private final String name;
    private final int object;
    private Task owner;
    private int signals;

    Scheduled(LockRank rank, int number) {
      this.rank = rank;
      this.name = rank + "-" + number;
      this.object = object(name);
    }

    @Override
    public void lock() {
      Task me = running();
      if (me == null) {
        return;
      }
      if (!me.held.isEmpty() && me.held.getLast().compareTo(rank) >= 0) {
        throw new AssertionError("lock order: " + rank + " asked for while holding " + me.held);
      }
      Scheduler.this.await("lock " + name, () -> owner == null);
      take(me);
    }

    private void take(Task me) {
      owner = me;
      me.held.add(rank);
      me.holds |= 1L << object;
      acquired |= 1L << object;
      writes(object);
    }

    @Override
    public void unlock() {
      Task me = running();
      if (me == null || abandoned) {
        return;
      }
      give(me);
      point("after unlock " + name);
    }

    private void give(Task me) {
      if (owner != me) {
        throw new AssertionError(me.name + " does not hold " + name);
      }
      owner = null;
      me.held.remove(rank);
      me.holds &= ~(1L << object);
      writes(object);
    }

    @Override
    public void await() {
      waitFor("signal " + name, () -> false);
    }

    @Override
    public void awaitNanos(long nanos) {
      // Only pins are waited for like this: time passes when there are none.
      waitFor("signal or time " + name, () -> pins == 0);
      reads(object("pins"));
    }

    private void waitFor(String what, BooleanSupplier early) {
      Task me = running();
      checkAbandoned();
      if (me == null) {
        throw new AssertionError("nobody is there to wake who waits for " + what);
      }
      if (me.held.size() != 1) {
        throw new AssertionError("waiting on " + rank + " while holding " + me.held);
      }
      int before = signals;
      give(me);
      Scheduler.this.await(
          what, () -> owner == null && (signals != before || early.getAsBoolean()));
      take(me);
    }

    @Override
    public void signalAll() {
      signals++;
      writes(object);
    }
  }

  @Override
  public void pins(int more) {
    pins += more;
    writes(object("pins"));
  }
}
