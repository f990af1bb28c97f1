package dev.gmem.testkit;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gmem.Access;
import dev.gmem.KernelSource;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmCompute;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmProgram;
import dev.gmem.spi.GmRange;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What the facets that launch kernels have in common. They are skipped without {@code COMPUTE}. */
public abstract class KernelFacetContract extends FacetContract {
  private final List<GmProgram> programs = new ArrayList<>();

  /** For subclasses. */
  protected KernelFacetContract() {}

  @BeforeEach
  final void assumeCompute() {
    assumeCapability(GmCapability.COMPUTE);
  }

  @AfterEach
  final void closePrograms() {
    programs.forEach(GmProgram::close);
  }

  /**
   * Compiles a kernel of the contract; skips the test, visibly, if the device understands none of
   * its forms.
   *
   * @param which the kernel
   * @return it, compiled
   */
  protected final GmKernel kernel(ContractKernel which) {
    GmCompute compute = device().compute().orElseThrow();
    GmProgram program = compute.compile(form(which));
    programs.add(program);
    return program.kernels().stream()
        .filter(kernel -> kernel.name().equals(which.kernelName()))
        .findFirst()
        .orElseGet(() -> fail("no kernel of this name was compiled: " + which.kernelName()));
  }

  /**
   * Chooses the form of a kernel that the device understands.
   *
   * @param which the kernel
   * @return its source, supported
   */
  protected final KernelSource form(ContractKernel which) {
    GmCompute compute = device().compute().orElseThrow();
    KernelSource source = fixture().source(which);
    List<KernelSource> forms =
        source instanceof KernelSource.OneOf several ? several.forms() : List.of(source);
    Optional<KernelSource> supported = forms.stream().filter(compute::supports).findFirst();
    assumeTrue(
        supported.isPresent(),
        () -> "skipped: " + device().id() + " understands no form of " + which);
    return supported.get();
  }

  /**
   * Launches a kernel and waits for it.
   *
   * @param kernel the kernel
   * @param range the work items
   * @param arguments its arguments
   * @return how long it ran, in nanoseconds
   * @throws ExecutionException if it failed
   */
  protected final long launch(GmKernel kernel, NdRange range, GmArgument... arguments)
      throws ExecutionException {
    return await(start(kernel, range, arguments));
  }

  /**
   * Launches a kernel.
   *
   * @param kernel the kernel
   * @param range the work items
   * @param arguments its arguments
   * @return the launch
   */
  protected final CompletionStage<Long> start(
      GmKernel kernel, NdRange range, GmArgument... arguments) {
    kernel.validate(range, List.of(arguments));
    return kernel.launch(range, List.of(arguments));
  }

  /**
   * Makes an argument of an allocation.
   *
   * @param allocation the whole of it
   * @param access what the kernel does with it
   * @return the argument
   */
  protected static GmArgument buffer(GmRange allocation, Access access) {
    return new GmArgument.Buffer(allocation, allocation.address(), allocation.bytes(), access);
  }

  /**
   * Makes an argument of a scalar.
   *
   * @param value boxed
   * @return the argument
   */
  protected static GmArgument scalar(Object value) {
    return new GmArgument.Scalar(value);
  }

  /**
   * Reads an int of the host frames.
   *
   * @param range some granules
   * @param index which int, from 0
   * @return its value
   */
  protected final int hostInt(GmRange range, long index) {
    return space().host(range).getAtIndex(ValueLayout.JAVA_INT, index);
  }

  /**
   * Reads a long of the host frames.
   *
   * @param range some granules
   * @param index which long, from 0
   * @return its value
   */
  protected final long hostLong(GmRange range, long index) {
    return space().host(range).getAtIndex(ValueLayout.JAVA_LONG, index);
  }

  /**
   * Returns how many ints fit into a range.
   *
   * @param range some granules
   * @return the number
   */
  protected static int ints(GmRange range) {
    return (int) (range.bytes() / Integer.BYTES);
  }

  /**
   * Numbers the ints of the host frames: {@code first}, {@code first + step}, …
   *
   * @param range some granules
   * @param first value of the first one
   * @param step from one to the next
   */
  protected final void numberHost(GmRange range, int first, int step) {
    for (int i = 0; i < ints(range); i++) {
      space().host(range).setAtIndex(ValueLayout.JAVA_INT, i, first + step * i);
    }
  }

  /**
   * Requires the ints of the host frames to be numbered.
   *
   * @param range some granules
   * @param first value of the first one
   * @param step from one to the next
   */
  protected final void assertNumbered(GmRange range, int first, int step) {
    for (int i = 0; i < ints(range); i++) {
      int actual = hostInt(range, i);
      if (actual != first + step * i) {
        fail(
            "int " + i + " of " + range + ": expected=" + (first + step * i) + " actual=" + actual);
      }
    }
  }
}
