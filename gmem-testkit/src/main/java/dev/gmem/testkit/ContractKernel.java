package dev.gmem.testkit;

import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.kernel.DeviceKernel;

/**
 * The kernels that the contract launches. Each comes as a Java lambda and, where the language
 * allows it, as OpenCL C, with the same name and the same parameters; an implementer of another
 * language supplies it by {@link DeviceFixture#source}.
 *
 * <p>{@code x}, {@code y}, {@code z} stand for the global position, {@code i} for the number of the
 * work item, the first dimension fastest.
 */
public enum ContractKernel {
  /** {@code c[i] = a[i] + b[i]}: int buffers a (read), b (read), c (overwritten). */
  ADD(
      "gmem_add",
      (item, memory, args) -> {
        long offset = Integer.BYTES * item.globalId(0);
        memory.putInt(
            args.address(2) + offset,
            memory.getInt(args.address(0) + offset) + memory.getInt(args.address(1) + offset));
      },
      "__global const int* a, __global const int* b, __global int* c",
      "size_t i = get_global_id(0); c[i] = a[i] + b[i];",
      Parameter.READ,
      Parameter.READ,
      Parameter.OVERWRITE),

  /** {@code a[i] += 1}: int buffer a (read and written). */
  INCREMENT(
      "gmem_increment",
      (item, memory, args) -> {
        long address = args.address(0) + Integer.BYTES * item.globalId(0);
        memory.putInt(address, memory.getInt(address) + 1);
      },
      "__global int* a",
      "size_t i = get_global_id(0); a[i] = a[i] + 1;",
      Parameter.READ_WRITE),

  /** {@code b[i] = a[i]}: int buffers a (read), b (overwritten). */
  COPY(
      "gmem_copy",
      (item, memory, args) -> {
        long offset = Integer.BYTES * item.globalId(0);
        memory.putInt(args.address(1) + offset, memory.getInt(args.address(0) + offset));
      },
      "__global const int* a, __global int* b",
      "size_t i = get_global_id(0); b[i] = a[i];",
      Parameter.READ,
      Parameter.OVERWRITE),

  /** {@code a[i] = first + i}: int buffer a (overwritten), scalar int first. */
  NUMBER(
      "gmem_number",
      (item, memory, args) ->
          memory.putInt(
              args.address(0) + Integer.BYTES * item.globalId(0),
              args.getInt(1) + (int) item.globalId(0)),
      "__global int* a, int first",
      "size_t i = get_global_id(0); a[i] = first + (int) i;",
      Parameter.OVERWRITE,
      Parameter.SCALAR),

  /** {@code out[i] = x + 1000 y + 1000000 z}: int buffer out (written). */
  POSITIONS(
      "gmem_positions",
      (item, memory, args) -> {
        long x = item.globalId(0);
        long y = item.globalId(1);
        long z = item.globalId(2);
        long number = x + item.globalSize(0) * (y + item.globalSize(1) * z);
        memory.putInt(
            args.address(0) + Integer.BYTES * number, (int) (x + 1_000 * y + 1_000_000 * z));
      },
      "__global int* out",
      "size_t x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);"
          + " out[x + get_global_size(0) * (y + get_global_size(1) * z)]"
          + " = (int) (x + 1000 * y + 1000000 * z);",
      Parameter.WRITE),

  /**
   * {@code out[x] = local position + 1000 local size + 1000000 group}, along the first dimension:
   * int buffer out (written).
   */
  GROUPS(
      "gmem_groups",
      (item, memory, args) ->
          memory.putInt(
              args.address(0) + Integer.BYTES * item.globalId(0),
              (int) (item.localId(0) + 1_000 * item.localSize(0) + 1_000_000 * item.groupId(0))),
      "__global int* out",
      "out[get_global_id(0)] = (int) (get_local_id(0) + 1000 * get_local_size(0)"
          + " + 1000000 * get_group_id(0));",
      Parameter.WRITE),

