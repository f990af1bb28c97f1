package dev.gmem.sim;

import dev.gmem.testkit.DeviceContract;
import dev.gmem.testkit.DeviceFixture;

/** A device of less than 70 lines passes the contract; it skips what it does not offer. */
class MinimalDeviceContractTest extends DeviceContract {
  @Override
  protected DeviceFixture fixture() {
    return MinimalDevice::new;
  }
}
