package dev.gmem.sim;

import dev.gmem.spi.GmDevice;
import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.injection.InjectedDevice;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Makes devices, and the same ones in a wrapper that lets them die: none has a death of its own.
 */
record MortalFixture(Supplier<GmDevice> devices) implements DeviceFixture {
  @Override
  public GmDevice newDevice() {
    return devices.get();
  }

  @Override
  public Optional<Mortal> newMortal() {
    GmDevice device = devices.get();
    InjectedDevice dying =
        device instanceof InjectedDevice injected ? injected : InjectedDevice.of(device);
    return Optional.of(new Mortal(dying, () -> dying.die(null)));
  }
}
