package dev.gmem.testkit.injection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Access;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmFaultHandler;
import dev.gmem.spi.GmMove;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmStatusException;
import dev.gmem.spi.GmUnmapping;
import dev.gmem.testkit.MemoryDevice;
import dev.gmem.testkit.TestSpace;
import dev.gmem.testkit.injection.Injection.Injected;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Scripts, seeds, stalls and the log, on a device that is nothing but memory. */
@Timeout(120)
class InjectedDeviceTest {
  private final InjectedDevice device = InjectedDevice.of(new MemoryDevice());
  private final TestSpace space = TestSpace.attach(device, MemoryDevice.GRANULE_BYTES);
  private final GmRange range = space.allocate(8);

  @AfterEach
  void close() {
    device.injector().clear();
    space.close();
  }

  private GmRange granule(int number) {
    return space.part(range, number, 1);
  }

  private GmStatus map(int granule) {
    return space.map(granule(granule), true, Access.READ_WRITE);
  }

  private GmStatus unmap(int granule) {
    return space.unmap(granule(granule), true);
  }

  private CompletableFuture<GmStatus> mapAsync(int granule) {
    return space.mapAsync(granule(granule), true, Access.READ_WRITE);
  }

  // ---- which calls ----

  @Test
  void aStatusIsReturnedAndNothingChanges() {
    device.inject(Injection.on(SpiCall.PEER_MAP).returning(GmStatus.DMA_ERROR));
    assertThat(map(0)).isEqualTo(GmStatus.DMA_ERROR);
    assertThat(((MemoryDevice) device.device()).mapped()).isZero();
    device.injector().clear();
    assertThat(map(0)).isEqualTo(GmStatus.SUCCESS);
    device.inject(Injection.on(SpiCall.PEER_UNMAP).nth(1).returning(GmStatus.MIGRATING));
    space.host(granule(0)).fill((byte) 7);
    assertThat(unmap(0)).isEqualTo(GmStatus.MIGRATING);
    assertThat(((MemoryDevice) device.device()).mapped()).isEqualTo(1);
    assertThat(unmap(0)).isEqualTo(GmStatus.SUCCESS);
    assertThat(space.host(granule(0)).get(ValueLayout.JAVA_BYTE, 0)).isZero();
  }

  @Test
  void onlyTheNthCallIsDisturbed() {
    device.inject(Injection.on(SpiCall.PEER_MAP).nth(3).returning(GmStatus.NOMEM));
    assertThat(List.of(map(0), map(1), map(2), map(2)))
        .containsExactly(GmStatus.SUCCESS, GmStatus.SUCCESS, GmStatus.NOMEM, GmStatus.SUCCESS);
  }

  @Test
  void aRangeOfCallsIsDisturbed() {
    device.inject(Injection.on(SpiCall.PEER_MAP).between(2, 3).returning(GmStatus.NOMEM));
    assertThat(List.of(map(0), map(1), map(1), map(1)))
        .containsExactly(GmStatus.SUCCESS, GmStatus.NOMEM, GmStatus.NOMEM, GmStatus.SUCCESS);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Injection.on(SpiCall.PEER_MAP).between(0, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Injection.on(SpiCall.PEER_MAP).between(3, 2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Injection.on(SpiCall.PEER_MAP).oneIn(0, 1));
  }

  @Test
  void kindsAreCountedTogetherIfNamedTogether() {
    device.inject(
        Injection.on(SpiCall.PEER_MAP, SpiCall.PEER_UNMAP).nth(2).returning(GmStatus.DMA_ERROR));
    assertThat(map(0)).isEqualTo(GmStatus.SUCCESS);
    assertThat(unmap(0)).isEqualTo(GmStatus.DMA_ERROR);
    assertThat(unmap(0)).isEqualTo(GmStatus.SUCCESS);
  }

  @Test
  void onlyMatchingCallsAreCountedAndDisturbed() {
    device.inject(
        Injection.on(SpiCall.PEER_MAP).within(granule(1)).nth(1).returning(GmStatus.MIGRATING));
    device.inject(
        Injection.on(SpiCall.PEER_UNMAP)
            .when(event -> !event.copies())
            .returning(GmStatus.FAILURE_UNKNOWN));
    assertThat(map(0)).isEqualTo(GmStatus.SUCCESS);
    assertThat(map(2)).isEqualTo(GmStatus.SUCCESS);
    assertThat(map(1)).isEqualTo(GmStatus.MIGRATING);
    assertThat(map(1)).isEqualTo(GmStatus.SUCCESS);
    assertThat(space.unmap(granule(1), false)).isEqualTo(GmStatus.FAILURE_UNKNOWN);
    assertThat(space.unmap(granule(1), true)).isEqualTo(GmStatus.SUCCESS);
  }

  @Test
  void chanceFollowsTheSeedAndTheNumberOfTheCallAlone() {
    assertThat(fates(1)).isEqualTo(fates(1)).isNotEqualTo(fates(2));
    assertThat(fates(1).stream().filter(s -> s != GmStatus.SUCCESS).count()).isBetween(150L, 350L);
    assertThat(fates(1)).contains(GmStatus.NOMEM, GmStatus.DMA_ERROR, GmStatus.MIGRATING);
  }

  private static List<GmStatus> fates(long seed) {
    Injector injector = new Injector();
    injector.inject(
        Injection.on(SpiCall.PEER_MAP)
            .oneIn(4, seed)
            .returning(GmStatus.NOMEM, GmStatus.DMA_ERROR, GmStatus.MIGRATING));
    List<GmStatus> fates = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      fates.add(injector.disturb(SpiEvent.of(SpiCall.PEER_MAP)).orElse(GmStatus.SUCCESS));
    }
    return fates;
  }

