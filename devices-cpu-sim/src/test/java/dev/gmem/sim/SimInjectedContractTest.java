package dev.gmem.sim;

import dev.gmem.spi.GmDevice;
import dev.gmem.testkit.DeviceContract;
import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.injection.InjectedDevice;
import dev.gmem.testkit.injection.Injection;
import dev.gmem.testkit.injection.SpiCall;
import java.time.Duration;

/** A wrapper that fails nothing passes the contract, even where each call comes a little late. */
class SimInjectedContractTest extends DeviceContract {
  private static final Duration LITTLE = Duration.ofNanos(20_000);

  @Override
  protected DeviceFixture fixture() {
    return new MortalFixture(SimInjectedContractTest::device);
  }

  private static GmDevice device() {
    return InjectedDevice.of(Sim.builder("sim0").memoryBytes(8 << 20).build())
        .inject(
            Injection.on(SpiCall.PEER_MAP, SpiCall.PEER_UNMAP).oneIn(3, 1).stalling(LITTLE),
            Injection.on(SpiCall.PEER_MAP, SpiCall.PEER_UNMAP, SpiCall.LAUNCH)
                .oneIn(5, 2)
                .afterwards()
                .stalling(LITTLE),
            Injection.on(SpiCall.COPY, SpiCall.PEER_PROTECT, SpiCall.DEV_FAULT)
                .oneIn(3, 3)
                .stalling(LITTLE));
  }
}
