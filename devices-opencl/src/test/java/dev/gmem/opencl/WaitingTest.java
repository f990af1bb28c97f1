package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gmem.Access;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmRange;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Ends of launches are told, whoever waits for them: once, and to all. */
class WaitingTest {
  /** More than it takes for the waiter to expect that results are joined. */
  private static final int JOINED = 12;

  private static final NdRange ONE = NdRange.of(1);

  private Setup setup;
  private GmKernel kernel;
  private GmRange range;
  private GmArgument buffer;

  @BeforeEach
  void attach() {
    setup = new Setup(TestDevices.withoutHostAccess(TestDevices.cl()));
    kernel = setup.kernel("__kernel void next(__global int* a) { a[0]++; }");
    range = setup.mapped(setup.space().allocate(1));
    buffer = Setup.buffer(range, Access.READ_WRITE);
  }

  @AfterEach
  void close() {
    if (setup != null) {
      setup.close();
    }
  }

  private CompletableFuture<Long> launch() {
    return Setup.start(kernel, ONE, buffer).toCompletableFuture();
  }

  private void joinMany() {
    for (int i = 0; i < JOINED; i++) {
      launch().join();
    }
  }

  private void assertCounted(int launches) {
    setup.home(range);
    assertEquals(launches, setup.hostInt(range, 0));
    setup.mapped(range);
  }

  @Test
  void aResultThatNobodyJoinsIsToldAfterManyThatWere() {
    for (int round = 1; round <= 20; round++) {
      joinMany();
      Setup.run(kernel, ONE, buffer);
      Setup.run(kernel, ONE, buffer);
      assertCounted(round * (JOINED + 2));
    }
  }

  @Test
  void aResultIsToldAfterAPause() throws InterruptedException {
    joinMany();
    TimeUnit.MILLISECONDS.sleep(20); // the waiter has given up staying
    Setup.run(kernel, ONE, buffer);
    launch().join();
    assertCounted(JOINED + 2);
  }

  @Test
  void aDeviceIsClosedWhileItsWaiterStays() {
    joinMany();
    assertCounted(JOINED);
    setup.home(range);
    setup.close();
    setup = null;
  }

  @Test
  void everyResultIsToldOnceWhoeverWaits() throws Exception {
    int threads = 4;
    int launches = 200;
    AtomicInteger told = new AtomicInteger();
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> all = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        boolean joins = t % 2 == 0;
        GmRange own = setup.mapped(setup.space().allocate(1));
        GmArgument mine = Setup.buffer(own, Access.READ_WRITE);
        all.add(
            pool.submit(
                () -> {
                  for (int i = 0; i < launches; i++) {
                    CompletableFuture<Long> end =
                        Setup.start(kernel, ONE, mine).toCompletableFuture();
                    CompletableFuture<Integer> count =
                        end.thenApply(nanos -> told.incrementAndGet());
                    if (joins) {
                      end.join();
                    }
                    count.orTimeout(60, TimeUnit.SECONDS).join();
                  }
                  setup.home(own);
                  assertEquals(launches, setup.hostInt(own, 0));
                }));
      }
      for (Future<?> each : all) {
        each.get(120, TimeUnit.SECONDS);
      }
    }
    assertEquals(threads * launches, told.get());
  }
}