  @Test
  void whatMayFailAtRandomFailsInEveryWay() {
    Injector injector = new Injector();
    injector.inject(Injection.anything(42, 3));
    for (SpiCall call : SpiCall.values()) {
      for (int i = 0; i < 300; i++) {
        injector.judge(SpiEvent.of(call));
      }
    }
    assertThat(injector.log())
        .extracting(entry -> entry.event().call() + " " + entry.effect())
        .contains(
            "PEER_MAP returns NOMEM",
            "PEER_MAP throws",
            "PEER_MAP throws at once",
            "PEER_UNMAP returns MIGRATING",
            "PEER_PROTECT returns UNIMPLEMENTED",
            "COPY returns DMA_ERROR",
            "PEER_VA_ALLOC returns PAGE_EXIST",
            "COMPILE throws",
            "LAUNCH throws",
            "LAUNCH throws at once",
            "DEV_FAULT throws")
        .noneMatch(entry -> entry.matches("(DETACH|CLOSE|PEER_VA_FREE|.*SUCCESS).*"));
  }

  // ---- what is done to them ----

  @Test
  void callsCanThrow() {
    device.inject(Injection.on(SpiCall.PEER_MAP).nth(1).throwing(Injected::new));
    device.inject(Injection.on(SpiCall.PEER_MAP).nth(2).throwing(OutOfMemoryError::new));
    device.inject(Injection.on(SpiCall.PEER_MAP).nth(3).throwing(Exception::new));
    assertThatThrownBy(() -> map(0)).isInstanceOf(Injected.class);
    assertThatThrownBy(() -> map(0)).isInstanceOf(OutOfMemoryError.class);
    assertThatThrownBy(() -> map(0)).isInstanceOf(IllegalStateException.class);
    assertThat(map(0)).isEqualTo(GmStatus.SUCCESS);
  }

  @Test
  void asynchronousCallsFailByTheirResultOrAtOnce() {
    device.inject(Injection.on(SpiCall.PEER_MAP).nth(1).throwing(Injected::new));
    device.inject(Injection.on(SpiCall.PEER_MAP).nth(2).returning(GmStatus.NOMEM));
    device.inject(Injection.on(SpiCall.PEER_MAP).nth(3).atOnce().throwing(Injected::new));
    device.inject(Injection.on(SpiCall.PEER_MAP).nth(4).atOnce().returning(GmStatus.NOMEM));
    CompletableFuture<GmStatus> thrown = mapAsync(0);
    assertThatThrownBy(thrown::join)
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(Injected.class);
    assertThat(mapAsync(0).join()).isEqualTo(GmStatus.NOMEM);
    assertThatThrownBy(() -> mapAsync(0)).isInstanceOf(Injected.class);
    assertThat(mapAsync(0).join()).isEqualTo(GmStatus.NOMEM);
    assertThat(mapAsync(0).join()).isEqualTo(GmStatus.SUCCESS);
  }

