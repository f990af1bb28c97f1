package dev.gmem.it.space;

import dev.gmem.sim.Sim;
import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.scenario.RandomOperations;

/** Random programs, on simulators that take faults and have too little memory for them. */
class SimRandomOperationsIT extends RandomOperations {
  @Override
  protected DeviceFixture fixture() {
    return () -> Sim.builder("sim0").memoryBytes(16 << 12).build();
  }
}
