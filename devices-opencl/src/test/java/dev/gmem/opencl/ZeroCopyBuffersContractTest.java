package dev.gmem.opencl;

import dev.gmem.testkit.DeviceContract;
import dev.gmem.testkit.DeviceFixture;

/**
 * The contract of devices, in zero-copy mode with buffers over host memory instead of addresses.
 */
class ZeroCopyBuffersContractTest extends DeviceContract {
  @Override
  protected DeviceFixture fixture() {
    return () -> TestDevices.onHostBuffers(TestDevices.cl());
  }
}
