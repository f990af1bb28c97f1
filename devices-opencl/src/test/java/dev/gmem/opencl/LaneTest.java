package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jocl.cl_context;
import org.jocl.cl_mem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ends are told even where threads cannot be had. */
@Timeout(60)
class LaneTest {
  private static final int BYTES = 4096;

  private final ExecutorService pool = Executors.newCachedThreadPool();
  private final Releases releases = new Releases();
  private Cl cl;
  private cl_context context;
  private cl_mem buffer;

  @BeforeEach
  void open() {
    cl = TestDevices.cl();
    DeviceFacts facts = TestDevices.facts();
    context = cl.createContext(facts.platform(), facts.handle());
    releases.add(() -> cl.releaseContext(context));
    buffer = cl.createBuffer(context, BYTES);
    releases.add(() -> cl.releaseBuffer(buffer));
  }

  @AfterEach
  void close() {
    releases.close();
    pool.shutdown();
  }

  private Lane lane(Executor threads) {
    Lane lane =
        new Lane(cl, cl.createQueue(context, TestDevices.facts().handle(), false), threads, true);
    releases.add(lane::close);
    return lane;
  }

  /** Submits a batch; the future completes with the thread that is told its end. */
  private CompletableFuture<Thread> submit(Lane lane) {
    CompletableFuture<Thread> told = new CompletableFuture<>();
    lane.submit(
        (queue, events) -> events.add(cl.enqueueZeros(queue, buffer, 0, BYTES)),
        (events, failure) -> () -> told.complete(Thread.currentThread()));
    return told;
  }

  /** Submits batches; returns the threads that are told their ends. */
  private List<Thread> submitMany(Lane lane) throws Exception {
    List<CompletableFuture<Thread>> all = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      all.add(submit(lane));
    }
    List<Thread> told = new ArrayList<>();
    for (CompletableFuture<Thread> each : all) {
      told.add(each.get(30, TimeUnit.SECONDS));
    }
    return told;
  }

  @Test
  void whoSubmitsTellsTheEndIfNoThreadCanBeHad() throws Exception {
    AtomicInteger refusals = new AtomicInteger(2);
    Lane lane =
        lane(
            work -> {
              if (refusals.getAndDecrement() > 0) {
                throw new RejectedExecutionException("for a test");
              }
              pool.execute(work);
            });
    for (int i = 0; i < 2; i++) {
      assertSame(Thread.currentThread(), submit(lane).getNow(null));
      assertEquals(0, lane.load());
    }
    assertNotEquals(Thread.currentThread(), submit(lane).get(30, TimeUnit.SECONDS));
  }

  @Test
  void endsAreToldIfTheWaiterIsTheLastThreadThatCanBeHad() throws Exception {
    AtomicInteger left = new AtomicInteger(1);
    Lane lane =
        lane(
            work -> {
              if (left.getAndDecrement() <= 0) {
                throw new OutOfMemoryError("for a test");
              }
              pool.execute(work);
            });
    submitMany(lane);
  }

  @Test
  void endsAreToldOnPlatformThreads() throws Exception {
    assertTrue(submitMany(lane(pool)).stream().noneMatch(Thread::isVirtual));
  }
}
