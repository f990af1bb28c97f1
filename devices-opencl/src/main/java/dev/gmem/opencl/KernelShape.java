package dev.gmem.opencl;

import static org.jocl.CL.CL_KERNEL_ARG_ADDRESS_CONSTANT;
import static org.jocl.CL.CL_KERNEL_ARG_ADDRESS_GLOBAL;
import static org.jocl.CL.CL_KERNEL_ARG_ADDRESS_LOCAL;
import static org.jocl.CL.CL_KERNEL_ARG_ADDRESS_QUALIFIER;
import static org.jocl.CL.CL_KERNEL_ARG_NAME;
import static org.jocl.CL.CL_KERNEL_ARG_TYPE_CONST;
import static org.jocl.CL.CL_KERNEL_ARG_TYPE_NAME;
import static org.jocl.CL.CL_KERNEL_ARG_TYPE_QUALIFIER;
import static org.jocl.CL.CL_KERNEL_COMPILE_WORK_GROUP_SIZE;
import static org.jocl.CL.CL_KERNEL_FUNCTION_NAME;
import static org.jocl.CL.CL_KERNEL_LOCAL_MEM_SIZE;
import static org.jocl.CL.CL_KERNEL_NUM_ARGS;
import static org.jocl.CL.CL_KERNEL_WORK_GROUP_SIZE;

import dev.gmem.KernelSource.Parameter;
import java.util.ArrayList;
import java.util.List;
import org.jocl.cl_device_id;
import org.jocl.cl_kernel;

/**
 * What a compiled kernel tells of itself.
 *
 * @param name its name
 * @param arguments in order
 * @param groupItemsMax most work items of a group
 * @param groupRequired the group it was compiled for, three sizes; zeros if for any
 * @param localBytes local memory that it declares itself
 */
record KernelShape(
    String name,
    List<Argument> arguments,
    long groupItemsMax,
    long[] groupRequired,
    long localBytes) {

  /**
   * A parameter.
   *
   * @param name its name
   * @param type its type, as it is written
   * @param parameter what it is
   * @param constant whether it is in the {@code __constant} address space
   */
  record Argument(String name, String type, Parameter parameter, boolean constant) {
    /** Whether it is something that has no counterpart: an image, a sampler, a pipe. */
    boolean isForeign() {
      return parameter != Parameter.LOCAL
          && (type.startsWith("image")
              || type.startsWith("sampler")
              || type.startsWith("pipe")
              || type.startsWith("queue")
              || type.startsWith("reserve_id"));
    }

    @Override
    public String toString() {
      return type + " " + name;
    }
  }

  /** Asks a kernel. */
  static KernelShape of(Cl cl, cl_kernel kernel, cl_device_id device) {
    String name = Bytes.text(cl.kernelInfo(kernel, CL_KERNEL_FUNCTION_NAME));
    int count = (int) Bytes.number(cl.kernelInfo(kernel, CL_KERNEL_NUM_ARGS));
    List<Argument> arguments = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      arguments.add(argument(cl, kernel, i));
    }
    return new KernelShape(
        name,
        List.copyOf(arguments),
        Bytes.number(cl.workGroupInfo(kernel, device, CL_KERNEL_WORK_GROUP_SIZE)),
        Bytes.numbers(cl.workGroupInfo(kernel, device, CL_KERNEL_COMPILE_WORK_GROUP_SIZE), 3),
        Bytes.number(cl.workGroupInfo(kernel, device, CL_KERNEL_LOCAL_MEM_SIZE)));
  }

  private static Argument argument(Cl cl, cl_kernel kernel, int index) {
    int space = (int) Bytes.number(cl.argumentInfo(kernel, index, CL_KERNEL_ARG_ADDRESS_QUALIFIER));
    long qualifiers = Bytes.number(cl.argumentInfo(kernel, index, CL_KERNEL_ARG_TYPE_QUALIFIER));
    boolean readOnly = (qualifiers & CL_KERNEL_ARG_TYPE_CONST) != 0;
    Parameter parameter =
        switch (space) {
          case CL_KERNEL_ARG_ADDRESS_GLOBAL -> readOnly ? Parameter.READ : Parameter.READ_WRITE;
          case CL_KERNEL_ARG_ADDRESS_CONSTANT -> Parameter.READ;
          case CL_KERNEL_ARG_ADDRESS_LOCAL -> Parameter.LOCAL;
          default -> Parameter.SCALAR;
        };
    return new Argument(
        Bytes.text(cl.argumentInfo(kernel, index, CL_KERNEL_ARG_NAME)),
        Bytes.text(cl.argumentInfo(kernel, index, CL_KERNEL_ARG_TYPE_NAME)),
        parameter,
        space == CL_KERNEL_ARG_ADDRESS_CONSTANT);
  }

  List<Parameter> parameters() {
    return arguments.stream().map(Argument::parameter).toList();
  }

  /** Whether it was compiled for one group size only. */
  boolean hasRequiredGroup() {
    return groupRequired[0] != 0;
  }
}
