package dev.gmem.opencl;

import dev.gmem.testkit.DeviceContract;
import dev.gmem.testkit.DeviceFixture;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of devices, in zero-copy mode with buffers over host memory instead of addresses.
 */
@ExtendWith(NeedsCopies.class)
class ZeroCopyBuffersContractTest extends DeviceContract {
  @Override
  protected DeviceFixture fixture() {
    return () -> TestDevices.onHostBuffers(TestDevices.cl());
  }
}
