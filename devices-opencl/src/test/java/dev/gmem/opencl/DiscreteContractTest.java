package dev.gmem.opencl;

import dev.gmem.testkit.DeviceContract;
import dev.gmem.testkit.DeviceFixture;

/** The contract of devices, in discrete mode. */
class DiscreteContractTest extends DeviceContract {
  @Override
  protected DeviceFixture fixture() {
    return new MortalFixture(TestDevices::withoutHostAccess);
  }
}
