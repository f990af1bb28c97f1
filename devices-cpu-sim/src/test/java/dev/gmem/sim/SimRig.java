package dev.gmem.sim;

import dev.gmem.Access;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.kernel.DeviceKernel;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmRange;
import dev.gmem.testkit.TestSpace;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A simulated device in a test space, with shorter ways to launch. */
final class SimRig implements AutoCloseable {
  static final int GRANULE_BYTES = 4096;
  private static final long TIMEOUT_SECONDS = 60;

  private final SimDevice device;
  private final TestSpace space;

  SimRig(Sim.Builder builder) {
    device = builder.build();
    space = TestSpace.attach(device, GRANULE_BYTES);
  }

  /** A device that a space knows as another one: a wrapper. */
  SimRig(SimDevice device, GmDevice wrapper) {
    this.device = device;
    space = TestSpace.attach(wrapper, GRANULE_BYTES);
  }

  static SimRig plain() {
    return new SimRig(Sim.builder("sim0").memoryBytes(4 << 20));
  }

  SimDevice device() {
    return device;
  }

  TestSpace space() {
    return space;
  }

  /** Compiles a lambda whose parameters are read-write buffers. */
  GmKernel kernel(DeviceKernel body, int buffers) {
    Parameter[] parameters = new Parameter[buffers];
    Arrays.fill(parameters, Parameter.READ_WRITE);
    return device
        .compute()
        .orElseThrow()
        .compile(KernelSource.java("test", body, parameters))
        .kernels()
        .getFirst();
  }

  CompletableFuture<Long> start(long items, DeviceKernel body, GmRange... buffers) {
    List<GmArgument> arguments =
        Arrays.stream(buffers)
            .<GmArgument>map(
                range ->
                    new GmArgument.Buffer(range, range.address(), range.bytes(), Access.READ_WRITE))
            .toList();
    return kernel(body, buffers.length).launch(NdRange.of(items), arguments).toCompletableFuture();
  }

  void run(long items, DeviceKernel body, GmRange... buffers) throws Exception {
    await(start(items, body, buffers));
  }

  /** Launches something that must fail, and returns what it failed with. */
  Throwable failure(long items, DeviceKernel body, GmRange... buffers) throws Exception {
    try {
      run(items, body, buffers);
    } catch (ExecutionException e) {
      return e.getCause();
    }
    throw new AssertionError("the launch should have failed");
  }

  static <T> T await(CompletableFuture<T> future)
      throws ExecutionException, InterruptedException, TimeoutException {
    return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    space.close();
  }
}
