package dev.gmem.sim;

import dev.gmem.testkit.DeviceContract;
import dev.gmem.testkit.DeviceFixture;

/** The whole contract, on the simulator as it comes. */
class SimContractTest extends DeviceContract {
  @Override
  protected DeviceFixture fixture() {
    return new MortalFixture(() -> Sim.builder("sim0").memoryBytes(8 << 20).build());
  }
}
