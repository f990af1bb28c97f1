package dev.gmem.bench.fault;

import dev.gmem.bench.Benchmark;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.Effort;
import dev.gmem.bench.loop.Loops;
import dev.gmem.bench.report.Figure;
import dev.gmem.bench.report.Numbers;
import dev.gmem.bench.report.Pairs;
import dev.gmem.bench.report.Row;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * What revocations do to a thread that has nothing to do with them: it adds up ordinary memory,
 * while another takes a granule from the CPU and gives it back so many times a second. Nothing
 * faults; only the handshake is between the two.
 *
 * <p>The thread's own processor time is measured: it does not count when another program has the
 * processor. The JDK's price for the same handshake stands beside it: closing a shared arena.
 */
public final class RevocationEffect implements Benchmark {
  private static final int[] RATES = {100, 1_000, 8_000};
  private static final int GRANULE_BYTES = 64 << 10;
  private static final long BYSTANDER_BYTES = 1 << 20;
  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** A sleep ends about this much too late; the rest is spun. */
  private static final long SPIN_NANOS = 60_000;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Makes the benchmark. */
  public RevocationEffect() {}

  @Override
  public String name() {
    return "revocation-effect";
  }

  @Override
  public String description() {
    return "a loop over ordinary memory beside revocations; floor: beside an idle thread";
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    int rounds = effort.pick(1, 5, 20);
    List<Row> rows = new ArrayList<>();
    try (Ground ground = new Ground(GRANULE_BYTES)) {
      MemorySegment memory = ground.unified(GRANULE_BYTES);
      MemorySegment bystander = ground.raw(BYSTANDER_BYTES);
      Runnable nothing = () -> {};
      Runnable close = () -> Arena.ofShared().close();
      Runnable revoke = () -> revoke(ground, memory);
      window(bystander, RATES[0], nothing);
      for (int rate : RATES) {
        rows.add(compare(bystander, rate, close, "closes of shared arenas", rounds));
      }
      for (int rate : RATES) {
        rows.add(compare(bystander, rate, revoke, "revocations", rounds));
      }
    }
    return rows;
  }

  private static void revoke(Ground ground, MemorySegment memory) {
    ground.space().prefetchToHost(memory).join();
    ground.toDevice(memory);
  }

  private Row compare(MemorySegment bystander, int rate, Runnable action, String what, int rounds) {
    Pairs pairs = new Pairs();
    double[] rates = new double[rounds];
    window(bystander, rate, action);
    for (int i = 0; i < rounds; i++) {
      double floor = window(bystander, rate, () -> {}).nanosPerInt();
      Window busy = window(bystander, rate, action);
      pairs.add(floor, busy.nanosPerInt());
      rates[i] = busy.actionsPerSecond();
    }
    String name = "beside " + rate + " " + what + "/s";
    double done = Numbers.median(rates);
    if (done < 0.95 * rate) {
      name += " (" + Math.round(done) + " done)";
    }
    return pairs.row(name(), name, "ns/int", Figure.Kind.RATIO, Row.NO_LIMIT);
  }

  private record Window(double nanosPerInt, double actionsPerSecond) {}

  /** Lets both threads run for a while. */
  private static Window window(MemorySegment bystander, int rate, Runnable action) {
    long start = System.nanoTime();
    long startOfThread = THREADS.getCurrentThreadCpuTime();
    Actor actor = new Actor(start, SECOND_NANOS / rate, action);
    Thread thread = new Thread(actor, "revoker");
    thread.start();
    long passes = 0;
    int sum = 0;
    while (System.nanoTime() - start < WINDOW_NANOS) {
      sum += Loops.sum(bystander);
      passes++;
    }
    double nanos = THREADS.getCurrentThreadCpuTime() - startOfThread;
    BenchmarkException.require("the sum of zeros", 0, sum);
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new BenchmarkException("a thread that nobody interrupts was interrupted", e);
    }
    return new Window(
        nanos / ((double) passes * BYSTANDER_BYTES / Integer.BYTES),
        actor.actions * (double) SECOND_NANOS / WINDOW_NANOS);
  }

  /** Acts at a rate, and sleeps in between. */
  private static final class Actor implements Runnable {
    private final long start;
    private final long periodNanos;
    private final Runnable action;
    private long actions;

    Actor(long start, long periodNanos, Runnable action) {
      this.start = start;
      this.periodNanos = periodNanos;
      this.action = action;
    }

    @Override
    public void run() {
      while (true) {
        long now = System.nanoTime() - start;
        if (now >= WINDOW_NANOS) {
          return;
        }
        if (now >= actions * periodNanos) {
          action.run();
          actions++;
        } else {
          LockSupport.parkNanos(actions * periodNanos - now - SPIN_NANOS);
        }
      }
    }
  }
}
