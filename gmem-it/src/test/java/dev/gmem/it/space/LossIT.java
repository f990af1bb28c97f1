package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.AddressSpace;
import dev.gmem.Advice;
import dev.gmem.Device;
import dev.gmem.DeviceException;
import dev.gmem.DeviceLostException;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelLaunchException;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PoisonedMemoryException;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import dev.gmem.spi.GmCapability;
import dev.gmem.testkit.injection.InjectedDevice;
import dev.gmem.testkit.injection.Injection;
import dev.gmem.testkit.injection.SpiCall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Simulated devices are lost, with the real agent. */
@Timeout(120)
class LossIT {
  private static final int GRANULE_BYTES = 4096;
  private static final int GRANULES = 8;
  private static final int LONGS = GRANULES * GRANULE_BYTES / Long.BYTES;

  private AddressSpace space;
  private Arena arena;
  private MemorySegment data;

  @BeforeEach
  void open() {
    space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES));
    arena = space.arena();
    data = arena.allocate(JAVA_LONG, LONGS);
  }

  /** Closing works and leaves nothing, whatever has been lost. */
  @AfterEach
  void close() {
    arena.close();
    assertEquals(0, space.statistics().allocatedBytes());
    space.close();
  }

  private InjectedDevice attach(String id, boolean faults) {
    Sim.Builder sim = Sim.builder(id);
    InjectedDevice device =
        InjectedDevice.of((faults ? sim : sim.without(GmCapability.REPLAYABLE_FAULTS)).build(), id);
    space.attach(device);
    return device;
  }

  private Device view(InjectedDevice device) {
    return space.device(device.id());
  }

  private Kernel increment(InjectedDevice device) {
    return view(device)
        .load(
            KernelSource.java(
                "increment",
                (item, memory, arguments) ->
                    memory.getAndAddLong(arguments.address(0) + 8 * item.globalId(0), 1),
                Parameter.READ_WRITE))
        .kernel("increment");
  }

  private void fill(long value) {
    for (int i = 0; i < LONGS; i++) {
      data.setAtIndex(JAVA_LONG, i, value);
    }
  }

  private MemorySegment granule(int number) {
    return data.asSlice((long) number * GRANULE_BYTES, GRANULE_BYTES);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatOnlyTheDeviceHadThrowsAndTheRestIsThere(boolean faults) {
    InjectedDevice lost = attach("sim0", faults);
    InjectedDevice other = attach("sim1", faults);
    fill(5);
    increment(lost).launch(NdRange.of(GRANULE_BYTES / 8), granule(0)).join();
    space.prefetch(granule(1), view(lost)).join();
    increment(other).launch(NdRange.of(GRANULE_BYTES / 8), granule(2)).join();
    IllegalStateException cause = new IllegalStateException("off the bus");
    lost.die(cause);
    ByteBuffer buffer = data.asByteBuffer();
    byte[] bytes = new byte[GRANULE_BYTES];
    assertSame(cause, assertPoisoned(() -> data.getAtIndex(JAVA_LONG, 3)).getCause());
    assertPoisoned(() -> data.setAtIndex(JAVA_LONG, 3, 1));
    assertPoisoned(() -> buffer.get(0));
    assertPoisoned(() -> buffer.get(0, bytes));
    assertPoisoned(() -> granule(0).asSlice(8).fill((byte) 0));
    assertPoisoned(() -> MemorySegment.copy(granule(0), 0, granule(3), 0, GRANULE_BYTES));
    assertPoisoned(() -> increment(other).launch(NdRange.of(GRANULE_BYTES / 8), granule(0)).join());
    assertEquals(GRANULE_BYTES, space.residency(data).bytesPoisoned());
    assertEquals(GRANULE_BYTES, space.statistics().devices().get("sim0").bytesLost());
    for (int i = 1; i < GRANULES; i++) {
      assertEquals(i == 2 ? 6 : 5, granule(i).get(JAVA_LONG, 8));
    }
    space.advise(granule(0), Advice.dontNeed()).join();
    assertEquals(0, data.getAtIndex(JAVA_LONG, 3));
    increment(other).launch(NdRange.of(GRANULE_BYTES / 8), granule(0)).join();
    assertEquals(1, data.getAtIndex(JAVA_LONG, 3));
    space.detach(view(lost));
  }

  /** Overwriting whole granules gives them a meaning, by whomever; parts of one do not. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatIsOverwrittenIsNotLostAnyMore(boolean faults) {
    InjectedDevice lost = attach("sim0", faults);
    InjectedDevice other = attach("sim1", faults);
    Kernel seven = storing(other, 7);
    Kernel fails = storing(other, -1);
    increment(lost).launch(NdRange.of(LONGS), data).join();
    lost.die(null);
    assertEquals(data.byteSize(), space.residency(data).bytesPoisoned());
    NdRange all = NdRange.of(GRANULE_BYTES / 8);
    assertThrows(KernelLaunchException.class, () -> fails.launch(all, granule(0)).join());
    assertPoisoned(() -> data.get(JAVA_LONG, 0));
    seven.launch(all, granule(0)).join();
    assertThrows(DeviceException.class, () -> seven.launch(all, granule(1).asSlice(8)).join());
    granule(1).fill((byte) 1);
    long[] content = new long[GRANULE_BYTES / 8];
    Arrays.fill(content, 5);
    space.copy(granule(2), MemorySegment.ofArray(content));
    MemorySegment rest = data.asSlice(3 * GRANULE_BYTES + 8);
    assertPoisoned(() -> rest.fill((byte) 2)); // its first granule is a part
    data.asSlice(4 * GRANULE_BYTES).fill((byte) 3);
    assertEquals(GRANULE_BYTES, space.residency(data).bytesPoisoned());
    assertPoisoned(() -> granule(3).get(JAVA_LONG, 8));
    for (int i = 0; i < GRANULE_BYTES; i += 8) {
      assertEquals(7, granule(0).get(JAVA_LONG, i));
      assertEquals(0x0101010101010101L, granule(1).get(JAVA_LONG, i));
      assertEquals(5, granule(2).get(JAVA_LONG, i));
      assertEquals(0x0303030303030303L, granule(GRANULES - 1).get(JAVA_LONG, i));
    }
    increment(other).launch(all, granule(2)).join();
    assertEquals(6, granule(2).get(JAVA_LONG, 0));
  }

  /** A kernel that overwrites its argument, or fails half-way. */
  private Kernel storing(InjectedDevice device, long value) {
    String name = value < 0 ? "fails" : "stores";
    return view(device)
        .load(
            KernelSource.java(
                name,
                (item, memory, arguments) -> {
                  if (value < 0 && item.globalId(0) > 3) {
                    throw new IllegalStateException("half-way");
                  }
                  memory.putLong(arguments.address(0) + 8 * item.globalId(0), value);
                },
                Parameter.OVERWRITE))
        .kernel(name);
  }

  private static void assertSame(Throwable expected, Throwable actual) {
    assertTrue(expected == actual, () -> "cause=" + actual);
  }

  private static PoisonedMemoryException assertPoisoned(Runnable access) {
    PoisonedMemoryException thrown = assertThrows(PoisonedMemoryException.class, access::run);
    assertEquals("sim0", thrown.deviceId());
    return thrown;
  }

  /** How a device is lost while its kernel runs. */
  enum Loss {
    SAID,
    ABANDONED
  }

  @ParameterizedTest
  @EnumSource
  void aKernelUnderWayEndsItsLaunchAndWakesTheCpu(Loss loss) throws Exception {
    InjectedDevice device = attach("sim0", false);
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch ends = new CountDownLatch(1);
    Kernel waits =
        view(device)
            .load(
                KernelSource.java(
                    "waits",
                    (item, memory, arguments) -> {
                      started.countDown();
                      await(ends);
                      memory.putLong(arguments.address(0), 1);
                    },
                    Parameter.READ_WRITE))
            .kernel("waits");
    fill(5);
    Launch launch = waits.launch(NdRange.of(1), granule(0));
    Launch next = waits.launch(NdRange.of(1), granule(0));
    await(started);
    CompletableFuture<Long> reads = later(() -> granule(0).get(JAVA_LONG, 0));
    CompletableFuture<Object> joins = later(launch::join);
    assertFalse(launch.isDone());
    if (loss == Loss.SAID) {
      device.die(null);
    } else {
      space.abandon(view(device));
    }
    assertFailure(DeviceLostException.class, joins);
    assertFailure(PoisonedMemoryException.class, reads);
    assertThrows(DeviceLostException.class, next::join);
    assertEquals(5, granule(1).get(JAVA_LONG, 0));
    ends.countDown();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(60, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static <T> CompletableFuture<T> later(java.util.function.Supplier<T> work) {
    return CompletableFuture.supplyAsync(work, task -> Thread.ofPlatform().daemon().start(task));
  }

  private static void assertFailure(Class<?> expected, CompletableFuture<?> work) {
    ExecutionException thrown =
        assertThrows(ExecutionException.class, () -> work.get(60, TimeUnit.SECONDS));
    assertEquals(expected, thrown.getCause().getClass());
  }

  /** Devices take turns, and one of them dies in one of its calls, whichever. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whicheverCallItDiesInMemoryIsRightOrSaysThatItIsLost(boolean faults) {
    int dying = 1;
    while (diesInCall(dying, faults)) {
      close();
      open();
      dying++;
    }
    assertTrue(dying > 8, "calls=" + dying);
  }

  private boolean diesInCall(int number, boolean faults) {
    InjectedDevice one = attach("sim0", faults);
    InjectedDevice two = attach("sim1", faults);
    one.inject(
        Injection.on(
                SpiCall.PEER_MAP,
                SpiCall.PEER_UNMAP,
                SpiCall.PEER_MOVE,
                SpiCall.PEER_PROTECT,
                SpiCall.LAUNCH)
            .nth(number)
            .dying());
    Kernel mine = increment(one);
    Kernel theirs = increment(two);
    fill(1);
    int turns = 0;
    try {
      for (int i = 0; i < 3; i++) {
        theirs.launch(NdRange.of(LONGS), data).join();
        turns++;
        mine.launch(NdRange.of(LONGS), data).join();
        turns++;
        data.setAtIndex(JAVA_LONG, 1, data.getAtIndex(JAVA_LONG, 1)); // some of it comes home
      }
    } catch (DeviceException e) {
      assertTrue(one.injector().isDead(), e.getMessage());
    }
    for (int i = 0; i < LONGS; i++) {
      checkElement(i, turns);
    }
    return one.injector().isDead();
  }

  /** A launch that failed may have made its turn there, as its kernel took faults. */
  private void checkElement(int index, int turns) {
    try {
      long value = data.getAtIndex(JAVA_LONG, index);
      assertTrue(value == 1 + turns || value == 2 + turns, () -> index + ": " + value);
    } catch (PoisonedMemoryException e) {
      assertEquals("sim0", e.deviceId());
      assertTrue(space.residency(data).bytesPoisoned() > 0);
    }
  }

  @Test
  void aLostDeviceIsReplacedByName() {
    InjectedDevice device = attach("sim0", true);
    Device old = view(device);
    fill(5);
    increment(device).launch(NdRange.of(LONGS), data).join();
    device.die(null);
    assertTrue(old.isLost());
    assertTrue(old == space.device("sim0"));
    assertThrows(DeviceLostException.class, () -> space.prefetch(data, old));
    space.detach(old);
    InjectedDevice fresh = attach("sim0", true);
    assertFalse(view(fresh).isLost());
    assertPoisoned(() -> increment(fresh).launch(NdRange.of(LONGS), data).join());
    space.advise(data, Advice.dontNeed()).join();
    increment(fresh).launch(NdRange.of(LONGS), data).join();
    assertEquals(1, data.getAtIndex(JAVA_LONG, LONGS - 1));
  }
}
