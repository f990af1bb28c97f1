package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.gmem.Access;
import dev.gmem.sim.SimLink.Lane;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The model itself is tested on its arithmetic; the device only for lower bounds and for overlap.
 */
@Timeout(120)
class SimLinkTest {
  private static final long MILLI = 1_000_000;
  private static final double INFINITE = Double.POSITIVE_INFINITY;

  @Test
  void aTransferTakesItsLatencyAndItsBytes() {
    SimLink link = SimLink.of(5 * MILLI, 1e9, 5e8);
    long before = System.nanoTime();
    assertThat(link.begin(Lane.TO_DEVICE, 2_000_000) - before).isBetween(7 * MILLI, 60 * MILLI);
    assertThat(link.begin(Lane.TO_HOST, 2_000_000) - before).isBetween(9 * MILLI, 60 * MILLI);
  }

  @Test
  void transfersInOneDirectionShareTheBandwidthAndOverlapTheirLatencies() {
    SimLink link = SimLink.of(1_000 * MILLI, 1e6, 1e6);
    long first = link.begin(Lane.TO_DEVICE, 1_000_000);
    long second = link.begin(Lane.TO_DEVICE, 1_000_000);
    long other = link.begin(Lane.TO_HOST, 1_000_000);
    assertThat(second - first).isEqualTo(1_000 * MILLI);
    assertThat(other - first).isLessThan(500 * MILLI);
  }

  @Test
  void anIdleLinkDoesNotSaveUpTime() throws InterruptedException {
    SimLink link = SimLink.of(0, 1e9, 1e9);
    link.begin(Lane.TO_DEVICE, 1);
    Thread.sleep(20);
    long before = System.nanoTime();
    assertThat(link.begin(Lane.TO_DEVICE, 10_000_000)).isGreaterThanOrEqualTo(before + 10 * MILLI);
  }

  @Test
  void waitingEndsNotBeforeItsTime() {
    long time = System.nanoTime() + 3 * MILLI;
    SimLink.await(time);
    assertThat(System.nanoTime()).isGreaterThanOrEqualTo(time);
  }

  @Test
  void nonsenseIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> SimLink.of(-1, 1, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> SimLink.of(0, 0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> SimLink.of(0, 1, Double.NaN));
  }

  @Test
  void everyTransferOfADeviceCrossesItsLink() {
    try (SimRig rig = rig(SimLink.of(4 * MILLI, INFINITE, INFINITE))) {
      GmRange range = rig.space().allocate(1);
      MemorySegment other = MemorySegment.ofArray(new byte[16]);
      assertTakes(4, () -> rig.space().map(range, true, Access.READ_WRITE));
      assertTakes(
          4, () -> rig.device().mmu().copy(new GmCopy.HostToDevice(other, range.address())));
      assertTakes(
          4, () -> rig.device().mmu().copy(new GmCopy.DeviceToHost(range.address(), other)));
      assertTakes(4, () -> rig.space().unmap(range, true));
    }
  }

  private static void assertTakes(long millis, Supplier<GmStatus> call) {
    long before = System.nanoTime();
    assertThat(call.get()).isEqualTo(GmStatus.SUCCESS);
    assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(millis * MILLI);
  }

  @Test
  void whatMovesNothingDoesNotCrossTheLink() {
    try (SimRig rig = rig(SimLink.of(20_000 * MILLI, INFINITE, INFINITE))) {
      GmRange range = rig.space().allocate(3);
      long before = System.nanoTime();
      assertThat(rig.space().map(range, false, Access.READ_WRITE)).isEqualTo(GmStatus.SUCCESS);
      assertThat(rig.space().unmap(rig.space().part(range, 0, 1), false))
          .isEqualTo(GmStatus.SUCCESS);
      assertThat(rig.space().unmap(rig.space().part(range, 1, 2), true))
          .isEqualTo(GmStatus.SUCCESS);
      assertThat(System.nanoTime() - before).isLessThan(10_000 * MILLI);
    }
  }

  @Test
  void asynchronousTransfersReturnAtOnceAndOverlapTheirLatencies() throws Exception {
    int transfers = 20;
    try (SimRig rig = rig(SimLink.of(300 * MILLI, INFINITE, INFINITE))) {
      GmRange range = rig.space().allocate(transfers);
      long before = System.nanoTime();
      List<CompletableFuture<GmStatus>> maps = new ArrayList<>();
      for (int i = 0; i < transfers; i++) {
        maps.add(rig.space().mapAsync(rig.space().part(range, i, 1), true, Access.READ_WRITE));
      }
      assertThat(maps.getFirst()).isNotDone();
      for (CompletableFuture<GmStatus> map : maps) {
        assertThat(SimRig.await(map)).isEqualTo(GmStatus.SUCCESS);
      }
      assertThat(System.nanoTime() - before).isBetween(300 * MILLI, 3_000 * MILLI);
      before = System.nanoTime();
      CompletableFuture<GmStatus> unmap = rig.space().unmapAsync(range, true);
      assertThat(unmap).isNotDone();
      assertThat(SimRig.await(unmap)).isEqualTo(GmStatus.SUCCESS);
      assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(300 * MILLI);
    }
  }

  @Test
  void bytesAreNotThereBeforeTheyArrive() throws Exception {
    try (SimRig rig = rig(SimLink.of(200 * MILLI, INFINITE, INFINITE))) {
      GmRange range = rig.space().allocate(1);
      long before = System.nanoTime();
      CompletableFuture<GmStatus> map = rig.space().mapAsync(range, true, Access.READ_WRITE);
      assertThat(rig.device().statistics().maps()).isZero();
      assertThat(rig.device().statistics().bytesToDevice()).isZero();
      SimRig.await(map);
      assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(200 * MILLI);
      assertThat(rig.device().statistics().maps()).isEqualTo(1);
    }
  }

  @Test
  void devicesShareALinkThatBothWereGiven() throws Exception {
    SimLink link = SimLink.of(0, 4096 * 10, INFINITE);
    try (SimRig one = rig(link);
        SimRig two = rig(link)) {
      GmRange first = one.space().allocate(1);
      GmRange second = two.space().allocate(1);
      long before = System.nanoTime();
      CompletableFuture<GmStatus> left = one.space().mapAsync(first, true, Access.READ_WRITE);
      CompletableFuture<GmStatus> right = two.space().mapAsync(second, true, Access.READ_WRITE);
      SimRig.await(left);
      SimRig.await(right);
      assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(200 * MILLI);
    }
  }

  private static SimRig rig(SimLink link) {
    return new SimRig(Sim.builder("sim0").memoryBytes(4 << 20).link(link));
  }
}
