package dev.gmem.core.launch;

import dev.gmem.Access;
import dev.gmem.Argument;
import dev.gmem.Device;
import dev.gmem.Kernel;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.Vma;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmKernel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * A kernel of one device in one space: checks and resolves arguments, then hands over to the queue.
 */
final class SpaceKernel implements Kernel {
  private final Device device;
  private final DeviceSlot slot;
  private final GmKernel kernel;
  private final LaunchQueue queue;
  private final SpaceView space;

  SpaceKernel(Device device, DeviceSlot slot, GmKernel kernel, LaunchQueue queue, SpaceView space) {
    this.device = device;
    this.slot = slot;
    this.kernel = kernel;
    this.queue = queue;
    this.space = space;
  }

  @Override
  public String name() {
    return kernel.name();
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public Launch launch(NdRange range, Object... arguments) {
    Objects.requireNonNull(range, "range");
    slot.fate().check();
    List<Parameter> parameters = kernel.parameters();
    int given = arguments.length;
    while (given > 0 && arguments[given - 1] instanceof Argument.Reached) {
      given--;
    }
    if (given != parameters.size()) {
      throw new IllegalArgumentException(
          "kernel "
              + name()
              + " takes "
              + parameters.size()
              + " arguments "
              + parameters
              + ": given="
              + given);
    }
    List<GmArgument> resolved = new ArrayList<>(given);
    List<BufferUse> buffers = new ArrayList<>();
    for (int i = 0; i < given; i++) {
      resolved.add(resolve(i, parameters.get(i), arguments[i], buffers));
    }
    List<BufferUse> remote = usedRemotely(buffers);
    LaunchTask task =
        given == arguments.length && remote.isEmpty()
            ? task(range, resolved, buffers)
            : task(
                range,
                resolved,
                buffers,
                remote,
                List.of(arguments).subList(given, arguments.length));
    queue.submit(task);
    return task;
  }

  /** What the device is to use in the host's frames because the program has advised so. */
  private List<BufferUse> usedRemotely(List<BufferUse> buffers) {
    Set<GmCapability> can = slot.device().capabilities();
    if (!can.contains(GmCapability.HOST_ADDRESSES) || can.contains(GmCapability.SHARED_ADDRESSES)) {
      return List.of();
    }
    return buffers.stream()
        .filter(use -> use.vma().isAccessedRemotely(use.first(), use.end(), slot))
        .toList();
  }

  private LaunchTask task(NdRange range, List<GmArgument> arguments, List<BufferUse> buffers) {
    validate(() -> kernel.validate(range, arguments));
    return new LaunchTask(
        slot, kernel, range, List.copyOf(arguments), List.of(), List.copyOf(buffers));
  }

  private void validate(Runnable call) {
    slot.fate()
        .hear(
            () -> {
              call.run();
              return null;
            });
  }

  /** A launch that reaches memory by stored addresses. */
  private LaunchTask task(
      NdRange range,
      List<GmArgument> arguments,
      List<BufferUse> buffers,
      List<BufferUse> remote,
      List<Object> last) {
    Set<GmCapability> can = slot.device().capabilities();
    boolean onHost = !can.contains(GmCapability.SHARED_ADDRESSES);
    if (onHost && !can.contains(GmCapability.HOST_ADDRESSES)) {
      throw new UnsupportedOperationException(
          "kernels of this device cannot follow addresses that are stored in memory; store indices"
              + " or offsets instead, or use another device: kernel="
              + name()
              + " device="
              + device.id()
              + " ("
              + device.description()
              + ")");
    }
    List<BufferUse> all = new ArrayList<>(buffers);
    List<GmArgument.Buffer> reached = new ArrayList<>();
    for (BufferUse use : remote) {
      all.add(use.inHostFrames());
      reached.add(
          new GmArgument.Buffer(use.vma().range(), use.address(), use.bytes(), use.access()));
    }
    for (Object argument : last) {
      Argument.Reached memory = (Argument.Reached) argument;
      String what = "what kernel " + name() + " reaches";
      MemorySegment segment = memory.segment();
      Vma vma = space.resolve(segment, what);
      checkWritable(what, segment, memory.access());
      all.add(new BufferUse(vma, segment.address(), segment.byteSize(), memory.access(), onHost));
      reached.add(
          new GmArgument.Buffer(
              vma.range(), segment.address(), segment.byteSize(), memory.access()));
    }
    if (onHost) {
      Set<Vma> there = new HashSet<>();
      all.subList(buffers.size(), all.size()).forEach(use -> there.add(use.vma()));
      all.replaceAll(use -> there.contains(use.vma()) ? use.inHostFrames() : use);
    }
    validate(() -> kernel.validate(range, arguments, reached));
    return new LaunchTask(
        slot, kernel, range, List.copyOf(arguments), List.copyOf(reached), List.copyOf(all));
  }

  private static void checkWritable(String what, MemorySegment segment, Access access) {
    if (access.writes() && segment.isReadOnly()) {
      throw new IllegalArgumentException(what + " is written, but the segment is read-only");
    }
  }

  private GmArgument resolve(
      int index, Parameter parameter, Object argument, List<BufferUse> buffers) {
    return switch (argument) {
      case MemorySegment segment -> buffer(index, parameter, segment, null, buffers);
      case Argument.Buffer(MemorySegment segment, Access access) ->
          buffer(index, parameter, segment, access, buffers);
      case Argument.Vector(List<Object> components) -> {
        check(parameter == Parameter.SCALAR, index, parameter, "a vector");
        yield new GmArgument.Vector(components);
      }
      case Argument.Local(long bytes) -> {
        check(parameter == Parameter.LOCAL, index, parameter, "local memory");
        yield new GmArgument.Local(bytes);
      }
      case Number number -> scalar(index, parameter, number);
      case Character character -> scalar(index, parameter, character);
      case Boolean bool -> scalar(index, parameter, bool);
      case Argument.Reached reached ->
          throw new IllegalArgumentException(
              "what a kernel reaches by stored addresses comes after the arguments for its"
                  + " parameters: kernel="
                  + name()
                  + " index="
                  + index);
      case null ->
          throw new IllegalArgumentException(describe(index, parameter) + " must not be null");
      default ->
          throw new IllegalArgumentException(
              describe(index, parameter)
                  + " must be a unified segment, an Argument, or a boxed scalar: class="
                  + argument.getClass().getName());
    };
  }

  private GmArgument scalar(int index, Parameter parameter, Object value) {
    check(
        parameter == Parameter.SCALAR,
        index,
        parameter,
        "the scalar " + value + " (" + value.getClass().getSimpleName() + ")");
    boolean primitive =
        value instanceof Integer
            || value instanceof Long
            || value instanceof Float
            || value instanceof Double
            || value instanceof Short
            || value instanceof Byte
            || value instanceof Character
            || value instanceof Boolean;
    if (!primitive) {
      throw new IllegalArgumentException(
          describe(index, parameter)
              + " must be a boxed primitive: class="
              + value.getClass().getName());
    }
    return new GmArgument.Scalar(value);
  }

  private GmArgument buffer(
      int index,
      Parameter parameter,
      MemorySegment segment,
      Access narrowed,
      List<BufferUse> buffers) {
    check(
        parameter != Parameter.SCALAR && parameter != Parameter.LOCAL,
        index,
        parameter,
        "a segment");
    Vma vma = space.resolve(segment, describe(index, parameter));
    Access declared = Access.valueOf(parameter.name());
    if (narrowed != null && narrowed.writes() && !declared.writes()) {
      throw new IllegalArgumentException(
          describe(index, parameter) + " can be narrowed, not widened: access=" + narrowed);
    }
    Access access = narrowed == null ? declared : narrowed;
    checkWritable(describe(index, parameter), segment, access);
    buffers.add(new BufferUse(vma, segment.address(), segment.byteSize(), access, false));
    return new GmArgument.Buffer(vma.range(), segment.address(), segment.byteSize(), access);
  }

  private void check(boolean fits, int index, Parameter parameter, String given) {
    if (!fits) {
      throw new IllegalArgumentException(describe(index, parameter) + " cannot take " + given);
    }
  }

  private String describe(int index, Parameter parameter) {
    return "argument " + index + " (" + parameter + ") of kernel " + name();
  }
}
