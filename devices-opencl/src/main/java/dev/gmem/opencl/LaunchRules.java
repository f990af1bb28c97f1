package dev.gmem.opencl;

import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a launch must keep to, checked before anything moves. */
final class LaunchRules {
  private static final Pattern VECTOR =
      Pattern.compile("(?<type>u?(char|short|int|long)|float|double)(?<count>\\d+)");

  private static final Pattern NO_SCALAR =
      Pattern.compile("(u?(char|short|int|long)|float|double|half)\\d+|half|bool|size_t");

  private final String deviceId;
  private final Attached attached;
  private final DeviceFacts facts;
  private final KernelShape shape;
  private final boolean unevenGroups;

  LaunchRules(String deviceId, Attached attached, KernelShape shape, String options) {
    this.deviceId = deviceId;
    this.attached = attached;
    this.facts = attached.session().facts();
    this.shape = shape;
    this.unevenGroups = facts.version().startsWith("OpenCL 2.") && options.contains("-cl-std=CL2");
  }

  /**
   * Checks a launch.
   *
   * @throws IllegalArgumentException if it breaks a rule
   */
  void check(NdRange range, List<GmArgument> arguments) {
    List<KernelShape.Argument> parameters = shape.arguments();
    if (arguments.size() != parameters.size()) {
      throw broken(
          "a kernel needs an argument for each parameter",
          "parameters=" + parameters + " arguments=" + arguments.size());
    }
    long localBytes = shape.localBytes();
    for (int i = 0; i < arguments.size(); i++) {
      check(i, parameters.get(i), arguments.get(i));
      if (arguments.get(i) instanceof GmArgument.Local(long bytes)) {
        localBytes = Math.addExact(localBytes, bytes);
      }
    }
    if (localBytes > facts.localBytesMax()) {
      throw broken(
          "local memory of a work group is limited",
          "neededBytes=" + localBytes + " localBytesMax=" + facts.localBytesMax());
    }
    checkOverlaps(OpenClKernel.buffers(arguments));
    checkRange(range);
  }

  private void check(int index, KernelShape.Argument parameter, GmArgument argument) {
    if (parameter.isForeign()) {
      throw broken(
          "images, samplers, pipes and queues cannot be passed; use a buffer",
          "index=" + index + " parameter=" + parameter);
    }
    boolean matches =
        switch (argument) {
          case GmArgument.Buffer buffer ->
              parameter.parameter() != Parameter.SCALAR && parameter.parameter() != Parameter.LOCAL;
          case GmArgument.Scalar scalar -> parameter.parameter() == Parameter.SCALAR;
          case GmArgument.Vector vector -> parameter.parameter() == Parameter.SCALAR;
          case GmArgument.Local local -> parameter.parameter() == Parameter.LOCAL;
        };
    if (!matches) {
      throw broken(
          "an argument must be of its parameter's kind",
          "index="
              + index
              + " parameter="
              + parameter
              + " ("
              + parameter.parameter()
              + ") argument="
              + argument);
    }
    if (argument instanceof GmArgument.Scalar(Object value)) {
      type(shape, index, value);
    }
    if (argument instanceof GmArgument.Vector(List<Object> components)) {
      vectorType(shape, index, components);
    }
    if (argument instanceof GmArgument.Buffer buffer
        && parameter.constant()
        && buffer.bytes() > facts.constantBytesMax()) {
      throw broken(
          "__constant memory is limited; declare the parameter __global const",
          "index="
              + index
              + " parameter="
              + parameter
              + " bytes="
              + buffer.bytes()
              + " constantBytesMax="
              + facts.constantBytesMax());
    }
  }

  /**
   * Finds the type that a scalar is passed as.
   *
   * @throws IllegalArgumentException if the parameter cannot take the value
   */
  static ScalarType type(KernelShape shape, int index, Object value) {
    KernelShape.Argument parameter = shape.arguments().get(index);
    ScalarType type = ScalarType.of(parameter.type());
    if (type == null && NO_SCALAR.matcher(parameter.type()).matches()) {
      throw new IllegalArgumentException(
          "a parameter of this type has no Java scalar; use Argument.vector, or a buffer: kernel="
              + shape.name()
              + " index="
              + index
              + " parameter="
              + parameter);
    }
    ScalarType natural = ScalarType.natural(value);
    if (type != null && !type.takes(value)) {
      throw new IllegalArgumentException(
          "a scalar must be of its parameter's type, or widen to it without loss: kernel="
              + shape.name()
              + " index="
              + index
              + " parameter="
              + parameter
              + " argument="
              + value
              + " ("
              + value.getClass().getSimpleName()
              + ", "
              + natural.openClName()
              + ")");
    }
    return type == null ? natural : type;
  }

