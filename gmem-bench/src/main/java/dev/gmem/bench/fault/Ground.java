package dev.gmem.bench.fault;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.PrefetchPolicy;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Unified memory, a device whose link takes no time, and raw memory to compare with. The device
 * makes no replicas, so that a prefetch takes the CPU's access away.
 */
final class Ground implements AutoCloseable {
  private static final long DEVICE_BYTES = 1L << 30;
  private static final long ALIGNMENT_BYTES = 4096;

  private final AddressSpace space;
  private final Device device;
  private final Arena unified;
  private final Arena raw = Arena.ofShared();

  Ground(int granuleBytes) {
    this(granuleBytes, PrefetchPolicy.standard());
  }

  Ground(int granuleBytes, PrefetchPolicy policy) {
    space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(granuleBytes).withPrefetch(policy));
    device =
        space.attach(
            Sim.builder("bench")
                .memoryBytes(DEVICE_BYTES)
                .workers(1)
                .without(GmCapability.READ_ONLY_MAPPING)
                .build());
    unified = space.arena();
  }

  AddressSpace space() {
    return space;
  }

  MemorySegment unified(long bytes) {
    return unified.allocate(bytes);
  }

  MemorySegment raw(long bytes) {
    return raw.allocate(bytes, ALIGNMENT_BYTES);
  }

  void toDevice(MemorySegment segment) {
    space.prefetch(segment, device).join();
  }

  @Override
  public void close() {
    raw.close();
    unified.close();
    space.close();
  }
}
