package dev.gmem.opencl;

import dev.gmem.testkit.DeviceContract;
import dev.gmem.testkit.DeviceFixture;
import org.junit.jupiter.api.extension.ExtendWith;

/** The contract of devices, in zero-copy mode. */
@ExtendWith(NeedsCopies.class)
class ZeroCopyContractTest extends DeviceContract {
  @Override
  protected DeviceFixture fixture() {
    return () -> TestDevices.device(TestDevices.zeroCopy());
  }
}
