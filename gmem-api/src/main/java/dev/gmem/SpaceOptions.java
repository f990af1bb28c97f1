package dev.gmem;

import java.util.Objects;

/**
 * How an {@link AddressSpace} is laid out. Immutable; each {@code with} method returns a copy.
 *
 * @param granuleBytes size of a granule, the unit of residency, in arenas that choose none of their
 *     own: a power of two, {@value #GRANULE_BYTES_MIN} to {@value #GRANULE_BYTES_MAX}
 * @param reservedBytes address space reserved; it costs nothing until touched
 * @param hostBytesMax most bytes that may be allocated at one time
 * @param pinTimeoutMillis how long a migration waits for pinned memory (a native call, an I/O
 *     operation) before it fails with {@link PinnedMemoryException}
 * @param prefetch what comes along with faults, in arenas that choose no policy of their own
 * @param retainedBytesMax most bytes of host memory that are retained for granules whose only valid
 *     copy is on a device: when more than that is away, the host memory of what goes is given back
 *     to the operating system. It is had again when the granule comes home, which costs page
 *     faults; it counts as allocated all the same. Nothing is given back of what is on a device
 *     that may work in host memory where its own does not do ({@link
 *     dev.gmem.spi.GmCapability#REMOTE_MAPPING})
 * @param residencyNanosMin how long whoever takes a granule keeps it, if the CPU and kernels that
 *     fault, or two of these, take it from each other again and again: the other's fault waits as
 *     long; at most {@value #RESIDENCY_NANOS_MAX}, and 0 for not at all
 */
public record SpaceOptions(
    int granuleBytes,
    long reservedBytes,
    long hostBytesMax,
    long pinTimeoutMillis,
    PrefetchPolicy prefetch,
    long retainedBytesMax,
    long residencyNanosMin) {
  /** Smallest granule, in bytes. */
  public static final int GRANULE_BYTES_MIN = 4 << 10;

  /** Longest that a fault may be made to wait for a granule that bounces. */
  public static final long RESIDENCY_NANOS_MAX = 1_000_000;

  /** Largest granule, in bytes. */
  public static final int GRANULE_BYTES_MAX = 2 << 20;

  private static final SpaceOptions DEFAULTS =
      new SpaceOptions(
          64 << 10,
          1L << 40,
          Long.MAX_VALUE,
          30_000,
          PrefetchPolicy.standard(),
          Long.MAX_VALUE,
          200_000);

  /** Checks the rules of each component. */
  public SpaceOptions {
    checkGranule(granuleBytes);
    if (reservedBytes < granuleBytes) {
      throw new IllegalArgumentException(
          "reservedBytes must hold at least one granule: reservedBytes="
              + reservedBytes
              + " granuleBytes="
              + granuleBytes);
    }
    if (hostBytesMax <= 0) {
      throw new IllegalArgumentException(
          "hostBytesMax must be positive: hostBytesMax=" + hostBytesMax);
    }
    if (pinTimeoutMillis <= 0) {
      throw new IllegalArgumentException(
          "pinTimeoutMillis must be positive: pinTimeoutMillis=" + pinTimeoutMillis);
    }
    Objects.requireNonNull(prefetch, "prefetch");
    if (retainedBytesMax < 0) {
      throw new IllegalArgumentException(
          "retainedBytesMax must not be negative: retainedBytesMax=" + retainedBytesMax);
    }
    if (residencyNanosMin < 0 || residencyNanosMin > RESIDENCY_NANOS_MAX) {
      throw new IllegalArgumentException(
          "residencyNanosMin must be from 0 to "
              + RESIDENCY_NANOS_MAX
              + ": residencyNanosMin="
              + residencyNanosMin);
    }
  }

  static void checkGranule(int granuleBytes) {
    if (granuleBytes < GRANULE_BYTES_MIN
        || granuleBytes > GRANULE_BYTES_MAX
        || Integer.bitCount(granuleBytes) != 1) {
      throw new IllegalArgumentException(
          "granuleBytes must be a power of two from "
              + GRANULE_BYTES_MIN
              + " to "
              + GRANULE_BYTES_MAX
              + ": granuleBytes="
              + granuleBytes);
    }
  }

  /**
   * Returns 64 KiB granules in 1 TiB of reserved addresses, no limit on host memory, allocated or
   * retained, 30 s patience with pins, {@link PrefetchPolicy#standard}, and 0.2 ms of residency
   * where granules bounce.
   *
   * @return the defaults
   */
  public static SpaceOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Returns a copy with another granule.
   *
   * @param bytes size of a granule
   * @return the copy
   */
  public SpaceOptions withGranuleBytes(int bytes) {
    return new SpaceOptions(
        bytes,
        reservedBytes,
        hostBytesMax,
        pinTimeoutMillis,
        prefetch,
        retainedBytesMax,
        residencyNanosMin);
  }

  /**
   * Returns a copy with another reservation.
   *
   * @param bytes address space to reserve
   * @return the copy
   */
  public SpaceOptions withReservedBytes(long bytes) {
    return new SpaceOptions(
        granuleBytes,
        bytes,
        hostBytesMax,
        pinTimeoutMillis,
        prefetch,
        retainedBytesMax,
        residencyNanosMin);
  }

  /**
   * Returns a copy with a limit on what may be allocated.
   *
   * @param bytes most bytes allocated at one time
   * @return the copy
   */
  public SpaceOptions withHostBytesMax(long bytes) {
    return new SpaceOptions(
        granuleBytes,
        reservedBytes,
        bytes,
        pinTimeoutMillis,
        prefetch,
        retainedBytesMax,
        residencyNanosMin);
  }

  /**
   * Returns a copy with other patience for pinned memory.
   *
   * @param millis how long a migration waits
   * @return the copy
   */
  public SpaceOptions withPinTimeoutMillis(long millis) {
    return new SpaceOptions(
        granuleBytes,
        reservedBytes,
        hostBytesMax,
        millis,
        prefetch,
        retainedBytesMax,
        residencyNanosMin);
  }

  /**
   * Returns a copy with another policy of prefetching.
   *
   * @param policy what comes along with faults
   * @return the copy
   */
  public SpaceOptions withPrefetch(PrefetchPolicy policy) {
    return new SpaceOptions(
        granuleBytes,
        reservedBytes,
        hostBytesMax,
        pinTimeoutMillis,
        policy,
        retainedBytesMax,
        residencyNanosMin);
  }

  /**
   * Returns a copy with a limit on host memory that is retained for what is away.
   *
   * @param bytes most bytes; 0 retains nothing, {@link Long#MAX_VALUE}, the default, everything
   * @return the copy
   */
  public SpaceOptions withRetainedBytesMax(long bytes) {
    return new SpaceOptions(
        granuleBytes,
        reservedBytes,
        hostBytesMax,
        pinTimeoutMillis,
        prefetch,
        bytes,
        residencyNanosMin);
  }

  /**
   * Returns a copy with another least residency of granules that bounce.
   *
   * @param nanos how long who takes such a granule keeps it; 0 keeps it for nobody
   * @return the copy
   */
  public SpaceOptions withResidencyNanosMin(long nanos) {
    return new SpaceOptions(
        granuleBytes,
        reservedBytes,
        hostBytesMax,
        pinTimeoutMillis,
        prefetch,
        retainedBytesMax,
        nanos);
  }
}
