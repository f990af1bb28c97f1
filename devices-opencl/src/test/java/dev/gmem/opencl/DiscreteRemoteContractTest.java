package dev.gmem.opencl;

import dev.gmem.testkit.DeviceContract;
import dev.gmem.testkit.DeviceFixture;

/** The contract of devices, in discrete mode on a device that could also work on host memory. */
class DiscreteRemoteContractTest extends DeviceContract {
  @Override
  protected DeviceFixture fixture() {
    return () -> TestDevices.device(TestDevices.discrete());
  }
}
