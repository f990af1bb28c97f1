package dev.gmem.sim;

import dev.gmem.spi.GmCapability;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/**
 * Makes simulated accelerators.
 *
 * <pre>{@code
 * SimDevice device =
 *     Sim.builder("sim0")
 *         .memoryBytes(64 << 20)
 *         .workers(2)
 *         .link(SimLink.of(10_000, 12e9, 12e9))
 *         .build();
 * }</pre>
 */
public final class Sim {
  /** What a device has unless told otherwise. */
  static final long MEMORY_BYTES = 256L << 20;

  /** How many workers a device has unless told otherwise. */
  static final int WORKERS = 2;

  private Sim() {}

  /**
   * Begins a device.
   *
   * @param id its identifier
   * @return a builder: 256 MiB, two workers, no link model, all capabilities
   */
  public static Builder builder(String id) {
    return new Builder(id);
  }

  /** Settings of a device. Not thread-safe; may build several. */
  public static final class Builder {
    private final String id;
    private long memoryBytes = MEMORY_BYTES;
    private int workers = WORKERS;
    private SimLink link = SimLink.off();
    private Set<GmCapability> capabilities =
        EnumSet.of(
            GmCapability.REPLAYABLE_FAULTS,
            GmCapability.READ_ONLY_MAPPING,
            GmCapability.PEER_COPY,
            GmCapability.SHARED_ADDRESSES,
            GmCapability.COMPUTE);
    private boolean shootdownWaits = true;

    private Builder(String id) {
      this.id = Objects.requireNonNull(id, "id");
    }

    private Builder(Builder other) {
      id = other.id;
      memoryBytes = other.memoryBytes;
      workers = other.workers;
      link = other.link;
      capabilities = Set.copyOf(other.capabilities);
      shootdownWaits = other.shootdownWaits;
    }

    /**
     * Sets how much memory the device has. Of this machine, it takes Java heap: as much as pages
     * with contents were mapped at a time.
     *
     * @param bytes positive; what is not a multiple of the granule is lost
     * @return this
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder memoryBytes(long bytes) {
      if (bytes <= 0) {
        throw new IllegalArgumentException("a device needs memory: bytes=" + bytes);
      }
      memoryBytes = bytes;
      return this;
    }

    /**
     * Sets how many threads run kernels.
     *
     * @param threads positive
     * @return this
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder workers(int threads) {
      if (threads <= 0) {
        throw new IllegalArgumentException("a device needs a worker: threads=" + threads);
      }
      workers = threads;
      return this;
    }

    /**
     * Sets what transfers cost.
     *
     * @param model the link; devices that are given the same one share it
     * @return this
     */
    public Builder link(SimLink model) {
      link = Objects.requireNonNull(model, "model");
      return this;
    }

    /**
     * Sets whether kernels may touch what is not mapped. By default they may.
     *
     * @param faults false: such an access fails the launch
     * @return this
     */
    public Builder replayable(boolean faults) {
      return capability(GmCapability.REPLAYABLE_FAULTS, faults);
    }

    /**
     * Takes capabilities away. Without {@link GmCapability#READ_ONLY_MAPPING} all mappings are
     * writable and {@code peerProtect} is not implemented; without {@link GmCapability#PEER_COPY}
     * copies between devices are not; without {@link GmCapability#COMPUTE} there are no kernels.
     *
     * @param missing what the device cannot do
     * @return this
     */
    public Builder without(GmCapability... missing) {
      for (GmCapability capability : missing) {
        capability(capability, false);
      }
      return this;
    }

    private Builder capability(GmCapability capability, boolean present) {
      if (present) {
        capabilities.add(capability);
      } else {
        capabilities.remove(capability);
      }
      return this;
    }

    /** Leaves out the waiting in {@link Shootdown}: the negative control of its tests. */
    Builder withoutShootdownWait() {
      shootdownWaits = false;
      return this;
    }

    /**
     * Makes a device. The builder may be changed and used again.
     *
     * @return the device, not attached
     */
    public SimDevice build() {
      return new SimDevice(new Builder(this));
    }

    String id() {
      return id;
    }

    long memoryBytes() {
      return memoryBytes;
    }

    int workers() {
      return workers;
    }

    SimLink link() {
      return link;
    }

    Set<GmCapability> capabilities() {
      return capabilities;
    }

    boolean shootdownWaits() {
      return shootdownWaits;
    }
  }
}
