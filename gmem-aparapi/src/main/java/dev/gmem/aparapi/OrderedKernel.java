package dev.gmem.aparapi;

import dev.gmem.Access;
import dev.gmem.Argument;
import dev.gmem.Device;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodType;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** A Java kernel on one device whose arguments have an order. Threads: any. */
final class OrderedKernel implements Kernel {
  private final JavaKernel kernel;
  private final Device device;
  private final List<KernelParameter> parameters;

  /** The boxed types of scalars, by position; null for arrays. */
  private final Class<?>[] boxes;

  OrderedKernel(JavaKernel kernel, Device device, List<KernelParameter> parameters) {
    this.kernel = kernel;
    this.device = device;
    this.parameters = parameters;
    boxes = new Class<?>[parameters.size()];
    for (int i = 0; i < boxes.length; i++) {
      if (parameters.get(i) instanceof KernelParameter.Scalar scalar) {
        boxes[i] = MethodType.methodType(scalar.field().getType()).wrap().returnType();
      }
    }
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
    if (arguments.length != parameters.size()) {
      throw new IllegalArgumentException(
          "the kernel takes another number of arguments: kernel="
              + name()
              + " arguments="
              + arguments.length
              + " expected="
              + parameters.size());
    }
    Map<KernelParameter.Array, Binding> arrays = new IdentityHashMap<>();
    Map<KernelParameter.Scalar, Object> scalars = new IdentityHashMap<>();
    for (int i = 0; i < arguments.length; i++) {
      switch (parameters.get(i)) {
        case KernelParameter.Array array -> arrays.put(array, binding(array, arguments[i]));
        case KernelParameter.Scalar scalar ->
            scalars.put(scalar, scalar(scalar, boxes[i], arguments[i]));
        default -> throw new AssertionError(parameters.get(i));
      }
    }
    return kernel.launch(device, range, arrays, scalars);
  }

  private Binding binding(KernelParameter.Array array, Object argument) {
    return switch (argument) {
      case MemorySegment segment -> Binding.of(name(), array, segment, (Access) null);
      case Argument.Buffer(MemorySegment segment, Access access) ->
          Binding.of(name(), array, segment, access);
      case null, default ->
          throw Binding.misbound(
              name(), array.name(), "an array takes a unified segment", "argument=" + argument);
    };
  }

  private Object scalar(KernelParameter.Scalar scalar, Class<?> type, Object argument) {
    if (!type.isInstance(argument)) {
      throw Binding.misbound(
          name(),
          FlatKernel.baseName(scalar.field()),
          "a scalar takes a value of the field's type",
          "type=" + scalar.field().getType() + " argument=" + argument);
    }
    return argument;
  }
}
