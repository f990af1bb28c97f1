package dev.gmem.opencl;

import dev.gmem.spi.GmDeviceProvider;
import dev.gmem.spi.GmDiscovery;

/**
 * Offers the machine's OpenCL devices as {@code opencl0}, {@code opencl1}, …, in the order in which
 * platforms and devices are reported.
 *
 * <table>
 *   <caption>System properties</caption>
 *   <tr><th>property</th><th>meaning</th><th>default</th></tr>
 *   <tr><td>{@code gmem.opencl.mode}</td><td>{@code discrete}: devices have memory of their own,
 *       also those that could do without; {@code zero-copy}: devices work on host memory, and those
 *       that cannot are not offered; {@code auto}: each as it can best</td><td>auto</td></tr>
 *   <tr><td>{@code gmem.opencl.memory}</td><td>most memory of a discrete device to use: bytes, or
 *       with KiB, MiB, GiB, TiB</td><td>all</td></tr>
 *   <tr><td>{@code gmem.opencl.profiling}</td><td>{@code off}: the driver does not take the time of
 *   commands</td></tr>
 * </table>
 *
 * <p>Where the OpenCL loader, a driver or a device is missing, or a driver fails, the answer says
 * so and how to mend it. A value of a property that cannot be understood makes all devices
 * unavailable: nothing runs in another way than was asked for. Threads: any.
 */
public final class OpenClDeviceProvider implements GmDeviceProvider {
  /** Name of the kind. */
  static final String NAME = "opencl";

  /** Makes the provider; looks at nothing yet. */
  public OpenClDeviceProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public GmDiscovery discover() {
    return new Discovery(Loaded::cl).discover();
  }

  /** OpenCL, loaded once; a failure to load is thrown each time. */
  private static final class Loaded {
    private static Cl cl;
    private static LinkageError failure;

    private Loaded() {}

    static synchronized Cl cl() {
      if (failure != null) {
        throw failure;
      }
      if (cl == null) {
        try {
          cl = new JoclCl();
        } catch (LinkageError e) {
          failure = e;
          throw e;
        }
      }
      return cl;
    }
  }
}
