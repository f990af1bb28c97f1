package dev.gmem.testkit;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gmem.Access;
import dev.gmem.KernelSource;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmCompute;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmStatusException;
import dev.gmem.spi.GmUnmapping;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What a device does once it is lost ({@link GmStatus#DEVICE_LOST}). Skipped where the fixture
 * makes no device that can {@linkplain DeviceFixture#newMortal die}.
 *
 * <table>
 *   <caption>Rules</caption>
 *   <tr><th>what</th><th>once it is lost</th></tr>
 *   <tr><td>what moves bytes: map, unmap with a copy, copy</td><td>{@code DEVICE_LOST}, returned
 *     or thrown, for good; what is not implemented stays so</td></tr>
 *   <tr><td>an unmapping without a copy</td><td>the same, or success: it is gone anyhow</td></tr>
 *   <tr><td>the host's frames</td><td>left alone by these calls</td></tr>
 *   <tr><td>calls under way</td><td>end: with success, and then they have done their work, or with
 *     {@code DEVICE_LOST}</td></tr>
 *   <tr><td>kernels under way</td><td>end, somehow; no other starts</td></tr>
 *   <tr><td>{@code close}</td><td>works, though the device has not been detached, and things are
 *     mapped; a second time, too</td></tr>
 *   <tr><td>{@code id}, {@code capabilities}, ...</td><td>answer as before</td></tr>
 *   <tr><td>a peer</td><td>does not say that it is lost itself</td></tr>
 * </table>
 */
public abstract class LossContract extends FacetContract {
  private static final byte STALE = 0x6D;

  private DeviceFixture.Mortal mortal;
  private TestSpace doomed;

  /** For subclasses. */
  protected LossContract() {}

  @BeforeEach
  final void attachDoomed() {
    mortal = fixture().newMortal().orElse(null);
    assumeTrue(mortal != null, () -> "skipped: no " + device().id() + " that could be made to die");
    doomed = TestSpace.attachUnowned(mortal.device(), fixture().granuleBytes());
  }

  @AfterEach
  final void closeDoomed() throws ExecutionException {
    if (doomed != null) {
      closeInTime();
      doomed.abandon();
    }
  }

  private void closeInTime() throws ExecutionException {
    await(later(() -> assertDoesNotThrow(mortal.device()::close)));
  }

  private static CompletionStage<Void> later(Runnable work) {
    return CompletableFuture.runAsync(work, task -> Thread.ofPlatform().daemon().start(task));
  }

  /** What a call comes to, however the device says it. */
  private static GmStatus status(Callable<GmStatus> call) {
    try {
      return call.call();
    } catch (GmStatusException e) {
      return e.status();
    } catch (ExecutionException e) {
      return e.getCause() instanceof GmStatusException known
          ? known.status()
          : fail("a call ended by what names no status", e);
    } catch (Exception e) {
      return fail("a call threw what names no status", e);
    }
  }

  private static void assertLost(Callable<GmStatus> call) {
    assertEquals(GmStatus.DEVICE_LOST, status(call));
  }

  private static void assertLostOr(GmStatus other, Callable<GmStatus> call) {
    GmStatus status = status(call);
    assertTrue(status == GmStatus.DEVICE_LOST || status == other, () -> "status=" + status);
  }

  private GmRange mapped(long granules) {
    GmRange range = doomed.allocate(granules);
    fill(range, STALE);
    assertSuccess(doomed.map(range, true, Access.READ_WRITE));
    return range;
  }

  private void fill(GmRange range, int value) {
    doomed.host(range).fill((byte) value);
  }

  private void assertFilled(GmRange range, int value) {
    byte[] bytes = doomed.host(range).toArray(ValueLayout.JAVA_BYTE);
    for (byte each : bytes) {
      assertEquals((byte) value, each);
    }
  }

  @Test
  void everyCallThatMovesBytesSaysSoForGood() throws ExecutionException {
    GmRange held = mapped(4);
    GmRange free = doomed.allocate(2);
    mortal.death().run();
    for (int again = 0; again < 2; again++) {
      assertAllLost(held, free);
      await(later(() -> assertAllLost(held, free)));
    }
  }

  private void assertAllLost(GmRange held, GmRange free) {
    assertLost(() -> doomed.tryMap(free, true, Access.READ_WRITE));
    assertLost(() -> doomed.tryMap(free, false, Access.OVERWRITE));
    assertLost(() -> await(doomed.tryMapAsync(free, true, Access.READ_WRITE)));
    GmUnmapping out = new GmUnmapping(held, doomed.host(held), true);
    assertLost(() -> mortal.device().mmu().peerUnmap(out));
    assertLost(() -> await(mortal.device().mmu().peerUnmapAsync(out)));
    GmCopy home = new GmCopy.DeviceToHost(held.address(), doomed.host(held));
    assertLostOr(GmStatus.UNIMPLEMENTED, () -> mortal.device().mmu().copy(home));
    GmCopy in = new GmCopy.HostToDevice(doomed.host(held), held.address());
    assertLostOr(GmStatus.UNIMPLEMENTED, () -> mortal.device().mmu().copy(in));
    GmRange more = new GmRange(Math.max(free.end(), held.end()) + held.bytes(), held.bytes());
    assertLostOr(GmStatus.SUCCESS, () -> mortal.device().mmu().peerVaAlloc(more));
    assertLostOr(GmStatus.SUCCESS, () -> mortal.device().mmu().peerVaFree(more));
  }

  @Test
  void theHostsFramesAreLeftAlone() {
    GmRange held = mapped(2);
    GmRange free = doomed.allocate(2);
    fill(free, 3);
    fill(held, 4);
    mortal.death().run();
    GmUnmapping drop = new GmUnmapping(held, doomed.host(held), false);
    assertLostOr(GmStatus.SUCCESS, () -> mortal.device().mmu().peerUnmap(drop));
    assertLost(() -> doomed.tryMap(free, true, Access.READ_WRITE));
    assertFilled(held, 4);
    assertFilled(free, 3);
  }

  @Test
  void whatIsUnderWayEnds() {
    int runs = 8;
    List<GmRange> held = new ArrayList<>();
    List<GmRange> free = new ArrayList<>();
    for (int i = 0; i < runs; i++) {
      held.add(mapped(2));
      free.add(doomed.allocate(2));
    }
    boolean copies = !mortal.device().capabilities().contains(GmCapability.HOST_COHERENT);
    if (copies) {
      held.forEach(range -> fill(range, 4));
    }
    List<Callable<CompletionStage<GmStatus>>> calls = new ArrayList<>();
    for (int i = 0; i < runs; i++) {
      GmRange out = held.get(i);
      GmRange in = free.get(i);
      calls.add(() -> doomed.unmapAsync(out, true));
      calls.add(() -> doomed.tryMapAsync(in, true, Access.READ_WRITE));
    }
    List<Callable<GmStatus>> ends = new ArrayList<>();
    for (int i = 0; i < calls.size(); i++) {
      if (i == runs) {
        mortal.death().run();
      }
      ends.add(begin(calls.get(i)));
    }
    for (int i = 0; i < ends.size(); i++) {
      GmStatus end = status(ends.get(i));
      boolean done = i < runs && end == GmStatus.SUCCESS;
      assertTrue(done || end == GmStatus.DEVICE_LOST, () -> "status=" + end);
      if (done && i % 2 == 0) {
        assertFilled(held.get(i / 2), STALE);
      }
    }
    assertLost(() -> doomed.tryMap(doomed.part(free.getLast(), 0, 1), true, Access.READ_WRITE));
  }

  /** Begins a call now; what it comes to is asked for later. */
  private Callable<GmStatus> begin(Callable<CompletionStage<GmStatus>> call) {
    try {
      CompletionStage<GmStatus> stage = call.call();
      return () -> await(stage);
    } catch (Exception e) {
      return () -> {
        throw e;
      };
    }
  }

  @Test
  void kernelsEndAndNoOtherStarts() throws ExecutionException {
    GmKernel kernel = increment();
    GmRange data = doomed.allocate(4);
    assertSuccess(doomed.map(data, true, Access.READ_WRITE));
    GmArgument argument =
        new GmArgument.Buffer(data, data.address(), data.bytes(), Access.READ_WRITE);
    NdRange items = NdRange.of(data.bytes() / Integer.BYTES);
    List<CompletionStage<Long>> launches = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      launches.add(kernel.launch(items, List.of(argument)));
    }
    mortal.death().run();
    for (CompletionStage<Long> launch : launches) {
      await(launch.handle((nanos, failure) -> 0));
    }
    assertLost(
        () -> {
          await(kernel.launch(items, List.of(argument)));
          return GmStatus.SUCCESS;
        });
  }

  private GmKernel increment() {
    GmCompute compute = mortal.device().compute().orElse(null);
    assumeTrue(compute != null, () -> "skipped: " + mortal.device().id() + " does not compute");
    KernelSource source = fixture().source(ContractKernel.INCREMENT);
    List<KernelSource> forms =
        source instanceof KernelSource.OneOf several ? several.forms() : List.of(source);
    KernelSource form = forms.stream().filter(compute::supports).findFirst().orElse(null);
    assumeTrue(form != null, () -> "skipped: " + mortal.device().id() + " understands no form");
    return compute.compile(form).kernels().getFirst();
  }

  @Test
  void itIsClosedThoughThingsAreMappedAndAgain() throws ExecutionException {
    mapped(4);
    mortal.death().run();
    closeInTime();
    closeInTime();
  }

  @Test
  void itIsStillWhoItWas() {
    GmDevice device = mortal.device();
    String id = device.id();
    long memoryBytes = device.memoryBytes();
    Set<GmCapability> capabilities = device.capabilities();
    mortal.death().run();
    assertEquals(id, device.id());
    assertEquals(memoryBytes, device.memoryBytes());
    assertEquals(capabilities, device.capabilities());
    assertEquals(1, device.description().lines().count());
    assertSame(device.mmu(), device.mmu());
    for (GmDevice lost : doomed.losses()) {
      assertSame(device, lost, "it says of itself that it is lost, of nobody else");
    }
  }

  /** If it has the bytes all the same, they are the right ones. */
  @Test
  void aPeerDoesNotSayThatItIsLostItself() {
    assumeCapability(GmCapability.PEER_COPY);
    GmRange range = space().allocate(2);
    doomed.adopt(range, space());
    fillHost(range, 1);
    assertSuccess(doomed.map(range, true, Access.READ_WRITE));
    mortal.death().run();
    GmStatus status = status(() -> space().move(range, doomed));
    assertNotEquals(GmStatus.DEVICE_LOST, status);
    if (status == GmStatus.SUCCESS) {
      space().host(range).fill(STALE);
      assertSuccess(space().unmap(range, true));
      assertHost(range, 1);
    }
    GmRange other = space().allocate(1);
    assertSuccess(space().map(other, true, Access.READ_WRITE));
  }
}