  /**
   * {@code out[0] = i, out[1] = l, out[2] = bits of f}: long buffer out (written), scalars int i,
   * long l, float f. One work item.
   */
  SCALARS(
      "gmem_scalars",
      (item, memory, args) -> {
        memory.putLong(args.address(0), args.getInt(1));
        memory.putLong(args.address(0) + Long.BYTES, args.getLong(2));
        memory.putLong(args.address(0) + 2 * Long.BYTES, Float.floatToRawIntBits(args.getFloat(3)));
      },
      "__global long* out, int i, long l, float f",
      "out[0] = i; out[1] = l; out[2] = as_int(f);",
      Parameter.WRITE,
      Parameter.SCALAR,
      Parameter.SCALAR,
      Parameter.SCALAR),

  /** {@code counter[0] += 1}, atomically: int buffer counter (read and written). */
  COUNT(
      "gmem_count",
      (item, memory, args) -> memory.getAndAddInt(args.address(0), 1),
      "__global volatile int* counter",
      "atomic_add(counter, 1);",
      Parameter.READ_WRITE),

  /**
   * {@code out[0] =} sum of the values of a linked list: buffer head (read), buffer rest (read),
   * long buffer out (written). A node is an address of the next node, or 0, and a long value; the
   * first one is at the beginning of head, others anywhere in head and rest. One work item.
   */
  CHASE(
      "gmem_chase",
      (item, memory, args) -> {
        long sum = 0;
        for (long node = args.address(0); node != 0; node = memory.getLong(node)) {
          sum += memory.getLong(node + Long.BYTES);
        }
        memory.putLong(args.address(2), sum);
      },
      "__global const long* head, __global const long* rest, __global long* out",
      "long sum = 0; __global const long* node = head;"
          + " while (node) { sum += node[1]; node = (__global const long*) (size_t) node[0]; }"
          + " out[0] = sum;",
      Parameter.READ,
      Parameter.READ,
      Parameter.WRITE),

  /**
   * {@code a[1] = 1}; waits until {@code a[0]} is not 0, for so many looks at most; then {@code
   * a[2] = a[0]}: int buffer a (read and written), scalar long looks. One work item.
   */
  MEET(
      "gmem_meet",
      (item, memory, args) -> {
        long a = args.address(0);
        memory.putInt(a + Integer.BYTES, 1);
        int met = memory.getAndAddInt(a, 0);
        for (long looks = args.getLong(1); met == 0 && looks > 0; looks--) {
          met = memory.getAndAddInt(a, 0);
        }
        memory.putInt(a + 2 * Integer.BYTES, met);
      },
      "__global volatile int* a, long looks",
      "a[1] = 1; int met = a[0]; for (; met == 0 && looks > 0; looks--) { met = a[0]; }"
          + " a[2] = met;",
      Parameter.READ_WRITE,
      Parameter.SCALAR),

  /**
   * Throws {@link ContractFailure} in the work item {@code x = fatal}: scalar int fatal. Java only:
   * in other languages kernels cannot fail so.
   */
  FAIL(
      "gmem_fail",
      (item, memory, args) -> {
        if (item.globalId(0) == args.getInt(0)) {
          throw new ContractFailure();
        }
      },
      null,
      null,
      Parameter.SCALAR),

  /** Does not compile: no such language, or, in Java, local memory. */
  BROKEN(
      "gmem_broken",
      (item, memory, args) -> {},
      "__global int* a",
      "this is not a kernel",
      Parameter.LOCAL);

  /** What {@link #FAIL} throws. */
  public static final class ContractFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Makes one. */
    public ContractFailure() {
      super("the contract's failing kernel failed, as it should");
    }
  }

  private final String kernelName;
  private final KernelSource source;

  ContractKernel(
      String kernelName,
      DeviceKernel body,
      String openClParameters,
      String openClBody,
      Parameter... parameters) {
    this.kernelName = kernelName;
    KernelSource java = KernelSource.java(kernelName, body, parameters);
    source =
        openClBody == null
            ? java
            : KernelSource.oneOf(
                java,
                KernelSource.openCl(
                    "__kernel void "
                        + kernelName
                        + "("
                        + openClParameters
                        + ") { "
                        + openClBody
                        + " }\n"));
  }

  /**
   * Returns the kernel's name.
   *
   * @return the same in all forms
   */
  public String kernelName() {
    return kernelName;
  }

  /**
   * Returns the kernel.
   *
   * @return in all forms that the kit has
   */
  public KernelSource source() {
    return source;
  }
}
