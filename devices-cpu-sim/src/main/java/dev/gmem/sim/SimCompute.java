package dev.gmem.sim;

import dev.gmem.KernelCompilationException;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.spi.GmCompute;
import dev.gmem.spi.GmProgram;
import java.util.List;

/** Runs kernels written as Java lambdas. */
final class SimCompute implements GmCompute {
  private final SimDevice device;

  SimCompute(SimDevice device) {
    this.device = device;
  }

  @Override
  public boolean supports(KernelSource source) {
    return source instanceof KernelSource.Lambda;
  }

  @Override
  public GmProgram compile(KernelSource source) {
    if (!(source instanceof KernelSource.Lambda lambda)) {
      throw new KernelCompilationException(
          "a simulated device runs Java lambdas only: device="
              + device.id()
              + " form="
              + source.getClass().getSimpleName());
    }
    if (lambda.parameters().contains(Parameter.LOCAL)) {
      throw new KernelCompilationException(
          "a Java lambda has no local memory; use variables of the lambda: device="
              + device.id()
              + " kernel="
              + lambda.name()
              + " parameters="
              + lambda.parameters());
    }
    SimKernel kernel = new SimKernel(device, lambda);
    return () -> List.of(kernel);
  }
}
