package dev.gmem.opencl;

import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.scenario.RandomOperations;

/** Random programs, in discrete mode. */
class DiscreteRandomOperationsIT extends RandomOperations {
  @Override
  protected DeviceFixture fixture() {
    return () -> TestDevices.withoutHostAccess(TestDevices.cl());
  }

  /** Each attachment builds kernels. */
  @Override
  protected long steps() {
    return 1000;
  }
}
