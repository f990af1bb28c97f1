package dev.gmem.sim;

import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmKernel;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** A Java lambda as a kernel of one device. */
final class SimKernel implements GmKernel {
  private static final int DIMENSIONS = 3;

  private final SimDevice device;
  private final KernelSource.Lambda source;

  SimKernel(SimDevice device, KernelSource.Lambda source) {
    this.device = device;
    this.source = source;
  }

  @Override
  public String name() {
    return source.name();
  }

  @Override
  public List<Parameter> parameters() {
    return source.parameters();
  }

  @Override
  public void validate(NdRange range, List<GmArgument> arguments) {
    for (int d = 0; d < DIMENSIONS; d++) {
      if (range.globalSize(d) % range.localSize(d) != 0) {
        throw new IllegalArgumentException(
            "the local size must divide the global size: kernel=" + name() + " range=" + range);
      }
    }
    if (arguments.size() != parameters().size()) {
      throw new IllegalArgumentException(
          "a kernel needs an argument for each parameter: kernel="
              + name()
              + " parameters="
              + parameters().size()
              + " arguments="
              + arguments.size());
    }
    for (int i = 0; i < arguments.size(); i++) {
      boolean scalar = parameters().get(i) == Parameter.SCALAR;
      boolean matches =
          scalar
              ? arguments.get(i) instanceof GmArgument.Scalar
              : arguments.get(i) instanceof GmArgument.Buffer;
      if (!matches) {
        throw new IllegalArgumentException(
            "an argument must be of its parameter's kind: kernel="
                + name()
                + " index="
                + i
                + " parameter="
                + parameters().get(i)
                + " argument="
                + arguments.get(i));
      }
    }
  }

  @Override
  public CompletionStage<Long> launch(NdRange range, List<GmArgument> arguments) {
    validate(range, arguments);
    Workers workers = device.workers();
    Launch launch = new Launch(source.body(), range, new SimArguments(arguments));
    try {
      workers.submit(launch);
    } catch (Throwable t) {
      launch.result().completeExceptionally(t);
    }
    return launch.result();
  }
}
