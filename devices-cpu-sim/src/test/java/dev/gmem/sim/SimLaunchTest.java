package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Access;
import dev.gmem.KernelCompilationException;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.kernel.DeviceKernel;
import dev.gmem.kernel.DeviceMemory;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmRange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Launches: the queue, the workers, arguments and what is refused. */
@Timeout(120)
class SimLaunchTest {
  private SimRig rig;

  @BeforeEach
  void open() {
    rig = SimRig.plain();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void twoWorkersShareALaunch() throws Exception {
    CyclicBarrier both = new CyclicBarrier(2);
    rig.run(2, (item, memory, arguments) -> await(both));
  }

  @Test
  void workersAreNamedDaemons() throws Exception {
    AtomicReference<Thread> worker = new AtomicReference<>();
    rig.run(1, (item, memory, arguments) -> worker.set(Thread.currentThread()));
    assertThat(worker.get().isDaemon()).isTrue();
    assertThat(worker.get().getName()).startsWith("sim0-worker-");
  }

  @Test
  void launchesAreUnderWayTogether() throws Exception {
    CyclicBarrier both = new CyclicBarrier(2);
    CompletableFuture<Long> first = rig.start(1, (item, memory, arguments) -> await(both));
    CompletableFuture<Long> second = rig.start(1, (item, memory, arguments) -> await(both));
    SimRig.await(first);
    SimRig.await(second);
  }

  @Test
  void launchesBeginInTheirOrder() throws Exception {
    AtomicInteger begun = new AtomicInteger();
    AtomicInteger wrong = new AtomicInteger();
    CompletableFuture<?>[] launches = new CompletableFuture<?>[50];
    try (SimRig single = new SimRig(Sim.builder("sim0").workers(1))) {
      for (int i = 0; i < launches.length; i++) {
        int number = i;
        launches[i] =
            single.start(
                1,
                (item, memory, arguments) ->
                    wrong.addAndGet(begun.getAndIncrement() == number ? 0 : 1));
      }
      SimRig.await(CompletableFuture.allOf(launches));
    }
    assertThat(wrong).hasValue(0);
  }

  @Test
  void everyItemOfALargeLaunchRunsOnce() throws Exception {
    AtomicLong sum = new AtomicLong();
    int items = 200_003;
    rig.run(items, (item, memory, arguments) -> sum.addAndGet(item.globalId(0)));
    assertThat(sum).hasValue((long) items * (items - 1) / 2);
  }

  @Test
  void aLaunchFailsWithTheVeryExceptionOfItsKernel() throws Exception {
    IllegalStateException thrown = new IllegalStateException("broken");
    AtomicInteger ran = new AtomicInteger();
    DeviceKernel failing =
        (item, memory, arguments) -> {
          ran.incrementAndGet();
          throw thrown;
        };
    assertThat(rig.failure(1_000_000, failing)).isSameAs(thrown);
    assertThat(ran.get()).as("items begun after the failure").isLessThanOrEqualTo(2);
    assertThat(rig.device().statistics().launches()).isEqualTo(1);
  }

  @Test
  void aKernelThatOverflowsItsStackFailsAndBlocksNobody() throws Exception {
    GmRange range = rig.space().allocate(1);
    DeviceKernel deep = (item, memory, arguments) -> descend(memory, arguments.address(0));
    for (int i = 0; i < 20; i++) {
      assertThat(rig.failure(2, deep, range)).isInstanceOf(StackOverflowError.class);
      rig.space().bringHome(range);
    }
  }

  private static int descend(DeviceMemory memory, long address) {
    return memory.getAndAddInt(address, 1) + descend(memory, address);
  }

  @Test
  void closingWaitsForWhatRuns() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    CompletableFuture<Long> launch =
        rig.start(
            1,
            (item, memory, arguments) -> {
              running.countDown();
              await(go);
            });
    running.await();
    Thread closer = Thread.ofPlatform().start(rig.device()::close);
    assertThat(closer.join(Duration.ofMillis(100))).isFalse();
    go.countDown();
    closer.join();
    assertThat(launch).isCompleted();
    rig = SimRig.plain();
  }

  @Test
  void aDeviceCanBeClosedWhenALaunchEnds() throws Exception {
    CompletableFuture<Void> closed =
        rig.start(1, (item, memory, arguments) -> sleep()).thenRun(rig.device()::close);
    SimRig.await(closed);
    rig = SimRig.plain();
  }

