package dev.gmem.it.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.sim.Sim;
import dev.gmem.spi.GmDevice;
import dev.gmem.testkit.ContractKernel;
import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.scenario.RandomOperations;
import org.junit.jupiter.api.Test;

/** Random programs find a kernel that misses one int in many, and say so shortly. */
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
}
