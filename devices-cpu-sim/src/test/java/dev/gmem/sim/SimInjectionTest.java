package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Access;
import dev.gmem.KernelSource;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SimInjectionTest {
  private static final class Injected extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private SimRig rig;
  private GmRange range;

  @BeforeEach
  void open() {
    rig = SimRig.plain();
    range = rig.space().allocate(4);
  }

  @AfterEach
  void close() {
    rig.device().clearInjections();
    rig.close();
  }

  @Test
  void aStatusIsReturnedAndNothingChanges() {
    rig.device().inject(SimInjection.on(SimCall.PEER_MAP).returning(GmStatus.DMA_ERROR));
    assertThat(map(0)).isEqualTo(GmStatus.DMA_ERROR);
    assertThat(rig.device().statistics().mappedBytes()).isZero();
    rig.device().clearInjections();
    assertThat(map(0)).isEqualTo(GmStatus.SUCCESS);
  }

  @Test
  void aFailedUnmappingLeavesTheRunMapped() throws Exception {
    rig.run(1, (item, memory, arguments) -> memory.putInt(arguments.address(0), 9), range);
    rig.device().inject(SimInjection.on(SimCall.PEER_UNMAP).nth(1).returning(GmStatus.DMA_ERROR));
    GmRange first = rig.space().part(range, 0, 1);
    assertThat(rig.space().unmap(first, true)).isEqualTo(GmStatus.DMA_ERROR);
    assertThat(rig.space().host(first).get(ValueLayout.JAVA_INT, 0)).isZero();
    assertThat(rig.space().unmap(first, true)).isEqualTo(GmStatus.SUCCESS);
    assertThat(rig.space().host(first).get(ValueLayout.JAVA_INT, 0)).isEqualTo(9);
  }

  @Test
  void onlyTheNthCallIsDisturbed() {
    rig.device().inject(SimInjection.on(SimCall.PEER_MAP).nth(2).returning(GmStatus.NOMEM));
    assertThat(map(0)).isEqualTo(GmStatus.SUCCESS);
    assertThat(map(1)).isEqualTo(GmStatus.NOMEM);
    assertThat(map(1)).isEqualTo(GmStatus.SUCCESS);
  }

  @Test
  void aRangeOfCallsIsDisturbed() {
    rig.device().inject(SimInjection.on(SimCall.PEER_MAP).between(2, 3).returning(GmStatus.NOMEM));
    assertThat(map(0)).isEqualTo(GmStatus.SUCCESS);
    assertThat(map(1)).isEqualTo(GmStatus.NOMEM);
    assertThat(map(1)).isEqualTo(GmStatus.NOMEM);
    assertThat(map(1)).isEqualTo(GmStatus.SUCCESS);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SimInjection.on(SimCall.PEER_MAP).between(0, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SimInjection.on(SimCall.PEER_MAP).between(3, 2));
  }

  @Test
  void onlyMatchingCallsAreCountedAndDisturbed() {
    long second = rig.space().part(range, 1, 1).address();
    rig.device()
        .inject(
            SimInjection.on(SimCall.PEER_MAP)
                .when(event -> event.address() == second && event.bytes() == SimRig.GRANULE_BYTES)
                .nth(1)
                .returning(GmStatus.MIGRATING));
    assertThat(map(0)).isEqualTo(GmStatus.SUCCESS);
    assertThat(map(2)).isEqualTo(GmStatus.SUCCESS);
    assertThat(map(1)).isEqualTo(GmStatus.MIGRATING);
    assertThat(map(1)).isEqualTo(GmStatus.SUCCESS);
  }

  @Test
  void callsCanThrow() {
    rig.device().inject(SimInjection.on(SimCall.PEER_MAP).nth(1).throwing(Injected::new));
    assertThatThrownBy(() -> map(0)).isInstanceOf(Injected.class);
    assertThat(map(0)).isEqualTo(GmStatus.SUCCESS);
  }

  @Test
  void asynchronousCallsFailByTheirResult() throws Exception {
    rig.device().inject(SimInjection.on(SimCall.PEER_MAP).nth(1).throwing(Injected::new));
    rig.device().inject(SimInjection.on(SimCall.PEER_MAP).nth(2).returning(GmStatus.NOMEM));
    CompletableFuture<GmStatus> thrown = rig.space().mapAsync(range, true, Access.READ_WRITE);
    assertThatThrownBy(() -> SimRig.await(thrown))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(Injected.class);
    assertThat(SimRig.await(rig.space().mapAsync(range, true, Access.READ_WRITE)))
        .isEqualTo(GmStatus.NOMEM);
  }

  @Test
  void callsStallForATime() {
    rig.device().inject(SimInjection.on(SimCall.PEER_MAP).stalling(Duration.ofMillis(30)));
    long before = System.nanoTime();
    assertThat(map(0)).isEqualTo(GmStatus.SUCCESS);
    assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(30_000_000);
  }

  @Test
  void asynchronousCallsStallUntilReleasedWithoutHoldingTheCaller() throws Exception {
    CountDownLatch released = new CountDownLatch(1);
    rig.device().inject(SimInjection.on(SimCall.PEER_MAP).stallingUntil(released));
    rig.device().inject(SimInjection.on(SimCall.PEER_MAP).nth(2).returning(GmStatus.NOMEM));
    CompletableFuture<GmStatus> good =
        rig.space().mapAsync(rig.space().part(range, 0, 1), true, Access.READ_WRITE);
    CompletableFuture<GmStatus> bad =
        rig.space().mapAsync(rig.space().part(range, 1, 1), true, Access.READ_WRITE);
    assertThat(good).isNotDone();
    assertThat(bad).isNotDone();
    released.countDown();
    assertThat(SimRig.await(good)).isEqualTo(GmStatus.SUCCESS);
    assertThat(SimRig.await(bad)).isEqualTo(GmStatus.NOMEM);
  }

  @Test
  void launchesFailOrStall() throws Exception {
    rig.device().inject(SimInjection.on(SimCall.LAUNCH).nth(1).throwing(Injected::new));
    assertThat(rig.failure(1, (item, memory, arguments) -> {})).isInstanceOf(Injected.class);
    CountDownLatch released = new CountDownLatch(1);
    rig.device().inject(SimInjection.on(SimCall.LAUNCH).stallingUntil(released));
    CompletableFuture<Long> launch = rig.start(1, (item, memory, arguments) -> {});
    assertThat(launch).isNotDone();
    released.countDown();
    SimRig.await(launch);
  }

  @Test
  void everyOtherCallCanBeDisturbed() {
    for (SimCall call :
        List.of(
            SimCall.PEER_VA_ALLOC,
            SimCall.PEER_VA_FREE,
            SimCall.PEER_PROTECT,
            SimCall.COPY,
            SimCall.TLB_INVALIDATE)) {
      rig.device().inject(SimInjection.on(call).nth(1).returning(GmStatus.FAILURE_UNKNOWN));
    }
    assertThat(rig.device().mmu().peerVaAlloc(range)).isEqualTo(GmStatus.FAILURE_UNKNOWN);
    assertThat(rig.device().mmu().peerVaAlloc(range)).isEqualTo(GmStatus.SUCCESS);
    assertThat(rig.device().mmu().peerVaFree(range)).isEqualTo(GmStatus.FAILURE_UNKNOWN);
    assertThat(map(0)).isEqualTo(GmStatus.SUCCESS);
    GmRange first = rig.space().part(range, 0, 1);
    assertThat(rig.space().protect(first, Access.READ)).isEqualTo(GmStatus.FAILURE_UNKNOWN);
    assertThat(rig.space().protect(first, Access.READ)).isEqualTo(GmStatus.SUCCESS);
    GmCopy copy = new GmCopy.DeviceToHost(range.address(), MemorySegment.ofArray(new byte[8]));
    assertThat(rig.device().mmu().copy(copy)).isEqualTo(GmStatus.FAILURE_UNKNOWN);
    assertThat(rig.device().mmu().copy(copy)).isEqualTo(GmStatus.SUCCESS);
    assertThat(rig.device().mmu().tlbInvalidate(List.of(first)))
        .isEqualTo(GmStatus.FAILURE_UNKNOWN);
    assertThat(rig.device().mmu().tlbInvalidate(List.of(first))).isEqualTo(GmStatus.SUCCESS);
  }

  @Test
  void attachDetachAndCompileThrow() {
    SimDevice device =
        Sim.builder("sim0")
            .inject(SimInjection.on(SimCall.ATTACH).nth(1).throwing(Injected::new))
            .inject(SimInjection.on(SimCall.DETACH).nth(1).throwing(Injected::new))
            .inject(SimInjection.on(SimCall.COMPILE).nth(1).throwing(Injected::new))
            .build();
    GmAttachment attachment = new GmAttachment(4096, 1, (from, address, bytes, access) -> {});
    assertThatThrownBy(() -> device.attach(attachment)).isInstanceOf(Injected.class);
    device.attach(attachment);
    KernelSource source = KernelSource.java("k", (item, memory, arguments) -> {});
    assertThatThrownBy(() -> device.compute().orElseThrow().compile(source))
        .isInstanceOf(Injected.class);
    assertThat(device.compute().orElseThrow().compile(source).kernels()).hasSize(1);
    assertThatThrownBy(device::detach).isInstanceOf(Injected.class);
    device.detach();
    device.close();
  }

  @Test
  void aCallWithoutStatusCannotReturnOne() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SimInjection.on(SimCall.LAUNCH).returning(GmStatus.NOMEM));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SimInjection.on(SimCall.ATTACH).returning(GmStatus.NOMEM));
  }

  private GmStatus map(int granule) {
    return rig.space().map(rig.space().part(range, granule, 1), true, Access.READ_WRITE);
  }
}
