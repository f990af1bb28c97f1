package dev.gmem.bench.opencl;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmDiscovery;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** An address space with the first OpenCL device in one of its modes, and raw memory beside it. */
final class OpenClRig implements AutoCloseable {
  static final String DISCRETE = "discrete";
  static final String ZERO_COPY = "zero-copy";

  private static final String KIND = "opencl";
  private static final String MODE = "gmem.opencl.mode";
  private static final long ALIGNMENT_BYTES = 4096;

  private final AddressSpace space = Gmem.open();
  private final Arena unified = space.arena();
  private final Arena raw = Arena.ofShared();
  private final Device device;

  OpenClRig(String mode) {
    device = inMode(mode, () -> space.device(KIND));
  }

  /** Why there is no device in a mode; empty if there is one. */
  static Optional<String> missing(String mode) {
    List<GmDiscovery> answers = inMode(mode, Gmem::discover);
    String reason = "devices-opencl is not on the class path";
    for (GmDiscovery answer : answers) {
      switch (answer) {
        case GmDiscovery.Available(String kind, List<GmDevice> devices) -> {
          devices.forEach(GmDevice::close);
          reason = kind.equals(KIND) ? null : reason;
        }
        case GmDiscovery.Unavailable(String kind, String why, _) ->
            reason = kind.equals(KIND) ? why : reason;
      }
    }
    return Optional.ofNullable(reason);
  }

  private static synchronized <T> T inMode(String mode, Supplier<T> action) {
    String before = System.getProperty(MODE);
    System.setProperty(MODE, mode);
    try {
      return action.get();
    } finally {
      if (before == null) {
        System.clearProperty(MODE);
      } else {
        System.setProperty(MODE, before);
      }
    }
  }

  AddressSpace space() {
    return space;
  }

  Device device() {
    return device;
  }

  Kernel kernel(String source, String name) {
    return device.load(KernelSource.openCl(source)).kernel(name);
  }

  MemorySegment unified(long bytes) {
    return unified.allocate(bytes, space.options().granuleBytes());
  }

  MemorySegment raw(long bytes) {
    return raw.allocate(bytes, ALIGNMENT_BYTES);
  }

  @Override
  public void close() {
    unified.close();
    space.close();
    raw.close();
  }
}