  @Test
  void callsStallUntilTheyAreReleased() throws InterruptedException {
    try (Stall stall = new Stall()) {
      device.inject(Injection.on(SpiCall.PEER_MAP).stallingUntil(stall));
      CompletableFuture<GmStatus> held = new CompletableFuture<>();
      Thread thread = Thread.ofPlatform().start(() -> held.complete(map(0)));
      stall.awaitCalls(1);
      thread.interrupt();
      assertThat(held).isNotDone();
      assertThat(((MemoryDevice) device.device()).mapped()).isZero();
      stall.release();
      assertThat(held.join()).isEqualTo(GmStatus.SUCCESS);
      thread.join();
      assertThat(map(1)).as("a released stall holds nobody").isEqualTo(GmStatus.SUCCESS);
      assertThat(stall.calls()).isEqualTo(2);
    }
  }

  @Test
  void asynchronousCallsStallWithoutHoldingTheCaller() throws InterruptedException {
    try (Stall stall = new Stall()) {
      device.inject(Injection.on(SpiCall.PEER_MAP).stallingUntil(stall));
      device.inject(Injection.on(SpiCall.PEER_MAP).nth(2).returning(GmStatus.NOMEM));
      CompletableFuture<GmStatus> good = mapAsync(0);
      CompletableFuture<GmStatus> bad = mapAsync(1);
      stall.awaitCalls(2);
      assertThat(good).isNotDone();
      assertThat(bad).isNotDone();
      stall.release();
      assertThat(good.join()).isEqualTo(GmStatus.SUCCESS);
      assertThat(bad.join()).isEqualTo(GmStatus.NOMEM);
    }
  }

  @Test
  void aCallThatStallsAfterwardsHasDoneItsWork() throws InterruptedException {
    try (Stall stall = new Stall()) {
      device.inject(Injection.on(SpiCall.PEER_MAP).afterwards().stallingUntil(stall));
      CompletableFuture<GmStatus> late = mapAsync(0);
      stall.awaitCalls(1);
      assertThat(((MemoryDevice) device.device()).mapped()).isEqualTo(1);
      assertThat(late).isNotDone();
      stall.release();
      assertThat(late.join()).isEqualTo(GmStatus.SUCCESS);
    }
  }

  @Test
  void aCallThatFailsAfterwardsHasDoneItsWorkToo() {
    device.inject(Injection.on(SpiCall.PEER_MAP).nth(1).afterwards().returning(GmStatus.NOMEM));
    device.inject(Injection.on(SpiCall.PEER_MAP).nth(2).afterwards().throwing(Injected::new));
    assertThat(map(0)).isEqualTo(GmStatus.NOMEM);
    assertThatThrownBy(() -> mapAsync(1).join()).hasCauseInstanceOf(Injected.class);
    assertThat(((MemoryDevice) device.device()).mapped()).isEqualTo(2);
    device.device().mmu().peerUnmap(unmapping(0));
    device.device().mmu().peerUnmap(unmapping(1));
  }

  private GmUnmapping unmapping(int granule) {
    return new GmUnmapping(granule(granule), space.host(granule(granule)), false);
  }

  @Test
  void callsStallForATime() {
    device.inject(Injection.on(SpiCall.PEER_MAP).stalling(Duration.ofMillis(20)));
    long before = System.nanoTime();
    assertThat(map(0)).isEqualTo(GmStatus.SUCCESS);
    assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(20_000_000);
  }

  @Test
  void severalInjectionsMeetInOneCall() {
    try (Stall stall = new Stall()) {
      stall.release();
      device.inject(Injection.on(SpiCall.PEER_MAP).returning(GmStatus.NOMEM));
      device.inject(Injection.on(SpiCall.PEER_MAP).returning(GmStatus.DMA_ERROR));
      device.inject(Injection.on(SpiCall.PEER_MAP).stallingUntil(stall));
      assertThat(map(0)).isEqualTo(GmStatus.NOMEM);
      assertThat(stall.calls()).isEqualTo(1);
      assertThat(device.injector().log())
          .extracting(InjectedCall::effect)
          .containsExactly("stalls", "returns NOMEM");
    }
  }

