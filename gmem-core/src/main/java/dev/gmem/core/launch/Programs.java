package dev.gmem.core.launch;

import dev.gmem.Device;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.Program;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.spi.GmCompute;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmProgram;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The programs of one device, compiled once per source. */
public final class Programs {
  private final DeviceSlot slot;
  private final LaunchQueue queue;
  private final SpaceView space;
  private final Map<KernelSource, Compiled> compiled = new ConcurrentHashMap<>();

  /**
   * Makes an empty cache.
   *
   * @param slot the device
   * @param queue where launches go
   * @param space resolves segments
   */
  public Programs(DeviceSlot slot, LaunchQueue queue, SpaceView space) {
    this.slot = slot;
    this.queue = queue;
    this.space = space;
  }

  private record Compiled(GmProgram program, Program view) {}

  /**
   * Compiles a source, or finds it compiled.
   *
   * @param device the device as users see it
   * @param source the source
   * @return the program
   */
  public Program load(Device device, KernelSource source) {
    slot.fate().check();
    if (slot.isLeaving()) {
      throw new IllegalStateException(
          "the device is being detached, or has been: device=" + device.id());
    }
    GmCompute compute =
        slot.device()
            .compute()
            .orElseThrow(
                () ->
                    new UnsupportedOperationException(
                        "the device runs no kernels: device=" + device.id()));
    KernelSource form = choose(compute, device, source);
    return compiled.computeIfAbsent(form, f -> compile(compute, device, f)).view();
  }

  private static KernelSource choose(GmCompute compute, Device device, KernelSource source) {
    List<KernelSource> forms =
        source instanceof KernelSource.OneOf(List<KernelSource> all) ? all : List.of(source);
    for (KernelSource form : forms) {
      if (!(form instanceof KernelSource.OneOf) && compute.supports(form)) {
        return form;
      }
    }
    throw new UnsupportedOperationException(
        "the device does not understand this kernel; give it another form with KernelSource.oneOf:"
            + " device="
            + device.id()
            + " forms="
            + forms.stream().map(f -> f.getClass().getSimpleName()).toList());
  }

  private Compiled compile(GmCompute compute, Device device, KernelSource form) {
    GmProgram program = slot.fate().hear(() -> compute.compile(form));
    Map<String, Kernel> kernels = new LinkedHashMap<>();
    for (GmKernel kernel : program.kernels()) {
      kernels.put(kernel.name(), new SpaceKernel(device, slot, kernel, queue, space));
    }
    return new Compiled(program, new SpaceProgram(kernels));
  }

  /** Lets all programs go; nothing of them runs any more. */
  public void close() {
    compiled.values().forEach(c -> c.program().close());
    compiled.clear();
  }

  /** A program as users see it. */
  private record SpaceProgram(Map<String, Kernel> kernels) implements Program {
    @Override
    public List<String> kernelNames() {
      return List.copyOf(kernels.keySet());
    }

    @Override
    public Kernel kernel(String name) {
      Kernel kernel = kernels.get(name);
      if (kernel == null) {
        throw new IllegalArgumentException(
            "no kernel of that name: name=" + name + " kernels=" + kernels.keySet());
      }
      return kernel;
    }
  }
}
