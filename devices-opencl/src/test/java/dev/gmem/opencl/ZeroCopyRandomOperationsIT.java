package dev.gmem.opencl;

import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.scenario.RandomOperations;

/** Random programs, in zero-copy mode. */
class ZeroCopyRandomOperationsIT extends RandomOperations {
  @Override
  protected DeviceFixture fixture() {
    return () -> TestDevices.device(TestDevices.zeroCopy());
  }

  /** Each attachment builds kernels. */
  @Override
  protected long steps() {
    return 1000;
  }
}
