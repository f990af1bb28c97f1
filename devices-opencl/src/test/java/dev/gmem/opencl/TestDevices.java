package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmDiscovery;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jocl.CL;

/**
 * The device that tests run on: the first that OpenCL offers. Where there is none tests are skipped
 * with the provider's reason, or fail if the system property {@code gmem.opencl.required} is true.
 */
final class TestDevices {
  static final long SMALL_BYTES = 16L << 20;

  private static final Cl OPENCL = load();

  private TestDevices() {}

  private static Cl load() {
    try {
      return new JoclCl();
    } catch (LinkageError e) {
      return null;
    }
  }

  static Cl cl() {
    discover(OpenClSettings.defaults());
    return OPENCL;
  }

  static OpenClSettings discrete() {
    return new OpenClSettings(OpenClMode.DISCRETE, SMALL_BYTES, true);
  }

  static OpenClSettings zeroCopy() {
    requireHostAccess();
    return new OpenClSettings(OpenClMode.ZERO_COPY, Long.MAX_VALUE, true);
  }

  private static List<GmDevice> discover(OpenClSettings settings) {
    Discovery discovery =
        new Discovery(
            () -> {
              if (OPENCL == null) {
                throw new UnsatisfiedLinkError("Could not initialize native OpenCL library");
              }
              return OPENCL;
            });
    return switch (discovery.discover(settings)) {
      case GmDiscovery.Available(String name, List<GmDevice> devices) -> devices;
      case GmDiscovery.Unavailable(String name, String reason, Throwable cause) ->
          Boolean.getBoolean("gmem.opencl.required")
              ? fail("an OpenCL device is required: " + reason, cause)
              : abort("skipped: " + reason);
    };
  }

  static DeviceFacts facts() {
    return ((OpenClDevice) discover(OpenClSettings.defaults()).getFirst()).facts();
  }

  /** The first device, as its provider makes it. */
  static OpenClDevice device(OpenClSettings settings) {
    return (OpenClDevice) discover(settings).getFirst();
  }

  /** The first device, with other ideas of how it reaches host memory, through another binding. */
  static OpenClDevice device(OpenClSettings settings, Cl cl, UnaryOperator<HostAccess> access) {
    DeviceFacts facts = facts();
    HostAccess seen = HostProbe.probe(cl(), facts);
    return new OpenClDevice(cl, "opencl0", facts, settings, () -> access.apply(seen));
  }

  /**
   * Skips a test of kernels on host memory where the device cannot have any: a GPU with memory of
   * its own. A CPU can, and its driver must.
   */
  static HostAccess requireHostAccess() {
    DeviceFacts facts = facts();
    HostAccess seen = HostProbe.probe(cl(), facts);
    boolean cpu = (facts.type() & CL.CL_DEVICE_TYPE_CPU) != 0;
    assumeTrue(seen.any() || cpu, () -> "skipped: " + facts.name() + ": " + seen.note());
    return seen;
  }

  /** The same for kernels that follow addresses which are stored in memory. */
  static void requirePointers() {
    HostAccess seen = requireHostAccess();
    boolean cpu = (facts().type() & CL.CL_DEVICE_TYPE_CPU) != 0;
    assumeTrue(seen.pointers() || cpu, () -> "skipped: " + seen.note());
  }

  /** A discrete device that says that it has small buffers only. */
  static OpenClDevice withBuffersUpTo(
      long bufferBytesMax, Cl cl, UnaryOperator<HostAccess> access) {
    DeviceFacts f = facts();
    HostAccess seen = HostProbe.probe(cl(), f);
    DeviceFacts limited =
        new DeviceFacts(
            f.platform(),
            f.handle(),
            f.platformName(),
            f.name(),
            f.version(),
            f.driver(),
            f.type(),
            f.computeUnits(),
            f.memoryBytes(),
            bufferBytesMax,
            f.constantBytesMax(),
            f.localBytesMax(),
            f.alignmentBytes(),
            f.workGroupMax(),
            f.workItemsMax(),
            f.hostUnified(),
            f.svm(),
            f.addressBits(),
            f.usable());
    return new OpenClDevice(cl, "opencl0", limited, discrete(), () -> access.apply(seen));
  }

  /** A device that must move what it works on. */
  static OpenClDevice withoutHostAccess(Cl cl) {
    return device(discrete(), cl, seen -> HostAccess.none("for a test"));
  }

  /** The same, whose driver does not take times. */
  static OpenClDevice withoutProfiling(Cl cl) {
    return device(
        new OpenClSettings(OpenClMode.DISCRETE, SMALL_BYTES, false),
        cl,
        seen -> HostAccess.none("for a test"));
  }

  /** A device on host memory whose kernels take buffers only, not addresses. */
  static OpenClDevice onHostBuffers(Cl cl) {
    return device(zeroCopy(), cl, TestDevices::withoutAddresses);
  }

  /** The same access by buffers only. */
  static HostAccess withoutAddresses(HostAccess seen) {
    return new HostAccess(seen.buffers(), false, seen.pointers(), seen.note());
  }
}
