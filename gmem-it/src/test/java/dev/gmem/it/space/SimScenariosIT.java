package dev.gmem.it.space;

import dev.gmem.sim.Sim;
import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.scenario.HmmScenarios;

/** All scenarios, on the simulator as it comes. */
class SimScenariosIT extends HmmScenarios {
  @Override
  protected DeviceFixture fixture() {
    return () -> Sim.builder("sim0").memoryBytes(16 << 20).build();
  }
}
