package dev.gmem.samples;

import dev.gmem.AddressSpace;
import dev.gmem.Advice;
import dev.gmem.AllocationStatistics;
import dev.gmem.ArenaOptions;
import dev.gmem.Argument;
import dev.gmem.Device;
import dev.gmem.DeviceStatistics;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.Launch;
import dev.gmem.LaunchResult;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.Program;
import dev.gmem.Residency;
import dev.gmem.SpaceOptions;
import dev.gmem.SpaceStatistics;
import dev.gmem.Transfer;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

/**
 * Ordinary memory in the shape of an address space, with one device that runs Java kernels on the
 * calling thread. Nothing faults and nothing moves: it is for tests of what the samples compute.
 */
public final class PlainSpace implements AddressSpace {
  private static final String DEVICE_ID = "plain0";

  private final SpaceOptions options;
  private final List<Arena> arenas = new ArrayList<>();
  private final PlainDevice device = new PlainDevice();

  /** Which kernels do nothing, to see whether a sample notices. */
  private final Predicate<KernelSource.Lambda> idle;

  private PlainSpace(SpaceOptions options, Predicate<KernelSource.Lambda> idle) {
    this.options = options;
    this.idle = idle;
  }

  /** Kernels do what they should. */
  public static AddressSpace open(SpaceOptions options) {
    return new PlainSpace(options, kernel -> false);
  }

  /** Kernels do nothing. */
  public static AddressSpace openIdle(SpaceOptions options) {
    return new PlainSpace(options, kernel -> true);
  }

  /** Kernels that are classes do nothing; lambdas do what they should. */
  public static AddressSpace openIdleClasses(SpaceOptions options) {
    return new PlainSpace(options, kernel -> kernel.name().equals("run"));
  }

  @Override
  public Arena arena(ArenaOptions layout) {
    return arena();
  }

  @Override
  public Arena arena() {
    Arena arena = Arena.ofShared();
    arenas.add(arena);
    return arena;
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public Device device(String id) {
    if (!id.equals(DEVICE_ID)) {
      throw new IllegalArgumentException("there is no device " + id + "; there are: " + DEVICE_ID);
    }
    return device;
  }

  @Override
  public List<Device> devices() {
    return List.of(device);
  }

  @Override
  public Device attach(GmDevice added) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void detach(Device attached) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void abandon(Device attached) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean contains(MemorySegment segment) {
    return true;
  }

  @Override
  public Transfer prefetch(MemorySegment segment, Device to) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Transfer prefetchToHost(MemorySegment segment) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void copy(MemorySegment destination, MemorySegment source) {
    destination.copyFrom(source);
  }

  @Override
  public Transfer copyAsync(MemorySegment destination, MemorySegment source) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Transfer advise(MemorySegment segment, Advice advice) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long reservedAddress() {
    throw new UnsupportedOperationException();
  }

  @Override
  public MemorySegment allocateAt(Arena arena, long address, long byteSize) {
    throw new UnsupportedOperationException();
  }

  @Override
  public MemorySegment map(
      Arena arena, Path file, FileChannel.MapMode mode, long position, long byteSize) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void flush(MemorySegment segment) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void unmap(MemorySegment segment) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void remap(MemorySegment target, MemorySegment source) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Residency residency(MemorySegment segment) {
    var extent =
        new Residency.Extent(
            segment.address(), segment.byteSize(), PageState.CPU, Set.of(), false, false);
    return new Residency(options.granuleBytes(), List.of(extent));
  }

  @Override
  public SpaceStatistics statistics() {
    var used = new DeviceStatistics(0, 0, 0, 0, device.launches, 0, 0);
    return new SpaceStatistics(none(), 0, 0, 0, 0, 0, 0, 0, Map.of(DEVICE_ID, used));
  }

  @Override
  public AllocationStatistics statistics(MemorySegment segment) {
    return none();
  }

  private static AllocationStatistics none() {
    return new AllocationStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  @Override
  public SpaceOptions options() {
    return options;
  }

  @Override
  public void close() {
    arenas.stream().filter(arena -> arena.scope().isAlive()).forEach(Arena::close);
  }

  @Override
  public void quota(Device device, long bytes) {
    throw new UnsupportedOperationException();
  }

  private final class PlainDevice implements Device {
    private long launches;

    @Override
    public long quotaBytes() {
      return Long.MAX_VALUE;
    }

    @Override
    public String id() {
      return DEVICE_ID;
    }

    @Override
    public String description() {
      return "the calling thread";
    }

    @Override
    public int node() {
      return 1;
    }

    @Override
    public Set<GmCapability> capabilities() {
      return Set.of(GmCapability.COMPUTE);
    }

    @Override
    public long memoryBytes() {
      return Long.MAX_VALUE;
    }

    @Override
    public long residentBytes() {
      return 0;
    }

    @Override
    public Program load(KernelSource source) {
      return new PlainProgram(this, lambda(source));
    }

    private static KernelSource.Lambda lambda(KernelSource source) {
      return switch (source) {
        case KernelSource.Lambda lambda -> lambda;
        case KernelSource.OneOf(List<KernelSource> forms) -> lambda(forms.getLast());
        case KernelSource.OpenCl _ -> throw new UnsupportedOperationException("no OpenCL C here");
      };
    }
  }

  private final class PlainProgram implements Program, Kernel {
    private final PlainDevice device;
    private final KernelSource.Lambda lambda;

    PlainProgram(PlainDevice device, KernelSource.Lambda lambda) {
      this.device = device;
      this.lambda = lambda;
    }

    @Override
    public List<String> kernelNames() {
      return List.of(lambda.name());
    }

    @Override
    public Kernel kernel(String name) {
      if (!name.equals(lambda.name())) {
        throw new IllegalArgumentException("there is no kernel " + name);
      }
      return this;
    }

    @Override
    public String name() {
      return lambda.name();
    }

    @Override
    public Device device() {
      return device;
    }

    @Override
    public Launch launch(NdRange range, Object... arguments) {
      if (arguments.length != lambda.parameters().size()) {
        throw new IllegalArgumentException("wrong number of arguments: " + arguments.length);
      }
      for (int i = 0; i < arguments.length; i++) {
        boolean buffer =
            arguments[i] instanceof MemorySegment || arguments[i] instanceof Argument.Buffer;
        boolean scalar = lambda.parameters().get(i) == KernelSource.Parameter.SCALAR;
        if (buffer == scalar) {
          throw new IllegalArgumentException("argument " + i + " is of the wrong kind");
        }
      }
      if (!idle.test(lambda)) {
        PlainKernelRun.run(lambda.body(), range, arguments);
      }
      device.launches++;
      return new Done();
    }
  }

  private static final class Done implements Launch {
    private static final LaunchResult NOTHING = new LaunchResult(0, 0, 0);

    @Override
    public LaunchResult join() {
      return NOTHING;
    }

    @Override
    public boolean isDone() {
      return true;
    }

    @Override
    public CompletionStage<LaunchResult> completion() {
      return CompletableFuture.completedFuture(NOTHING);
    }
  }
}
