package dev.gmem.opencl;

import dev.gmem.spi.GmDevice;
import dev.gmem.testkit.DeviceFixture;
import java.util.Optional;
import java.util.function.Function;

/**
 * Makes devices, and ones that can die: no driver does on demand, so calls of OpenCL are made to
 * say that it has.
 */
record MortalFixture(Function<Cl, GmDevice> devices) implements DeviceFixture {
  @Override
  public GmDevice newDevice() {
    return devices.apply(TestDevices.cl());
  }

  @Override
  public Optional<Mortal> newMortal() {
    Recorder recorder = new Recorder(TestDevices.cl());
    GmDevice device = devices.apply(recorder.cl());
    return Optional.of(new Mortal(device, () -> recorder.failAll(ClCode.DEVICE_NOT_AVAILABLE)));
  }
}
