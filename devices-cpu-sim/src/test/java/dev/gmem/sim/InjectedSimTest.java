package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Access;
import dev.gmem.KernelSource;
import dev.gmem.NdRange;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmProgram;
import dev.gmem.spi.GmRange;
import dev.gmem.testkit.injection.InjectedDevice;
import dev.gmem.testkit.injection.Injection;
import dev.gmem.testkit.injection.Injection.Injected;
import dev.gmem.testkit.injection.SpiCall;
import dev.gmem.testkit.injection.Stall;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Fault injection into kernels and their faults, on a device that has them. */
@Timeout(120)
class InjectedSimTest {
  private final SimDevice sim = Sim.builder("sim0").memoryBytes(4 << 20).build();
  private final InjectedDevice device = InjectedDevice.of(sim);
  private final SimRig rig = new SimRig(sim, device);
  private final GmRange range = rig.space().allocate(2);

  @AfterEach
  void close() {
    rig.close();
  }

  private GmProgram program() {
    return device
        .compute()
        .orElseThrow()
        .compile(
            KernelSource.java(
                "write", (item, memory, arguments) -> memory.putInt(range.address(), 9)));
  }

  private CompletableFuture<Long> launch(GmKernel kernel) {
    return kernel.launch(NdRange.of(1), List.of()).toCompletableFuture();
  }

  @Test
  void compilingCheckingAndClosingCanThrow() {
    device.inject(
        Injection.on(SpiCall.COMPILE).nth(1).throwing(Injected::new),
        Injection.on(SpiCall.VALIDATE).nth(1).throwing(Injected::new),
        Injection.on(SpiCall.CLOSE_PROGRAM).nth(1).throwing(Injected::new));
    assertThatThrownBy(this::program).isInstanceOf(Injected.class);
    GmProgram program = program();
    GmKernel kernel = program.kernels().getFirst();
    assertThat(kernel.name()).isEqualTo("write");
    assertThatThrownBy(() -> kernel.validate(NdRange.of(1), List.of()))
        .isInstanceOf(Injected.class);
    kernel.validate(NdRange.of(1), List.of());
    assertThatThrownBy(program::close).isInstanceOf(Injected.class);
    program.close();
  }

  @Test
  void launchesFailByTheirResultOrAtOnceOrAfterTheirKernel() throws Exception {
    GmKernel kernel = program().kernels().getFirst();
    device.inject(
        Injection.on(SpiCall.LAUNCH).nth(1).throwing(Injected::new),
        Injection.on(SpiCall.LAUNCH).nth(2).atOnce().throwing(Injected::new),
        Injection.on(SpiCall.LAUNCH).nth(3).afterwards().throwing(Injected::new));
    CompletableFuture<Long> failed = launch(kernel);
    assertThatThrownBy(() -> SimRig.await(failed)).hasRootCauseInstanceOf(Injected.class);
    assertThatThrownBy(() -> launch(kernel)).isInstanceOf(Injected.class);
    assertThat(rig.space().isMapped(range.address())).as("no kernel has run").isFalse();
    CompletableFuture<Long> late = launch(kernel);
    assertThatThrownBy(() -> SimRig.await(late)).hasRootCauseInstanceOf(Injected.class);
    rig.space().bringHome(range);
    assertThat(rig.space().host(range).get(ValueLayout.JAVA_INT, 0)).isEqualTo(9);
    assertThat(device.injector().log().getFirst().toString())
        .isEqualTo("1: LAUNCH write (occurrence 1) throws");
  }

  @Test
  void launchesStall() throws Exception {
    GmKernel kernel = program().kernels().getFirst();
    try (Stall stall = new Stall()) {
      device.inject(Injection.on(SpiCall.LAUNCH).stallingUntil(stall));
      CompletableFuture<Long> launch = launch(kernel);
      stall.awaitCalls(1);
      assertThat(launch).isNotDone();
      assertThat(sim.statistics().launches()).isZero();
      stall.release();
      assertThat(SimRig.await(launch)).isPositive();
    }
  }

  @Test
  void faultsFailAndStall() throws Exception {
    GmKernel kernel = program().kernels().getFirst();
    device.inject(
        Injection.on(SpiCall.DEV_FAULT)
            .when(event -> event.access() != Access.READ)
            .nth(1)
            .throwing(Injected::new));
    assertThatThrownBy(() -> SimRig.await(launch(kernel)))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(Injected.class);
    try (Stall stall = new Stall()) {
      device.inject(Injection.on(SpiCall.DEV_FAULT).stallingUntil(stall));
      CompletableFuture<Long> launch = launch(kernel);
      stall.awaitCalls(1);
      assertThat(launch).isNotDone();
      assertThat(rig.space().faults()).isEmpty();
      stall.release();
      SimRig.await(launch);
      assertThat(rig.space().faults()).hasSize(1);
    }
  }
}
