package dev.gmem.it.space;

import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmCompute;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmProgram;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A device on the host's frames that uses them as threads of the CPU do, and computes whatever it
 * is told on the one buffer that its kernels have.
 */
final class HostFramesDevice implements GmDevice, GmMmu, GmCompute, GmProgram, GmKernel {
  /** What a kernel does. */
  interface Body {
    /**
     * Runs.
     *
     * @param memory all memory there is, without a gate
     * @param address of the buffer
     * @param value the second argument
     */
    void run(MemorySegment memory, long address, long value);
  }

  private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private final Body body;
  private final ExecutorService threads = Executors.newSingleThreadExecutor();

  HostFramesDevice(Body body) {
    this.body = body;
  }

  @Override
  public String id() {
    return "frames";
  }

  @Override
  public String name() {
    return "body";
  }

  @Override
  public GmMmu mmu() {
    return this;
  }

  @Override
  public Set<GmCapability> capabilities() {
    return Set.of(GmCapability.COMPUTE, GmCapability.HOST_COHERENT, GmCapability.HOST_CONCURRENT);
  }

  @Override
  public Optional<GmCompute> compute() {
    return Optional.of(this);
  }

  @Override
  public boolean supports(KernelSource source) {
    return true;
  }

  @Override
  public GmProgram compile(KernelSource source) {
    return this;
  }

  @Override
  public List<GmKernel> kernels() {
    return List.of(this);
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(Parameter.READ_WRITE, Parameter.SCALAR);
  }

  @Override
  public CompletionStage<Long> launch(NdRange range, List<GmArgument> arguments) {
    long address = ((GmArgument.Buffer) arguments.get(0)).address();
    long value = ((Number) ((GmArgument.Scalar) arguments.get(1)).value()).longValue();
    return CompletableFuture.supplyAsync(
        () -> {
          body.run(MEMORY, address, value);
          return 0L;
        },
        threads);
  }

  @Override
  public GmStatus peerMap(GmMapping mapping) {
    throw new AssertionError("nothing is mapped");
  }

  @Override
  public GmStatus peerUnmap(GmUnmapping unmapping) {
    throw new AssertionError("nothing is mapped");
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
