package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.Access;
import dev.gmem.DeviceException;
import dev.gmem.IllegalDeviceAccessException;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.kernel.DeviceKernel;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmFaultHandler;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.testkit.injection.InjectedDevice;
import dev.gmem.testkit.injection.Injection;
import dev.gmem.testkit.injection.SpiCall;
import dev.gmem.testkit.injection.Stall;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Faults beyond the contract: devices that cannot fault, handlers that misbehave, progress. */
@Timeout(120)
class SimFaultTest {
  private static final int GRANULE_BYTES = SimRig.GRANULE_BYTES;

  private static final DeviceKernel READ_THIRD_GRANULE =
      (item, memory, arguments) -> memory.getInt(arguments.address(0) + 2L * GRANULE_BYTES + 8);

  private static final DeviceKernel WRITE_THIRD_GRANULE =
      (item, memory, arguments) ->
          memory.putShort(arguments.address(0) + 2L * GRANULE_BYTES + 8, (short) 1);

  @Test
  void aDeviceThatCannotFaultFailsTheLaunchOnUnmappedMemory() throws Exception {
    try (SimRig rig = new SimRig(Sim.builder("sim7").replayable(false))) {
      GmRange range = rig.space().allocate(3);
      rig.space().map(rig.space().part(range, 0, 2), true, Access.READ_WRITE);
      assertThat(rig.failure(1, READ_THIRD_GRANULE, range))
          .isInstanceOfSatisfying(
              IllegalDeviceAccessException.class,
              e -> {
                assertThat(e.address()).isEqualTo(range.address() + 2L * GRANULE_BYTES + 8);
                assertThat(e.bytes()).isEqualTo(4);
                assertThat(e.deviceId()).isEqualTo("sim7");
                assertThat(e).hasMessageContaining(Long.toHexString(e.address()));
              });
      assertThat(rig.space().faults()).isEmpty();
    }
  }

  @Test
  void aDeviceThatCannotFaultFailsTheLaunchOnWritesToReplicas() throws Exception {
    try (SimRig rig = new SimRig(Sim.builder("sim0").replayable(false))) {
      GmRange range = rig.space().allocate(3);
      rig.space().map(range, true, Access.READ);
      rig.run(1, READ_THIRD_GRANULE, range);
      assertThat(rig.failure(1, WRITE_THIRD_GRANULE, range))
          .isInstanceOf(IllegalDeviceAccessException.class)
          .hasMessageContaining("writable");
    }
  }

  @Test
  void whatTheHandlerThrowsIsWhatTheLaunchFailsWith() throws Exception {
    IllegalStateException thrown = new IllegalStateException("no");
    Throwable failure =
        failureWith(
            (device, address, bytes, access) -> {
              throw thrown;
            });
    assertThat(failure).isSameAs(thrown);
  }

  @Test
  void aHandlerThatNeverMapsAnythingIsFoundOut() throws Exception {
    assertThat(failureWith((device, address, bytes, access) -> {}))
        .isInstanceOfSatisfying(
            DeviceException.class, e -> assertThat(e.address()).isEqualTo(0x1230));
  }

  private static Throwable failureWith(GmFaultHandler handler) throws Exception {
    try (SimDevice device = Sim.builder("sim0").build()) {
      device.attach(new GmAttachment(GRANULE_BYTES, 1, handler));
      DeviceKernel body = (item, memory, arguments) -> memory.getInt(0x1230);
      try {
        SimRig.await(
            device
                .compute()
                .orElseThrow()
                .compile(KernelSource.java("k", body))
                .kernels()
                .getFirst()
                .launch(NdRange.of(1), List.of())
                .toCompletableFuture());
        throw new AssertionError("the launch should have failed");
      } catch (ExecutionException e) {
        return e.getCause();
      }
    }
  }

  @Test
  void aFaultSaysWhatTheAccessNeeds() throws Exception {
    AtomicReference<String> seen = new AtomicReference<>();
    try (SimDevice device = Sim.builder("sim0").build()) {
      device.attach(
          new GmAttachment(
              GRANULE_BYTES,
              1,
              (from, address, bytes, access) -> {
                seen.set(from.id() + " " + address + " " + bytes + " " + access);
                throw new UnsupportedOperationException();
              }));
      assertThat(faultOf(device, seen, (i, m, a) -> m.getLong(4096))).isEqualTo("sim0 4096 8 READ");
      assertThat(faultOf(device, seen, (i, m, a) -> m.putByte(4097, (byte) 0)))
          .isEqualTo("sim0 4097 1 WRITE");
      assertThat(faultOf(device, seen, (i, m, a) -> m.getAndAddInt(8192, 1)))
          .isEqualTo("sim0 8192 4 READ_WRITE");
      assertThat(device.statistics().readFaults()).isEqualTo(1);
      assertThat(device.statistics().writeFaults()).isEqualTo(2);
    }
  }

  private static String faultOf(SimDevice device, AtomicReference<String> seen, DeviceKernel body)
      throws Exception {
    try {
      SimRig.await(
          device
              .compute()
              .orElseThrow()
              .compile(KernelSource.java("k", body, Parameter.SCALAR))
              .kernels()
              .getFirst()
              .launch(NdRange.of(1), List.of(new GmArgument.Scalar(1)))
              .toCompletableFuture());
    } catch (ExecutionException e) {
      return seen.getAndSet(null);
    }
    throw new AssertionError("the launch should have failed");
  }

  @Test
  void aWorkerThatSleepsDoesNotHoldUpUnmapping() throws Exception {
    try (SimRig rig = SimRig.plain()) {
      GmRange range = rig.space().allocate(1);
      CountDownLatch touched = new CountDownLatch(1);
      CountDownLatch go = new CountDownLatch(1);
      CompletableFuture<Long> launch =
          rig.start(
              1,
              (item, memory, arguments) -> {
                memory.putInt(arguments.address(0), 5);
                touched.countDown();
                awaitLatch(go);
                memory.putInt(arguments.address(0), memory.getInt(arguments.address(0)) + 1);
              },
              range);
      touched.await();
      assertThat(rig.space().unmap(range, true)).isEqualTo(GmStatus.SUCCESS);
      assertThat(rig.space().host(range).get(ValueLayout.JAVA_INT, 0)).isEqualTo(5);
      go.countDown();
      SimRig.await(launch);
      rig.space().bringHome(range);
      assertThat(rig.space().host(range).get(ValueLayout.JAVA_INT, 0)).isEqualTo(6);
    }
  }

  @Test
  void aWorkerThatWaitsForAFaultDoesNotHoldUpUnmapping() throws Exception {
    SimDevice device = Sim.builder("sim0").memoryBytes(4 << 20).build();
    InjectedDevice injected = InjectedDevice.of(device);
    try (Stall fault = new Stall();
        SimRig rig = new SimRig(device, injected)) {
      GmRange range = rig.space().allocate(2);
      rig.space().map(rig.space().part(range, 0, 1), true, Access.READ_WRITE);
      injected.inject(Injection.on(SpiCall.PEER_MAP).stallingUntil(fault));
      CompletableFuture<Long> launch =
          rig.start(
              1,
              (item, memory, arguments) -> {
                memory.getInt(arguments.address(0));
                memory.getInt(arguments.address(0) + GRANULE_BYTES);
              },
              range);
      fault.awaitCalls(1);
      assertThat(rig.space().unmap(rig.space().part(range, 0, 1), true))
          .isEqualTo(GmStatus.SUCCESS);
      assertThat(launch).isNotDone();
      fault.release();
      SimRig.await(launch);
    }
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
