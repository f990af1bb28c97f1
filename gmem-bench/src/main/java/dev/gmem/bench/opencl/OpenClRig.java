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
public final class OpenClRig implements AutoCloseable {
  /** The mode in which memory migrates. */
  public static final String DISCRETE = "discrete";

  /** The mode in which kernels work on the host's memory. */
  public static final String ZERO_COPY = "zero-copy";

  /** The mode that suits the device. */
  public static final String AUTO = "auto";

  private static final String KIND = "opencl";
  private static final String MODE = "gmem.opencl.mode";
  private static final String PROFILING = "gmem.opencl.profiling";
  private static final long ALIGNMENT_BYTES = 4096;

  private final AddressSpace space = Gmem.open();
  private final Arena unified = space.arena();
  private final Arena raw = Arena.ofShared();
  private final Device device;

  /**
   * Opens a space.
   *
   * @param mode of the device
   */
  public OpenClRig(String mode) {
    this(mode, true);
  }

  /**
   * Opens a space.
   *
   * @param mode of the device
   * @param profiling whether its driver takes the time of commands
   */
  public OpenClRig(String mode, boolean profiling) {
    Supplier<Device> inMode = () -> inMode(mode, () -> space.device(KIND));
    device = with(PROFILING, profiling ? "on" : "off", inMode);
  }

  /**
   * Says why there is no device in a mode.
   *
   * @param mode of the device
   * @return one sentence; empty if there is a device
   */
  public static Optional<String> missing(String mode) {
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

  private static <T> T inMode(String mode, Supplier<T> action) {
    return with(MODE, mode, action);
  }

  private static synchronized <T> T with(String property, String value, Supplier<T> action) {
    String before = System.getProperty(property);
    System.setProperty(property, value);
    try {
      return action.get();
    } finally {
      if (before == null) {
        System.clearProperty(property);
      } else {
        System.setProperty(property, before);
      }
    }
  }

  /**
   * Returns the space.
   *
   * @return the space
   */
  public AddressSpace space() {
    return space;
  }

  /**
   * Returns the device.
   *
   * @return an OpenCL device of the space
   */
  public Device device() {
    return device;
  }

  /**
   * Compiles a kernel.
   *
   * @param source OpenCL C
   * @param name of the function
   * @return the kernel
   */
  public Kernel kernel(String source, String name) {
    return device.load(KernelSource.openCl(source)).kernel(name);
  }

  /**
   * Allocates unified memory, freed with the space.
   *
   * @param bytes how much
   * @return memory that begins with a granule
   */
  public MemorySegment unified(long bytes) {
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
