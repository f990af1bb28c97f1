package dev.gmem.sim;

import dev.gmem.spi.GmDevice;
import dev.gmem.testkit.DeviceContract;
import dev.gmem.testkit.DeviceFixture;
import java.util.Optional;

/** The contract over a link that takes time, with the smallest granule. */
class SimOverLinkContractTest extends DeviceContract {
  @Override
  protected DeviceFixture fixture() {
    return new DeviceFixture() {
      @Override
      public GmDevice newDevice() {
        return Sim.builder("sim0").memoryBytes(1 << 20).link(SimLink.of(20_000, 4e9, 2e9)).build();
      }

      @Override
      public Optional<Mortal> newMortal() {
        return new MortalFixture(this::newDevice).newMortal();
      }

      @Override
      public int granuleBytes() {
        return 4 << 10;
      }
    };
  }
}