  @Test
  void theLocalSizeMustDivideTheGlobalOne() {
    GmKernel kernel = rig.kernel((item, memory, arguments) -> {}, 0);
    kernel.validate(NdRange.of(12, 6).local(4, 3), List.of());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernel.validate(NdRange.of(12, 6).local(4, 4), List.of()))
        .withMessageContaining("global=[12, 6] local=[4, 4]");
  }

  @Test
  void argumentsMustFitTheParameters() {
    GmKernel kernel = compile((i, m, a) -> {}, Parameter.READ, Parameter.SCALAR);
    GmRange range = rig.space().allocate(1);
    GmArgument buffer = new GmArgument.Buffer(range, range.address(), 8, Access.READ);
    GmArgument scalar = new GmArgument.Scalar(1);
    kernel.validate(NdRange.of(1), List.of(buffer, scalar));
    assertRefused(kernel, "parameters=2 arguments=1", buffer);
    assertRefused(kernel, "index=0 parameter=READ", scalar, scalar);
    assertRefused(kernel, "index=1 parameter=SCALAR", buffer, buffer);
    assertRefused(kernel, "index=0 parameter=READ", new GmArgument.Local(8), scalar);
  }

  private static void assertRefused(GmKernel kernel, String message, GmArgument... arguments) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernel.validate(NdRange.of(1), List.of(arguments)))
        .withMessageContaining(message);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernel.launch(NdRange.of(1), List.of(arguments)));
  }

  @Test
  void localMemoryAndOtherLanguagesDoNotCompile() {
    assertThatThrownBy(() -> compile((i, m, a) -> {}, Parameter.LOCAL))
        .isInstanceOf(KernelCompilationException.class)
        .hasMessageContaining("local memory");
    KernelSource openCl = KernelSource.openCl("__kernel void k() {}");
    assertThat(rig.device().compute().orElseThrow().supports(openCl)).isFalse();
    assertThatThrownBy(() -> rig.device().compute().orElseThrow().compile(openCl))
        .isInstanceOf(KernelCompilationException.class);
  }

  @Test
  void scalarsWidenAndNothingElse() throws Exception {
    GmRange range = rig.space().allocate(1);
    GmKernel kernel =
        compile(
            (item, memory, arguments) -> {
              assertThat(arguments.count()).isEqualTo(9);
              assertThat(arguments.getInt(0)).isEqualTo(-7);
              assertThat(arguments.getLong(0)).isEqualTo(-7);
              assertThat(arguments.getLong(1)).isEqualTo(1L << 40);
              assertThat(arguments.getFloat(2)).isEqualTo(0.5f);
              assertThat(arguments.getDouble(2)).isEqualTo(0.5);
              assertThat(arguments.getDouble(3)).isEqualTo(Math.PI);
              assertThat(arguments.getInt(4)).isEqualTo(-3);
              assertThat(arguments.getInt(5)).isEqualTo(-2);
              assertThat(arguments.getLong(6)).isEqualTo('x');
              assertThat(arguments.getInt(7)).isEqualTo(1);
              assertThat(arguments.bytes(8)).isEqualTo(24);
              assertWrong(() -> arguments.getInt(1), "asked=int given=Long");
              assertWrong(() -> arguments.getLong(2), "asked=long given=Float");
              assertWrong(() -> arguments.getFloat(3), "asked=float given=Double");
              assertWrong(() -> arguments.getFloat(0), "asked=float given=Integer");
              assertWrong(() -> arguments.getDouble(0), "asked=double given=Integer");
              assertWrong(() -> arguments.address(0), "asked=buffer given=Integer");
              assertWrong(() -> arguments.getInt(8), "asked=int given=buffer");
              assertWrong(() -> arguments.getInt(9), "index=9");
            },
            Parameter.SCALAR,
            Parameter.SCALAR,
            Parameter.SCALAR,
            Parameter.SCALAR,
            Parameter.SCALAR,
            Parameter.SCALAR,
            Parameter.SCALAR,
            Parameter.SCALAR,
            Parameter.READ);
    List<GmArgument> arguments =
        new ArrayList<>(
            List.<Object>of(-7, 1L << 40, 0.5f, Math.PI, (short) -3, (byte) -2, 'x', true).stream()
                .<GmArgument>map(GmArgument.Scalar::new)
                .toList());
    arguments.add(new GmArgument.Buffer(range, range.address() + 4, 24, Access.READ));
    SimRig.await(kernel.launch(NdRange.of(1), arguments).toCompletableFuture());
  }

  private static void assertWrong(Runnable request, String message) {
    assertThatIllegalArgumentException().isThrownBy(request::run).withMessageContaining(message);
  }

  @Test
  void aKernelNeedsAnAttachedDevice() {
    SimDevice device = Sim.builder("sim0").build();
    GmKernel kernel =
        device
            .compute()
            .orElseThrow()
            .compile(KernelSource.java("k", (i, m, a) -> {}))
            .kernels()
            .getFirst();
    assertThatThrownBy(() -> kernel.launch(NdRange.of(1), List.of()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("not attached");
    device.close();
  }

  private GmKernel compile(DeviceKernel body, Parameter... parameters) {
    return rig.device()
        .compute()
        .orElseThrow()
        .compile(KernelSource.java("k", body, parameters))
        .kernels()
        .getFirst();
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
