package dev.gmem.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gmem.Access;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** The asynchronous forms, and calls from many threads on disjoint ranges. */
public abstract class ConcurrencyContract extends FacetContract {
  private static final int THREADS = 4;
  private static final int STEPS = 200;
  private static final int RUNS = 12;

  /** For subclasses. */
  protected ConcurrencyContract() {}

  @Test
  void asynchronousFormsMoveTheSameBytes() throws ExecutionException {
    GmRange range = space().allocate(4);
    fillHost(range, 1);
    assertSuccess(await(space().mapAsync(range, true, Access.READ_WRITE)));
    assertSuccess(await(space().unmapAsync(range, true)));
    assertHost(range, 1);
  }

  @Test
  void severalCanBeUnderWay() throws ExecutionException {
    GmRange range = space().allocate(RUNS * 3);
    fillHost(range, 1);
    List<CompletableFuture<GmStatus>> maps = new ArrayList<>();
    for (int i = 0; i < RUNS; i++) {
      maps.add(space().mapAsync(space().part(range, i * 3, 3), true, Access.READ_WRITE));
    }
    for (CompletableFuture<GmStatus> map : maps) {
      assertSuccess(await(map));
    }
    List<CompletableFuture<GmStatus>> unmaps = new ArrayList<>();
    for (int i = 0; i < RUNS; i++) {
      unmaps.add(space().unmapAsync(space().part(range, i * 3, 3), true));
    }
    for (CompletableFuture<GmStatus> unmap : unmaps) {
      assertSuccess(await(unmap));
    }
    assertHost(range, 1);
  }

  @Test
  void mappingsAndUnmappingsCanBeUnderWayTogether() throws ExecutionException {
    GmRange range = space().allocate(4);
    GmRange left = space().part(range, 0, 2);
    GmRange right = space().part(range, 2, 2);
    fillHost(range, 1);
    assertSuccess(space().map(left, true, Access.READ_WRITE));
    CompletableFuture<GmStatus> unmap = space().unmapAsync(left, true);
    CompletableFuture<GmStatus> map = space().mapAsync(right, true, Access.READ_WRITE);
    assertSuccess(await(unmap));
    assertSuccess(await(map));
    assertSuccess(space().unmap(right, true));
    assertHost(range, 1);
  }

  @Test
  void asynchronousFormsReportRefusals() throws ExecutionException {
    GmRange range = space().allocate(2);
    fillHost(range, 1);
    assertSuccess(space().map(space().part(range, 1, 1), true, Access.READ_WRITE));
    assertEquals(GmStatus.PAGE_EXIST, await(space().tryMapAsync(range, true, Access.READ_WRITE)));
    assertSuccess(space().unmap(space().part(range, 1, 1), true));
    assertHost(range, 1);
  }

  @Test
  void threadsOnDisjointRangesDoNotDisturbEachOther()
      throws ExecutionException, InterruptedException, TimeoutException {
    assumeBytesMove();
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<?>> results = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        RandomTraffic traffic = new RandomTraffic(space(), space().allocate(16), i);
        results.add(threads.submit(() -> traffic.run(STEPS)));
      }
      for (Future<?> result : results) {
        result.get(fixture().timeout().toNanos(), TimeUnit.NANOSECONDS);
      }
    }
  }

  @Test
  void threadsOnNeighbouringGranulesDoNotDisturbEachOther()
      throws ExecutionException, InterruptedException, TimeoutException {
    assumeBytesMove();
    GmRange shared = space().allocate(THREADS);
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<?>> results = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        RandomTraffic traffic = new RandomTraffic(space(), space().part(shared, i, 1), i);
        results.add(threads.submit(() -> traffic.run(STEPS)));
      }
      for (Future<?> result : results) {
        result.get(fixture().timeout().toNanos(), TimeUnit.NANOSECONDS);
      }
    }
  }
}
