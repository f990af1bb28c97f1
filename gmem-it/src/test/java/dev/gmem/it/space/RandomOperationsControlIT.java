package dev.gmem.it.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gmem.AddressSpace;
import dev.gmem.Gmem;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.sim.Sim;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmStatus;
import dev.gmem.testkit.ContractKernel;
import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.injection.InjectedDevice;
import dev.gmem.testkit.injection.Injection;
import dev.gmem.testkit.injection.SpiCall;
import dev.gmem.testkit.scenario.RandomOperations;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

/** Random programs find what is wrong, and say so shortly. */
class RandomOperationsControlIT {
  private static final long SEED = 1;

  private static final class Control extends RandomOperations {
    @Override
    protected DeviceFixture fixture() {
      return new Forgetful();
    }

    static void check() {
      checkProgram(new Forgetful(), SEED);
    }

    static void check(DeviceFixture fixture, Injection lie) {
      checkProgramThoughCallsFail(fixture, SEED, lie);
    }
  }

  /** Its increment leaves out int 1000. */
  private static final class Forgetful implements DeviceFixture {
    @Override
    public GmDevice newDevice() {
      return Sim.builder("sim0").build();
    }

    @Override
    public KernelSource source(ContractKernel kernel) {
      if (kernel != ContractKernel.INCREMENT) {
        return kernel.source();
      }
      return KernelSource.java(
          kernel.kernelName(),
          (item, memory, arguments) -> {
            long i = item.globalId(0);
            long address = arguments.address(0) + Integer.BYTES * i;
            memory.putInt(address, memory.getInt(address) + (i == 1000 ? 0 : 1));
          },
          Parameter.READ_WRITE);
    }
  }

  @Test
  void oneForgottenIntIsFoundAndOneLaunchIsLeftOfTheProgram() {
    AssertionError error = assertThrows(AssertionError.class, Control::check);
    assertThat(error)
        .hasMessageContaining("gmem.model.seed=" + SEED)
        .hasMessageContaining("differs at byte");
    String shortest = error.getMessage().split("shortest program:")[1];
    assertThat(shortest.strip().lines())
        .singleElement()
        .asString()
        .contains("what=LAUNCH_INCREMENT");
  }

  /** What cannot begin has written nothing. */
  @Test
  void aLaunchThatSaysItHasFailedAndHasWrittenAllTheSameIsFound() {
    DeviceFixture fixture =
        () -> Sim.builder("sim0").without(GmCapability.REPLAYABLE_FAULTS).build();
    Injection lie =
        Injection.on(SpiCall.LAUNCH)
            .oneIn(5, SEED)
            .afterwards()
            .throwing(IllegalStateException::new);
    assertThat(assertThrows(AssertionError.class, () -> Control.check(fixture, lie)))
        .hasMessageContaining("neither as before nor as after");
  }

  /** A failure that nobody has injected is not excused by those that are. */
  @Test
  void aDeviceThatFailsByItselfIsFound() {
    DeviceFixture fixture =
        () ->
            InjectedDevice.of(Sim.builder("sim0").build())
                .inject(Injection.on(SpiCall.PEER_UNMAP).nth(3).returning(GmStatus.DMA_ERROR));
    Injection none = Injection.on(SpiCall.CLOSE).nth(1000).throwing(IllegalStateException::new);
    assertThat(assertThrows(AssertionError.class, () -> Control.check(fixture, none)))
        .hasMessageContaining("status=DMA_ERROR");
  }

  @Test
  void aGateIsCountedUntilItIsClosed() {
    try (AddressSpace space = Gmem.open()) {
      int before = space.statistics().gates();
      try (Arena arena = space.arena()) {
        arena.allocate(1 << 20);
        arena.allocate(1 << 20);
        assertThat(space.statistics().gates()).isEqualTo(before + 2);
      }
      assertThat(space.statistics().gates()).isEqualTo(before);
    }
  }
}
