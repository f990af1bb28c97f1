package dev.gmem.opencl;

import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.scenario.HmmScenarios;

/** All scenarios, in discrete mode. */
class DiscreteScenariosIT extends HmmScenarios {
  @Override
  protected DeviceFixture fixture() {
    return () -> TestDevices.withoutHostAccess(TestDevices.cl());
  }
}
