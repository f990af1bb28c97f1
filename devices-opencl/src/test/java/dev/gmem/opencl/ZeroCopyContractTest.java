package dev.gmem.opencl;

import dev.gmem.testkit.DeviceContract;
import dev.gmem.testkit.DeviceFixture;

/** The contract of devices, in zero-copy mode. */
class ZeroCopyContractTest extends DeviceContract {
  @Override
  protected DeviceFixture fixture() {
    return () -> TestDevices.device(TestDevices.zeroCopy());
  }
}
