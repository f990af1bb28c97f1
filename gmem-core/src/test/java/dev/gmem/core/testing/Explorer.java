package dev.gmem.core.testing;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Runs a scenario under every schedule, or under every schedule with few preemptions.
 *
 * <p>Depth-first search without stored states: each run starts afresh and replays the choices that
 * led to the next alternative (Godefroid, "Model Checking for Programming Languages using
 * VeriSoft", 1997). {@link Mode#REDUCED} leaves out schedules that only swap steps which touch
 * nothing in common: races and sleep sets (Abdulla, Aronis, Jonsson, Sagonas, "Optimal Dynamic
 * Partial Order Reduction", POPL 2014), but with every thread tried where a race begins (Flanagan,
 * Godefroid, "Dynamic Partial-Order Reduction for Model Checking Software", POPL 2005). At least
 * one schedule of each class remains, so no result, deadlock or failed check of what a step has
 * touched is missed. {@link Mode#ALL} leaves nothing out, and exists to check the reduction. A
 * preemption bound goes with {@code ALL} only, since the reduction might leave out the one schedule
 * of a class that is within the bound.
 */
public final class Explorer {
  /** What is left out. */
  public enum Mode {
    /** Nothing. */
    ALL,
    /** Schedules that differ from one that is run in the order of independent steps only. */
    REDUCED
  }

  /** One run of a scenario. */
  public interface Run {
    /**
     * Runs after each step; throws if something is wrong.
     *
     * @param touched whether the step has said that it touched something
     */
    default void afterStep(boolean touched) {}

    /** Runs when all threads have ended; throws if something is wrong. */
    default void atEnd() {}
  }

  /**
   * What an exploration came to.
   *
   * @param schedules runs that went to their end
   * @param cut runs given up because each way on is equivalent to one explored elsewhere
   * @param complete false if the limit was reached
   * @param failure what went wrong in the last run, or null
   * @param trace its steps
   */
  public record Result(
      long schedules, long cut, boolean complete, Throwable failure, List<String> trace) {
    /**
     * Expects that nothing went wrong in any schedule.
     *
     * @return this
     */
    public Result orThrow() {
      if (failure != null) {
        throw new AssertionError(
            failure + " after " + schedules + " schedules, in:\n  " + String.join("\n  ", trace),
            failure);
      }
      return this;
    }
  }

  private static final int UNBOUNDED = Integer.MAX_VALUE;

  private final Mode mode;
  private int preemptionsMax = UNBOUNDED;
  private long schedulesMax = Long.MAX_VALUE;
  private int faultsMax = 1;
  private final Map<Object, Integer> objects = new HashMap<>();
  private final List<Node> path = new ArrayList<>();

  /**
   * Makes one.
   *
   * @param mode what is left out
   */
  public Explorer(Mode mode) {
    this.mode = mode;
  }

  /**
   * Bounds the preemptions: how often a thread that could go on does not.
   *
   * @param max the bound
   * @return this
   */
  public Explorer preemptions(int max) {
    if (mode != Mode.ALL) {
      throw new IllegalStateException("a bound and the reduction do not go together");
    }
    preemptionsMax = max;
    return this;
  }

  /**
   * Bounds the number of runs.
   *
   * @param max the bound
   * @return this
   */
  public Explorer schedules(long max) {
    schedulesMax = max;
    return this;
  }

  /**
   * Bounds how often an access may fault before its thread gives up.
   *
   * @param max the bound
   * @return this
   */
  public Explorer faults(int max) {
    faultsMax = max;
    return this;
  }

  /**
   * Explores.
   *
   * @param scenario sets a run up: starts its threads on the scheduler it is given
   * @return what came of it; stops at the first failure
   */
  public Result explore(Function<Scheduler, Run> scenario) {
    long schedules = 0;
    long cut = 0;
    while (true) {
      Descent descent = new Descent();
      Run[] run = new Run[1];
      Scheduler scheduler = new Scheduler(descent, touched -> run[0].afterStep(touched), faultsMax);
      run[0] = scenario.apply(scheduler);
      Throwable failure = scheduler.run();
      if (failure == null && !descent.cut) {
        failure = check(run[0]);
      }
      if (descent.cut) {
        cut++;
      } else {
        schedules++;
      }
      if (failure != null) {
        return new Result(schedules, cut, false, failure, scheduler.trace());
      }
      if (!advance()) {
        return new Result(schedules, cut, true, null, scheduler.trace());
      }
      if (schedules + cut >= schedulesMax) {
        return new Result(schedules, cut, false, null, scheduler.trace());
      }
    }
  }

  private static Throwable check(Run run) {
    try {
      run.atEnd();
      return null;
    } catch (Throwable e) {
      return e;
    }
  }

  /** Moves to the next alternative, the deepest first. */
  private boolean advance() {
    while (!path.isEmpty()) {
      Node node = path.getLast();
      node.done |= 1 << node.chosen;
      int rest = node.wanted & node.enabled & ~node.done & ~node.sleep;
      if (rest != 0) {
        node.chosen = Integer.numberOfTrailingZeros(rest);
        return true;
      }
      path.removeLast();
    }
    return false;
  }

  /** A state, by the choices that lead to it. */
  private static final class Node {
    private final int enabled;
    private final int current;
    private final int preemptions;
    private int chosen;
    private int wanted;
    private int done;
    private int sleep;
    private long held;

    /** What the next steps of threads in {@code done} and {@code sleep} touch. */
    private final long[] reads = new long[Scheduler.TASKS_MAX];

    private final long[] writes = new long[Scheduler.TASKS_MAX];

    Node(int enabled, int current, int preemptions) {
      this.enabled = enabled;
      this.current = current;
      this.preemptions = preemptions;
    }

    boolean preempts(int task) {
      return current >= 0 && (enabled & 1 << current) != 0 && task != current;
    }
  }

  private static boolean dependent(long reads, long writes, long otherReads, long otherWrites) {
    return (writes & (otherReads | otherWrites)) != 0 || (reads & otherWrites) != 0;
  }

  /** One run down the tree. */
  private final class Descent implements Scheduler.Chooser {
    private final int[][] clockOfTask = new int[Scheduler.TASKS_MAX][Scheduler.TASKS_MAX];
    private final List<int[]> clockOfStep = new ArrayList<>();
    private int depth;
    private boolean cut;

    @Override
    public int choose(int enabled, int current) {
      if (depth < path.size()) {
        Node node = path.get(depth);
        if (node.enabled != enabled || node.current != current) {
          throw new AssertionError(
              "the scenario does not replay: it depends on more than schedules");
        }
        return node.chosen;
      }
      Node node = child(enabled, current);
      int awake = enabled & ~node.sleep;
      if (awake == 0) {
        cut = true;
        return -1;
      }
      boolean stays = current >= 0 && (awake & 1 << current) != 0;
      node.chosen = stays ? current : Integer.numberOfTrailingZeros(awake);
      node.wanted = mode == Mode.REDUCED ? 1 << node.chosen : allowed(node);
      path.add(node);
      return node.chosen;
    }

    private int allowed(Node node) {
      boolean spent = node.preemptions >= preemptionsMax;
      return spent && (node.enabled & 1 << node.chosen) != 0 && node.chosen == node.current
          ? 1 << node.chosen
          : node.enabled;
    }

    private Node child(int enabled, int current) {
      if (depth == 0) {
        return new Node(enabled, current, 0);
      }
      Node parent = path.get(depth - 1);
      int p = parent.chosen;
      Node node = new Node(enabled, current, parent.preemptions + (parent.preempts(p) ? 1 : 0));
      if (mode == Mode.REDUCED) {
        for (int rest = (parent.sleep | parent.done) & ~(1 << p); rest != 0; rest &= rest - 1) {
          int task = Integer.numberOfTrailingZeros(rest);
          long reads = parent.reads[task];
          long writes = parent.writes[task];
          if (!dependent(reads, writes, parent.reads[p], parent.writes[p])) {
            node.sleep |= 1 << task;
            node.reads[task] = reads;
            node.writes[task] = writes;
          }
        }
      }
      return node;
    }

    @Override
    public void stepped(int task, long reads, long writes, long held, long acquired) {
      if (depth == path.size()) {
        return; // the run has been given up
      }
      Node node = path.get(depth);
      node.reads[task] = reads;
      node.writes[task] = writes;
      node.held = held;
      if (mode == Mode.REDUCED) {
        int[] clock = clockOfTask[task].clone();
        clock[task] = depth + 1;
        clockOfStep.add(clock);
        races(task, reads, writes, acquired, clock);
        clockOfTask[task] = clock;
      }
      depth++;
    }

    /**
     * Finds the earlier steps that this one could have come before. From there every thread is
     * tried in another run: what the way past touches may depend on the very step that it is to
     * pass, so that nothing can be said about who leads it. Completes the clock of the step: what
     * happens before it.
     */
    private void races(int task, long reads, long writes, long acquired, int[] clock) {
      int[] ordered = clock.clone();
      for (int i = depth - 1; i >= 0 && (reads | writes) != 0; i--) {
        Node earlier = path.get(i);
        int other = earlier.chosen;
        if (other == task
            || !dependent(reads, writes, earlier.reads[other], earlier.writes[other])) {
          continue;
        }
        boolean direct = i >= ordered[other];
        join(clock, clockOfStep.get(i));
        if (!direct || (earlier.held & acquired) != 0) {
          continue; // there is a step between, or the way past leads through an earlier acquisition
        }
        earlier.wanted |= earlier.enabled;
        join(ordered, clockOfStep.get(i));
      }
    }

    @Override
    public void spawned(int parent, int child) {
      clockOfTask[child] = clockOfTask[parent].clone();
      clockOfTask[child][parent] = depth + 1;
    }

    @Override
    public int object(Object key) {
      int number = objects.computeIfAbsent(key, ignored -> objects.size());
      if (number >= Long.SIZE) {
        throw new IllegalStateException("too many objects: " + objects.keySet());
      }
      return number;
    }
  }

  private static void join(int[] clock, int[] other) {
    for (int i = 0; i < clock.length; i++) {
      clock[i] = Math.max(clock[i], other[i]);
    }
  }
}
