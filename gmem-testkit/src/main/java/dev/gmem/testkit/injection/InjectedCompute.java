package dev.gmem.testkit.injection;

import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmCompute;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmProgram;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** The part of an {@link InjectedDevice} that runs kernels. */
final class InjectedCompute implements GmCompute {
  private final GmCompute compute;
  private final Injector injector;

  InjectedCompute(GmCompute compute, Injector injector) {
    this.compute = compute;
    this.injector = injector;
  }

  @Override
  public boolean supports(KernelSource source) {
    return compute.supports(source);
  }

  @Override
  public GmProgram compile(KernelSource source) {
    return injector
        .judge(SpiEvent.of(SpiCall.COMPILE))
        .aroundValue(() -> new Program(compute.compile(source), injector));
  }

  private record Program(GmProgram program, Injector injector, List<GmKernel> kernels)
      implements GmProgram {
    Program(GmProgram program, Injector injector) {
      this(
          program,
          injector,
          program.kernels().stream().<GmKernel>map(k -> new Kernel(k, injector)).toList());
    }

    @Override
    public void close() {
      injector.judge(SpiEvent.of(SpiCall.CLOSE_PROGRAM)).aroundVoid(program::close);
    }
  }

  private record Kernel(GmKernel kernel, Injector injector) implements GmKernel {
    private Verdict judge(SpiCall call) {
      return injector.judge(new SpiEvent(call, 0, 0, false, null, kernel.name()));
    }

    @Override
    public String name() {
      return kernel.name();
    }

    @Override
    public List<Parameter> parameters() {
      return kernel.parameters();
    }

    @Override
    public void validate(NdRange range, List<GmArgument> arguments) {
      judge(SpiCall.VALIDATE).aroundVoid(() -> kernel.validate(range, arguments));
    }

    @Override
    public CompletionStage<Long> launch(NdRange range, List<GmArgument> arguments) {
      return judge(SpiCall.LAUNCH)
          .aroundAsync(() -> kernel.launch(range, arguments), status -> null);
    }

    @Override
    public void validate(
        NdRange range, List<GmArgument> arguments, List<GmArgument.Buffer> reached) {
      judge(SpiCall.VALIDATE).aroundVoid(() -> kernel.validate(range, arguments, reached));
    }

    @Override
    public CompletionStage<Long> launch(
        NdRange range, List<GmArgument> arguments, List<GmArgument.Buffer> reached) {
      return judge(SpiCall.LAUNCH)
          .aroundAsync(() -> kernel.launch(range, arguments, reached), status -> null);
    }
  }
}
