package dev.gmem.opencl;

import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.scenario.HmmScenarios;

/** All scenarios, in zero-copy mode. */
class ZeroCopyScenariosIT extends HmmScenarios {
  @Override
  protected DeviceFixture fixture() {
    return () -> TestDevices.device(TestDevices.zeroCopy());
  }
}