  @Test
  void whatCannotReturnAStatusIsNotToldTo() {
    for (SpiCall call : SpiCall.values()) {
      if (!call.hasStatus()) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> Injection.on(call).returning(GmStatus.NOMEM))
            .withMessageContaining(call.name());
      }
    }
  }

  // ---- every call ----

  @Test
  void everyCallThatComesToAStatusCanBeDisturbed() {
    for (SpiCall call : SpiCall.values()) {
      if (call.hasStatus()) {
        device.inject(Injection.on(call).nth(1).returning(GmStatus.FAILURE_UNKNOWN));
      }
    }
    GmCopy copy = new GmCopy.DeviceToHost(range.address(), MemorySegment.ofArray(new byte[8]));
    for (GmStatus expected : List.of(GmStatus.FAILURE_UNKNOWN, GmStatus.SUCCESS)) {
      assertThat(map(0)).isEqualTo(expected);
      if (expected == GmStatus.FAILURE_UNKNOWN) {
        map(0);
      }
      assertThat(space.protect(granule(0), Access.READ)).isEqualTo(expected);
      assertThat(device.mmu().copy(copy)).isEqualTo(expected);
      assertThat(device.mmu().tlbInvalidate(List.of(granule(0)))).isEqualTo(expected);
      assertThat(unmap(0)).isEqualTo(expected);
      if (expected == GmStatus.FAILURE_UNKNOWN) {
        unmap(0);
      }
      assertThat(device.mmu().peerVaFree(range)).isEqualTo(expected);
      assertThat(device.mmu().peerVaAlloc(range)).isEqualTo(expected);
    }
  }

  @Test
  void attachingDetachingAndClosingCanThrow() {
    InjectedDevice other = InjectedDevice.of(new MemoryDevice(), "other");
    other.inject(
        Injection.on(SpiCall.ATTACH).nth(1).throwing(Injected::new),
        Injection.on(SpiCall.DETACH).nth(1).throwing(Injected::new),
        Injection.on(SpiCall.CLOSE).nth(1).throwing(Injected::new),
        Injection.on(SpiCall.COPY_TIMES).nth(1).throwing(Injected::new));
    assertThatThrownBy(() -> TestSpace.attach(other, 4096)).isInstanceOf(Injected.class);
    TestSpace attached = TestSpace.attachUnowned(other, 4096);
    assertThatThrownBy(() -> other.mmu().copyTimes()).isInstanceOf(Injected.class);
    assertThat(other.mmu().copyTimes()).isEmpty();
    assertThatThrownBy(attached::close).isInstanceOf(Injected.class);
    other.detach();
    assertThatThrownBy(other::close).isInstanceOf(Injected.class);
    other.close();
  }

  @Test
  void faultsAndPeerCopiesMeetTheRightDevice() {
    CountDownLatch served = new CountDownLatch(1);
    MemoryDevice inner = new MemoryDevice();
    InjectedDevice outer = InjectedDevice.of(inner, "outer");
    outer.attach(
        new GmAttachment(
            4096,
            1,
            (from, address, bytes, access) -> {
              assertThat(from).isSameAs(outer);
              served.countDown();
            }));
    outer.inject(Injection.on(SpiCall.DEV_FAULT).nth(1).throwing(Injected::new));
    assertThatThrownBy(() -> inner.fault(0x1000, Access.READ)).isInstanceOf(Injected.class);
    assertThat(served.getCount()).isEqualTo(1);
    inner.fault(0x1000, Access.READ);
    assertThat(served.getCount()).isZero();
    GmCopy across = new GmCopy.DeviceToDevice(outer, 1, 2, 3);
    device.mmu().copy(across);
    assertThat(((MemoryDevice) device.device()).lastCopy())
        .isEqualTo(new GmCopy.DeviceToDevice(inner, 1, 2, 3));
    outer.detach();
  }

  // ---- loss ----

  private static void isLost(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            GmStatusException.class, e -> assertThat(e.status()).isEqualTo(GmStatus.DEVICE_LOST));
  }

  @Test
  void aDeviceThatDiesInACallDoesNothingAfterIt() {
    InjectedDevice other = InjectedDevice.of(new MemoryDevice(), "other");
    TestSpace there = TestSpace.attachUnowned(other, MemoryDevice.GRANULE_BYTES);
    GmRange two = there.allocate(2);
    GmRange first = there.part(two, 0, 1);
    GmRange second = there.part(two, 1, 1);
    other.inject(Injection.on(SpiCall.PEER_MAP).nth(2).dying());
    assertThat(there.map(first, true, Access.READ_WRITE)).isEqualTo(GmStatus.SUCCESS);
    isLost(() -> there.map(second, true, Access.READ_WRITE));
    assertThat(other.injector().isDead()).isTrue();
    other.injector().clear();
    other.injector().pause();
    isLost(() -> there.unmap(first, true));
    isLost(() -> other.mmu().peerVaAlloc(two, MemoryDevice.GRANULE_BYTES));
    assertThatThrownBy(() -> there.unmapAsync(first, true).join())
        .hasCauseInstanceOf(GmStatusException.class);
    assertThat(((MemoryDevice) other.device()).mapped()).isEqualTo(1);
    assertThat(other.mmu().copyTimes()).isEmpty();
    assertThat(other.injector().log().getFirst()).asString().contains("(occurrence 2) is lost");
    other.close();
  }

  @Test
  void aDeviceThatIsLostSaysSoInTheWrappersName() {
    List<Object> said = new ArrayList<>();
    GmFaultHandler handler =
        new GmFaultHandler() {
          @Override
          public void devFault(GmDevice from, long address, long bytes, Access access) {}

          @Override
          public void deviceLost(GmDevice lost, Throwable cause) {
            said.add(lost);
            said.add(cause);
          }
        };
    InjectedDevice outer = InjectedDevice.of(new MemoryDevice(), "outer");
    outer.attach(new GmAttachment(4096, 1, handler));
    Injected cause = new Injected();
    outer.die(cause);
    assertThat(said).containsExactly(outer, cause);
    GmCopy across = new GmCopy.DeviceToDevice(outer, 1, 2, 3);
    assertThat(device.mmu().copy(across)).as("not its own loss").isEqualTo(GmStatus.DMA_ERROR);
    GmMove move = new GmMove(granule(0), outer);
    assertThat(device.mmu().peerMove(move)).isEqualTo(GmStatus.DMA_ERROR);
    assertThat(device.mmu().peerMoveAsync(move)).isCompletedWithValue(GmStatus.DMA_ERROR);
    outer.detach();
    outer.close();
  }

  // ---- counts and the log ----

  @Test
  void callsAreCountedAndTheLogSaysWhatWasInjected() {
    device.inject(Injection.on(SpiCall.PEER_MAP).nth(2).returning(GmStatus.NOMEM));
    device.inject(
        Injection.on(SpiCall.PEER_UNMAP)
            .throwing(() -> new GmStatusException(GmStatus.DMA_ERROR, "x", null)));
    map(0);
    map(1);
    assertThatThrownBy(() -> unmap(0)).isInstanceOf(GmStatusException.class);
    assertThat(device.injector().calls(SpiCall.PEER_MAP)).isEqualTo(2);
    assertThat(device.injector().calls(SpiCall.PEER_UNMAP)).isEqualTo(1);
    assertThat(device.injector().calls(SpiCall.COPY)).isZero();
    assertThat(device.injector().log())
        .extracting(InjectedCall::toString)
        .containsExactly(
            "1: PEER_MAP 0x"
                + Long.toHexString(granule(1).address())
                + " +4096 (occurrence 2) returns NOMEM",
            "2: PEER_UNMAP 0x"
                + Long.toHexString(range.address())
                + " +4096 (occurrence 1) throws");
  }

  @Test
  void nothingIsDisturbedDuringAPause() {
    device.inject(Injection.on(SpiCall.PEER_MAP).nth(1).returning(GmStatus.NOMEM));
    device.injector().pause();
    assertThat(map(0)).isEqualTo(GmStatus.SUCCESS);
    device.injector().resume();
    assertThat(map(1)).isEqualTo(GmStatus.NOMEM);
    assertThat(device.injector().calls(SpiCall.PEER_MAP)).isEqualTo(2);
  }
}
