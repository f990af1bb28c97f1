package dev.gmem.it.space;

import dev.gmem.sim.Sim;
import dev.gmem.spi.GmCapability;
import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.scenario.RandomOperations;

/** Random programs, on devices that take no faults, share nothing, and have too little memory. */
class SimWithoutFaultsRandomOperationsIT extends RandomOperations {
  @Override
  protected DeviceFixture fixture() {
    return () ->
        Sim.builder("sim0")
            .memoryBytes(24 << 12)
            .without(GmCapability.REPLAYABLE_FAULTS)
            .without(GmCapability.READ_ONLY_MAPPING)
            .build();
  }
}
