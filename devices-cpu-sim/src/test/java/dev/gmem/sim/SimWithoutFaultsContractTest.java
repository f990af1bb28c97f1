package dev.gmem.sim;

import dev.gmem.spi.GmCapability;
import dev.gmem.testkit.DeviceContract;
import dev.gmem.testkit.DeviceFixture;

/** The contract on a device that can neither fault nor protect, and does not reach its peers. */
class SimWithoutFaultsContractTest extends DeviceContract {
  @Override
  protected DeviceFixture fixture() {
    return new MortalFixture(
        () ->
            Sim.builder("sim0")
                .memoryBytes(8 << 20)
                .replayable(false)
                .without(GmCapability.READ_ONLY_MAPPING, GmCapability.PEER_COPY)
                .build());
  }
}
