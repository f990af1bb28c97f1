package dev.gmem.it.space;

import dev.gmem.sim.Sim;
import dev.gmem.spi.GmCapability;
import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.scenario.HmmScenarios;

/** All scenarios, on a device that takes no faults and shares nothing. */
class SimWithoutFaultsScenariosIT extends HmmScenarios {
  @Override
  protected DeviceFixture fixture() {
    return () ->
        Sim.builder("sim0")
            .memoryBytes(16 << 20)
            .without(GmCapability.REPLAYABLE_FAULTS)
            .without(GmCapability.READ_ONLY_MAPPING)
            .build();
  }
}
