package dev.gmem.testkit;

import dev.gmem.KernelSource;
import dev.gmem.spi.GmDevice;
import java.time.Duration;
import java.util.Optional;

/** What the contract needs of an implementer: a way to make devices. The rest has defaults. */
@FunctionalInterface
public interface DeviceFixture {
  /** Granules of 64 KiB, the default of address spaces. */
  int GRANULE_BYTES = 64 << 10;

  /**
   * Makes a device. Called at least once for each test; the contract attaches it, detaches it and
   * closes it. It must hold at least 64 granules. Where a device of a small memory (at most 256
   * MiB) can be had, offer that: larger ones are not filled, and skip the facet that does so.
   *
   * <p>Where there is no such device on this machine, skip the test by a failed assumption of JUnit
   * that says why.
   *
   * @return a device that is not attached
   */
  GmDevice newDevice();

  /**
   * A device that can be made to die.
   *
   * @param device not attached
   * @param death when this returns, the device is lost ({@link dev.gmem.spi.GmStatus#DEVICE_LOST});
   *     called once, while it is attached
   */
  record Mortal(GmDevice device, Runnable death) {}

  /**
   * Makes a device that can be made to die, for {@link LossContract}. It is closed by the contract,
   * dead and not detached.
   *
   * @return such a device; by default none, which skips that facet
   */
  default Optional<Mortal> newMortal() {
    return Optional.empty();
  }

  /**
   * Returns the granule to test with.
   *
   * @return bytes, a power of two from 4 KiB to 2 MiB
   */
  default int granuleBytes() {
    return GRANULE_BYTES;
  }

  /**
   * Returns a kernel in a form that the device understands.
   *
   * @param kernel which one
   * @return its source; by default a choice between a Java lambda and OpenCL C
   */
  default KernelSource source(ContractKernel kernel) {
    return kernel.source();
  }

  /**
   * Returns how long a single operation may take before the test fails.
   *
   * @return by default one minute
   */
  default Duration timeout() {
    return Duration.ofMinutes(1);
  }
}
