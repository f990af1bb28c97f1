package dev.gmem.core.testing;

import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmCompute;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmProgram;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Kernels that the test ends by hand. The source names them: {@code "k READ WRITE"} is the kernel
 * {@code k} of two parameters; lines are kernels.
 */
public final class FakeCompute implements GmCompute {
  /**
   * A kernel that has been started.
   *
   * @param kernel its name
   * @param arguments as resolved by the core
   * @param reached what it reaches by stored addresses
   * @param end to be completed by the test
   */
  public record Started(
      String kernel,
      NdRange range,
      List<GmArgument> arguments,
      List<GmArgument.Buffer> reached,
      CompletableFuture<Long> end) {
    /** Ends it. */
    public void finish() {
      end.complete(1L);
    }

    /** Address of a buffer. */
    public long address(int index) {
      return ((GmArgument.Buffer) arguments.get(index)).address();
    }
  }

  private final List<Started> started = Collections.synchronizedList(new ArrayList<>());
  private volatile Consumer<Started> onStart = launch -> {};
  private volatile RuntimeException invalid;
  private volatile boolean onlyStages;

  private volatile int compilations;
  private volatile int closedPrograms;

  /** Decides what a kernel does when it is started. */
  public FakeCompute onStart(Consumer<Started> action) {
    onStart = action;
    return this;
  }

  /** From now on ends are stages that nobody else can complete. */
  public void onlyStages() {
    onlyStages = true;
  }

  /** Makes every validation fail. */
  public void refuse(RuntimeException failure) {
    invalid = failure;
  }

  /** The kernels that have been started, in order. */
  public List<Started> started() {
    synchronized (started) {
      return List.copyOf(started);
    }
  }

  /** The kernel started last. */
  public Started last() {
    return started().getLast();
  }

  /** Waits until so many kernels have been started, in all; returns the last of these. */
  public Started awaitStarted(int count) {
    while (started.size() < count) {
      Thread.onSpinWait();
    }
    return started().get(count - 1);
  }

  /** How often something was compiled. */
  public int compilations() {
    return compilations;
  }

  /** How many programs were closed. */
  public int closedPrograms() {
    return closedPrograms;
  }

  @Override
  public boolean supports(KernelSource source) {
    return source instanceof KernelSource.OpenCl;
  }

  @Override
  public GmProgram compile(KernelSource source) {
    compilations++;
    List<GmKernel> kernels = new ArrayList<>();
    for (String line : ((KernelSource.OpenCl) source).text().split("\n")) {
      String[] words = line.split(" ");
      List<Parameter> parameters = new ArrayList<>();
      for (int i = 1; i < words.length; i++) {
        parameters.add(Parameter.valueOf(words[i]));
      }
      kernels.add(new Kernel(words[0], List.copyOf(parameters)));
    }
    return new GmProgram() {
      @Override
      public List<GmKernel> kernels() {
        return kernels;
      }

      @Override
      public void close() {
        closedPrograms++;
      }
    };
  }

  private final class Kernel implements GmKernel {
    private final String name;
    private final List<Parameter> parameters;

    Kernel(String name, List<Parameter> parameters) {
      this.name = name;
      this.parameters = parameters;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public List<Parameter> parameters() {
      return parameters;
    }

    @Override
    public void validate(NdRange range, List<GmArgument> arguments) {
      if (invalid != null) {
        throw invalid;
      }
    }

    @Override
    public CompletionStage<Long> launch(NdRange range, List<GmArgument> arguments) {
      return launch(range, arguments, List.of());
    }

    @Override
    public CompletionStage<Long> launch(
        NdRange range, List<GmArgument> arguments, List<GmArgument.Buffer> reached) {
      Started launch = new Started(name, range, arguments, reached, new CompletableFuture<>());
      started.add(launch);
      onStart.accept(launch);
      return onlyStages ? launch.end().minimalCompletionStage() : launch.end();
    }
  }
}
