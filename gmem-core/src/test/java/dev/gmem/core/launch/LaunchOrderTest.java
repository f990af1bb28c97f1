package dev.gmem.core.launch;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Argument;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.Kernel;
import dev.gmem.KernelLaunchException;
import dev.gmem.Launch;
import dev.gmem.LaunchResult;
import dev.gmem.NdRange;
import dev.gmem.core.host.GateLevel;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeCompute.Started;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which launch starts when, with kernels that end when the test says so. */
@Timeout(60)
class LaunchOrderTest {
  private static final NdRange ONE = NdRange.of(1);

  private final Stage stage = new Stage();
  private final FakeDevice d = stage.faultless("d0");
  private final FakeCompute compute = d.computes();
  private final FakeDevice e = stage.faultless("d1");
  private final FakeCompute otherCompute = e.computes();

  LaunchOrderTest() {
    stage.attach(d);
    stage.attach(e);
  }

  private static Started started(FakeCompute compute, int number) {
    until(() -> compute.started().size() > number);
    return compute.started().get(number);
  }

  private static void until(BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(50)) {
        throw new AssertionError("waited in vain");
      }
      Thread.onSpinWait();
    }
  }

  /**
   * Launches that can start do so on the caller's thread, or soon on another; this one must not.
   */
  private static void assertNotStarted(FakeCompute compute, int number) throws Exception {
    Thread.sleep(20);
    assertThat(compute.started()).hasSize(number);
  }

  @Test
  void aLaunchStartsWhenTheOneThatWritesWhatItReadsHasEnded() throws Exception {
    Kernel writes = stage.kernel(d, "w WRITE");
    Kernel reads = stage.kernel(d, "r READ");
    MemorySegment s = stage.granules(1);
    Launch first = writes.launch(ONE, s);
    Launch second = reads.launch(ONE, s);
    started(compute, 0);
    assertNotStarted(compute, 1);
    assertThat(first.isDone()).isFalse();
    compute.last().finish();
    first.join();
    started(compute, 1).finish();
    second.join();
    stage.atEnd();
  }

  @Test
  void aLaunchStartsWhenTheOneThatReadsWhatItWritesHasEnded() throws Exception {
    Kernel reads = stage.kernel(d, "r READ");
    Kernel writes = stage.kernel(e, "w WRITE");
    MemorySegment s = stage.granules(1);
    reads.launch(ONE, s);
    Launch second = writes.launch(ONE, s);
    Started running = started(compute, 0);
    assertNotStarted(otherCompute, 0);
    running.finish();
    started(otherCompute, 0).finish();
    second.join();
    assertThat(stage.state(s, 0)).isEqualTo("DEVICE[d1]");
    stage.atEnd();
  }

  @Test
  void launchesThatOnlyReadTheSameOverlapOnOneDeviceAndOnSeveral() {
    Kernel reads = stage.kernel(d, "r READ");
    Kernel readsToo = stage.kernel(e, "r READ");
    MemorySegment s = stage.granules(1);
    List<Launch> all = List.of(reads.launch(ONE, s), reads.launch(ONE, s), readsToo.launch(ONE, s));
    started(compute, 1);
    started(otherCompute, 0);
    assertThat(stage.state(s, 0)).startsWith("SHARED");
    compute.started().forEach(Started::finish);
    otherCompute.started().forEach(Started::finish);
    all.forEach(Launch::join);
    stage.atEnd();
  }

  @Test
  void launchesOnDifferentDataOverlap() {
    Kernel writes = stage.kernel(d, "w WRITE");
    MemorySegment s = stage.granules(3);
    Launch first = writes.launch(ONE, s.asSlice(0, GRANULE));
    Launch second = writes.launch(ONE, s.asSlice(2 * GRANULE));
    started(compute, 1).finish();
    if (compute.started().get(1).address(0) == s.address()) {
      first.join();
    } else {
      second.join();
    }
    started(compute, 0).finish();
    first.join();
    second.join();
    stage.atEnd();
  }

  @Test
  void slicesOfOneGranuleAreOrderedToo() throws Exception {
    Kernel writes = stage.kernel(d, "w WRITE");
    MemorySegment s = stage.granules(1);
    writes.launch(ONE, s.asSlice(0, 8));
    Launch second = writes.launch(ONE, s.asSlice(8, 8));
    Started first = started(compute, 0);
    assertNotStarted(compute, 1);
    first.finish();
    started(compute, 1).finish();
    second.join();
    stage.atEnd();
  }

  @Test
  void aReadThatTakesTheRangeAwayFromAnotherReaderWaitsForIt() throws Exception {
    FakeDevice alone = stage.faultless("alone").without(GmCapability.READ_ONLY_MAPPING);
    FakeCompute its = alone.computes();
    stage.attach(alone);
    MemorySegment s = stage.granules(1);
    stage.kernel(d, "r READ").launch(ONE, s);
    Launch second = stage.kernel(alone, "r READ").launch(ONE, s);
    Started first = started(compute, 0);
    assertNotStarted(its, 0);
    first.finish();
    started(its, 0).finish();
    second.join();
    stage.atEnd();
  }

  @Test
  void aLaunchThatFailsIsOutOfTheWayOfTheNext() {
    Kernel writes = stage.kernel(d, "w WRITE");
    MemorySegment s = stage.granules(1);
    Launch first = writes.launch(ONE, s);
    Launch second = writes.launch(ONE, s);
    RuntimeException cause = new RuntimeException("trap");
    started(compute, 0).end().completeExceptionally(cause);
    assertThatThrownBy(first::join).isInstanceOf(KernelLaunchException.class).hasCause(cause);
    assertThat(first.isDone()).isTrue();
    started(compute, 1).finish();
    second.join();
    stage.atEnd();
  }

  @Test
  void aChainOfLaunchesRunsInTheOrderOfTheCalls() {
    compute.onStart(launch -> d.write(launch.address(0), 8, d.read(launch.address(0), 8) * 2 + 1));
    otherCompute.onStart(launch -> e.write(launch.address(0), 8, e.read(launch.address(0), 8) * 3));
    Kernel here = stage.kernel(d, "k READ_WRITE");
    Kernel there = stage.kernel(e, "k READ_WRITE");
    MemorySegment s = stage.granules(1);
    CompletableFuture<Void> ends = CompletableFuture.runAsync(() -> finishAll(6));
    List<Launch> all = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      all.add(here.launch(ONE, s));
      all.add(there.launch(ONE, s));
    }
    assertThat(stage.host().read(s.address(), 8))
        .isEqualTo(((0 * 2 + 1) * 3 * 2 + 1) * 3 * 2 * 3 + 3);
    ends.join();
    all.forEach(Launch::join);
    stage.atEnd();
  }

  private void finishAll(int count) {
    int[] finished = {0, 0};
    until(
        () -> {
          for (FakeCompute one : List.of(compute, otherCompute)) {
            int index = one == compute ? 0 : 1;
            List<Started> all = one.started();
            while (finished[index] < all.size()) {
              all.get(finished[index]++).finish();
            }
          }
          return finished[0] + finished[1] == count;
        });
  }

  @Test
  void aHostAccessWaitsForTheKernelThatUsesItsGranuleOnly() {
    Kernel writes = stage.kernel(d, "w READ_WRITE");
    MemorySegment s = stage.granules(2);
    Launch launch = writes.launch(ONE, s.asSlice(0, GRANULE));
    Started kernel = started(compute, 0);
    stage.host().write(s.address() + GRANULE, 8, 5);
    CompletableFuture<Long> read =
        CompletableFuture.supplyAsync(
            () -> {
              long value = stage.host().read(s.address(), 8);
              assertThat(launch.isDone()).isTrue();
              return value;
            });
    d.write(s.address(), 8, 42);
    kernel.finish();
    assertThat(read.join()).isEqualTo(42);
    launch.join();
    stage.atEnd();
  }

  @Test
  void theCpuReadsWhileAKernelReads() {
    Kernel reads = stage.kernel(d, "r READ");
    MemorySegment s = stage.granules(1);
    stage.host().write(s.address(), 8, 7);
    Launch launch = reads.launch(ONE, s);
    Started kernel = started(compute, 0);
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(7);
    assertThat(launch.isDone()).isFalse();
    kernel.finish();
    launch.join();
    stage.atEnd();
  }

  @Test
  void whatIsOverwrittenIsNotCopied() {
    Kernel writes = stage.kernel(d, "w OVERWRITE");
    MemorySegment s = stage.granules(3);
    for (int i = 0; i < 3; i++) {
      stage.host().write(s.address() + i * GRANULE, 1, 1 + i);
    }
    Launch launch = writes.launch(ONE, s.asSlice(1, 3 * GRANULE - 2));
    Started kernel = started(compute, 0);
    assertThat(d.calls(Kind.MAP))
        .extracting(FakeDevice.Call::copy)
        .containsExactlyInAnyOrder(true, false, true);
    // The bytes before and after it stay.
    assertThat(d.peek(s.address())).isEqualTo((byte) 1);
    stage.host().reference().forget(s.address() + GRANULE, GRANULE);
    kernel.finish();
    launch.join();
    stage.atEnd();
  }

  @Test
  void aLaunchInPlaceCallsTheDeviceForNothingButTheKernel() {
    Kernel writes = stage.kernel(d, "w READ_WRITE");
    MemorySegment s = stage.granules(2);
    Launch first = writes.launch(ONE, s);
    started(compute, 0).finish();
    first.join();
    d.clearCalls();
    long handshakes = stage.host().handshakes();
    Launch second = writes.launch(ONE, s);
    assertThat(compute.started()).hasSize(2);
    compute.last().finish();
    LaunchResult result = second.join();
    assertThat(result.bytesIn()).isZero();
    assertThat(d.calls()).isEmpty();
    assertThat(stage.host().handshakes()).isEqualTo(handshakes);
  }

  @Test
  void oneHandshakePerAllocationAndLaunchIsEnough() {
    Kernel writes = stage.kernel(d, "w READ_WRITE READ");
    MemorySegment a = stage.granules(4);
    MemorySegment b = stage.granules(4);
    for (int i = 0; i < 4; i++) {
      stage.host().write(a.address() + i * GRANULE, 1, 1);
      stage.host().write(b.address() + i * GRANULE, 1, 1);
    }
    long handshakes = stage.host().handshakes();
    writes.launch(ONE, a, b);
    started(compute, 0).finish();
    assertThat(stage.host().handshakes() - handshakes).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aLaunchOnTheHostsFramesShutsTheGateAndOpensItAgain(boolean faults) {
    FakeDevice h = faults ? stage.fake("h0") : stage.faultless("h0");
    h.with(GmCapability.HOST_COHERENT).memoryBytes(GRANULE);
    FakeCompute its = h.computes();
    stage.attach(h);
    MemorySegment s = stage.granules(4); // more than it has: nothing moves
    stage.host().write(s.address(), 8, 3);
    stage.device("r0").write(s.address() + GRANULE, 8, 4);
    Launch launch = stage.kernel(h, "w READ_WRITE").launch(ONE, s);
    Started kernel = started(its, 0);
    CompletableFuture<Long> read =
        CompletableFuture.supplyAsync(() -> stage.host().read(s.address() + GRANULE, 8));
    stage.host().writePinned(s.address() + GRANULE, 8, 42);
    assertThat(launch.isDone()).isFalse();
    kernel.finish();
    assertThat(read.join()).isEqualTo(42);
    assertThat(stage.host().region(s.address()).level()).isEqualTo(GateLevel.OPEN);
    assertThat(h.calls(Kind.MAP)).isEmpty();
    launch.join();
    stage.atEnd();
  }

  @Test
  void anArgumentThatIsNarrowedToReadIsShared() {
    Kernel any = stage.kernel(d, "k READ_WRITE");
    MemorySegment s = stage.granules(1);
    stage.host().write(s.address(), 8, 7);
    any.launch(ONE, Argument.read(s));
    Started kernel = started(compute, 0);
    assertThat(stage.state(s, 0)).isEqualTo("SHARED[d0]");
    kernel.finish();
  }

  @Test
  void argumentsThatDoNotFitTheDeviceAreRefusedAtOnce() {
    FakeDevice small = stage.faultless("small").memoryBytes(2 * GRANULE);
    small.computes();
    stage.attach(small);
    Kernel kernel = stage.kernel(small, "k READ READ");
    MemorySegment s = stage.granules(3);
    assertThatThrownBy(() -> kernel.launch(ONE, s, s))
        .isInstanceOf(DeviceMemoryExhaustedException.class)
        .hasMessageContaining("neededBytes=" + 3 * GRANULE)
        .hasMessageContaining("quotaBytes=" + 2 * GRANULE);
    stage.atEnd();
    // The same bytes given twice count once.
    kernel.launch(ONE, s.asSlice(0, 2 * GRANULE), s.asSlice(0, 2 * GRANULE));
  }

  @Test
  void whoBuildsOnTheEndOfALaunchFindsItsHoldsLifted() {
    Kernel writes = stage.kernel(d, "w READ_WRITE");
    MemorySegment s = stage.granules(1);
    Launch launch = writes.launch(ONE, s);
    Started kernel = started(compute, 0);
    d.write(s.address(), 8, 9);
    CompletableFuture<Long> read =
        launch
            .completion()
            .thenApply(result -> stage.host().read(s.address(), 8))
            .toCompletableFuture();
    kernel.finish();
    assertThat(read.join()).isEqualTo(9);
  }

  @Test
  void theEndOfALaunchCannotBeForgedByItsUser() {
    Kernel writes = stage.kernel(d, "w READ_WRITE");
    Launch launch = writes.launch(ONE, stage.granules(1));
    Started kernel = started(compute, 0);
    launch.completion().toCompletableFuture().completeExceptionally(new CompletionException(null));
    assertThat(launch.isDone()).isFalse();
    kernel.finish();
    assertThat(launch.join().kernelNanos()).isEqualTo(1);
  }
}