  /**
   * Finds the type that the components of a vector are passed as.
   *
   * @throws IllegalArgumentException if the parameter cannot take the vector
   */
  static ScalarType vectorType(KernelShape shape, int index, List<Object> components) {
    KernelShape.Argument parameter = shape.arguments().get(index);
    Matcher vector = VECTOR.matcher(parameter.type());
    boolean fits =
        vector.matches() && vector.group("count").equals(Integer.toString(components.size()));
    ScalarType type = fits ? ScalarType.of(vector.group("type")) : null;
    if (type == null || !components.stream().allMatch(type::takes)) {
      throw new IllegalArgumentException(
          "a vector must be of its parameter's type, or widen to it without loss: kernel="
              + shape.name()
              + " index="
              + index
              + " parameter="
              + parameter
              + " argument="
              + components
              + " ("
              + components.getFirst().getClass().getSimpleName()
              + ")");
    }
    return type;
  }

  /** A slice that is copied aside must not be seen in two places while it changes. */
  private void checkOverlaps(List<GmArgument.Buffer> buffers) {
    if (attached.zeroCopy() && attached.access().addresses()) {
      return;
    }
    for (int i = 0; i < buffers.size(); i++) {
      for (int j = i + 1; j < buffers.size(); j++) {
        GmArgument.Buffer a = buffers.get(i);
        GmArgument.Buffer b = buffers.get(j);
        boolean overlap =
            a.address() < b.address() + b.bytes() && b.address() < a.address() + a.bytes();
        boolean writes = a.access().writes() || b.access().writes();
        boolean same = a.address() == b.address() && a.bytes() == b.bytes();
        if (overlap && !same && writes && (isUneven(a) || isUneven(b))) {
          throw broken(
              "arguments that overlap, one of them written, must be the same, or begin at a"
                  + " multiple of the device's alignment within their allocation",
              "first=" + a + " second=" + b + " alignmentBytes=" + facts.alignmentBytes());
        }
      }
    }
  }

  private boolean isUneven(GmArgument.Buffer buffer) {
    return (buffer.address() - buffer.allocation().address()) % facts.alignmentBytes() != 0;
  }

  // ---- ranges ----

  private void checkRange(NdRange range) {
    int dimensions = range.dimensions();
    if (dimensions > facts.workItemsMax().length) {
      throw broken(
          "the device has fewer dimensions",
          "range=" + range + " dimensionsMax=" + facts.workItemsMax().length);
    }
    long[] local = local(range);
    if (local == null) {
      return;
    }
    if (shape.hasRequiredGroup()) {
      checkRequired(range);
    }
    long items = 1;
    for (int d = 0; d < dimensions; d++) {
      if (local[d] > facts.workItemsMax()[d]) {
        throw broken(
            "a work group is limited along each dimension",
            "range=" + range + " workItemsMax=" + Arrays.toString(facts.workItemsMax()));
      }
      items = Math.multiplyExact(items, local[d]);
      if (range.globalSize(d) % local[d] != 0 && !unevenGroups) {
        throw broken(
            "the local size must divide the global size; round the global size up and test"
                + " get_global_id in the kernel, or leave the local size out",
            "range=" + range + " local=" + Arrays.toString(local));
      }
    }
    if (items > shape.groupItemsMax()) {
      throw broken(
          "a work group is limited for this kernel",
          "range=" + range + " items=" + items + " itemsMax=" + shape.groupItemsMax());
    }
  }

  private void checkRequired(NdRange range) {
    for (int d = 0; d < shape.groupRequired().length; d++) {
      if (range.hasLocal() && range.localSize(d) != shape.groupRequired()[d]) {
        throw broken(
            "the kernel was compiled for one local size (reqd_work_group_size)",
            "range=" + range + " required=" + Arrays.toString(shape.groupRequired()));
      }
    }
  }

  /**
   * The local size to launch with; null to have the runtime choose, which copes with any remainder.
   */
  long[] local(NdRange range) {
    if (!range.hasLocal() && !shape.hasRequiredGroup()) {
      return null;
    }
    long[] local = new long[range.dimensions()];
    for (int d = 0; d < local.length; d++) {
      local[d] = range.hasLocal() ? range.localSize(d) : shape.groupRequired()[d];
    }
    return local;
  }

  private IllegalArgumentException broken(String rule, String facts) {
    return new IllegalArgumentException(
        rule + ": kernel=" + shape.name() + " device=" + deviceId + " " + facts);
  }
}
