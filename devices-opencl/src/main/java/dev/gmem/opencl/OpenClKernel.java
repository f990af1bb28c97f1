package dev.gmem.opencl;

import dev.gmem.GmemException;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A kernel of one device.
 *
 * <p>What its parameters are comes from the compiler: {@code __global const} and {@code __constant}
 * are read, other {@code __global} memory is read and written, {@code __local} is local, and the
 * rest are scalars. Threads: any; launches of one kernel may overlap.
 */
final class OpenClKernel implements GmKernel {
  private final OpenClDevice device;
  private final Attached attached;
  private final KernelShape shape;
  private final KernelPool pool;
  private final LaunchRules rules;
  private final List<Parameter> parameters;

  OpenClKernel(
      OpenClDevice device, Attached attached, KernelShape shape, KernelPool pool, String options) {
    this.device = device;
    this.attached = attached;
    this.shape = shape;
    this.pool = pool;
    this.rules = new LaunchRules(device.id(), attached, shape, options);
    this.parameters = shape.parameters();
  }

  @Override
  public String name() {
    return shape.name();
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  /**
   * Checks arguments and range, and decides which allocations stay on the host if they do not all
   * fit the device.
   */
  @Override
  public void validate(NdRange range, List<GmArgument> arguments) {
    validate(range, arguments, List.of());
  }

  @Override
  public void validate(NdRange range, List<GmArgument> arguments, List<GmArgument.Buffer> reached) {
    rules.check(range, arguments);
    List<GmArgument.Buffer> mapped = buffers(arguments);
    mapped.removeIf(buffer -> isIn(buffer, reached));
    attached.mmu().plan(mapped);
  }

  /** Whether a buffer is in an allocation that a kernel reaches by stored pointers. */
  static boolean isIn(GmArgument.Buffer buffer, List<GmArgument.Buffer> reached) {
    for (GmArgument.Buffer each : reached) {
      if (each.allocation().equals(buffer.allocation())) {
        return true;
      }
    }
    return false;
  }

  static List<GmArgument.Buffer> buffers(List<GmArgument> arguments) {
    List<GmArgument.Buffer> buffers = new ArrayList<>(arguments.size());
    for (GmArgument argument : arguments) {
      if (argument instanceof GmArgument.Buffer buffer) {
        buffers.add(buffer);
      }
    }
    return buffers;
  }

  @Override
  public CompletionStage<Long> launch(NdRange range, List<GmArgument> arguments) {
    return launch(range, arguments, List.of());
  }

  @Override
  public CompletionStage<Long> launch(
      NdRange range, List<GmArgument> arguments, List<GmArgument.Buffer> reached) {
    if (attached.zeroCopy()) {
      try {
        bringHome(buffers(arguments));
        bringHome(reached);
      } catch (GmemException e) {
        return CompletableFuture.failedFuture(e);
      }
    }
    return new LaunchCall(device.id(), attached, shape, pool, range, rules.local(range))
        .start(arguments, reached);
  }

  /**
   * Has the core bring home what other devices hold of the arguments, as faults would if this
   * device could make them.
   */
  private void bringHome(List<GmArgument.Buffer> buffers) {
    for (GmArgument.Buffer buffer : buffers) {
      if (!attached.mmu().isMapped(buffer)) {
        attached
            .session()
            .attachment()
            .faults()
            .devFault(device, buffer.address(), buffer.bytes(), buffer.access());
      }
    }
  }

  @Override
  public String toString() {
    return shape.name() + shape.arguments();
  }
}
