package dev.gmem.opencl;

import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmDiscovery;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/** Looks for devices, and says why there are none. */
final class Discovery {
  /** What probes have found, by device; the answer does not change while the JVM runs. */
  private static final Map<cl_device_id, HostAccess> PROBED = new ConcurrentHashMap<>();

  private static final String INSTALL =
      "install the loader and a driver (Debian and Ubuntu, for the CPU: apt-get install"
          + " ocl-icd-libopencl1 pocl-opencl-icd)";

  private final Supplier<Cl> loader;
  private final List<String> problems = new ArrayList<>();

  /**
   * Makes one.
   *
   * @param loader gives OpenCL, or throws a {@link LinkageError}
   */
  Discovery(Supplier<Cl> loader) {
    this.loader = loader;
  }

  GmDiscovery discover() {
    OpenClSettings settings;
    try {
      settings = OpenClSettings.read();
    } catch (IllegalArgumentException e) {
      return unavailable(e.getMessage(), e);
    }
    return discover(settings);
  }

  GmDiscovery discover(OpenClSettings settings) {
    Cl cl;
    try {
      cl = loader.get();
    } catch (LinkageError e) {
      return unavailable(missing(e), e);
    }
    try {
      return list(cl, settings);
    } catch (ClException e) {
      return unavailable("the OpenCL loader fails: " + e.getMessage() + "; " + INSTALL, e);
    }
  }

  private static GmDiscovery unavailable(String reason, Throwable cause) {
    return new GmDiscovery.Unavailable(OpenClDeviceProvider.NAME, reason, cause);
  }

  private static String missing(LinkageError error) {
    for (Throwable t = error; t != null; t = t.getCause()) {
      String message = String.valueOf(t.getMessage());
      if (message.contains(JoclLibrary.LOADER_MISSING)) {
        return "the OpenCL loader (libOpenCL) is not on this machine; " + INSTALL;
      }
    }
    if (error instanceof NoClassDefFoundError
        && String.valueOf(error.getMessage()).startsWith("org/jocl/")) {
      return "JOCL is not on the class path; add org.jocl:jocl";
    }
    return "JOCL's native library does not load ("
        + String.valueOf(error.getMessage()).lines().findFirst().orElse("no reason given")
        + "); it needs a directory java.io.tmpdir="
        + System.getProperty("java.io.tmpdir")
        + " that is writable and not mounted noexec, and 64-bit Linux, macOS or Windows";
  }

  private GmDiscovery list(Cl cl, OpenClSettings settings) {
    List<cl_platform_id> platforms = cl.platforms();
    if (platforms.isEmpty()) {
      return unavailable(
          "no OpenCL driver is registered (in /etc/OpenCL/vendors, or by OCL_ICD_VENDORS); "
              + INSTALL,
          null);
    }
    List<GmDevice> found = new ArrayList<>();
    ClException first = null;
    for (cl_platform_id platform : platforms) {
      try {
        addDevices(cl, settings, platform, found);
      } catch (ClException e) {
        first = first == null ? e : first;
        problems.add("a platform fails: " + e.getMessage());
      }
    }
    if (found.isEmpty()) {
      return unavailable(
          "no OpenCL device can be used: "
              + String.join("; ", problems)
              + "; install another driver, or set "
              + OpenClSettings.MODE
              + "="
              + OpenClMode.AUTO.text(),
          first);
    }
    return new GmDiscovery.Available(OpenClDeviceProvider.NAME, found);
  }

  private void addDevices(
      Cl cl, OpenClSettings settings, cl_platform_id platform, List<GmDevice> found) {
    String name = cl.platformName(platform);
    List<cl_device_id> devices = cl.devices(platform);
    if (devices.isEmpty()) {
      problems.add("the platform " + name + " has no device");
    }
    for (cl_device_id handle : devices) {
      DeviceFacts facts;
      try {
        facts = DeviceFacts.of(cl, platform, name, handle);
      } catch (ClException e) {
        problems.add("a device of the platform " + name + " fails: " + e.getMessage());
        continue;
      }
      if (!facts.usable()) {
        problems.add(
            facts.title()
                + " is not available, has no compiler, or differs from the host in address size or"
                + " byte order: addressBits="
                + facts.addressBits());
        continue;
      }
      OpenClDevice device =
          new OpenClDevice(
              cl,
              OpenClDeviceProvider.NAME + found.size(),
              facts,
              settings,
              () -> PROBED.computeIfAbsent(handle, h -> HostProbe.probe(cl, facts)));
      if (settings.mode() == OpenClMode.ZERO_COPY && !device.access().any()) {
        problems.add(facts.title() + " cannot work on host memory: " + device.access().note());
        continue;
      }
      found.add(device);
    }
  }
}
