package dev.gmem;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Where a range lives.
 *
 * @param granuleBytes size of a granule of the allocation
 * @param extents runs of granules in the same state, in address order, without gaps
 */
public record Residency(int granuleBytes, List<Extent> extents) {
  /** Copies the list. */
  public Residency {
    extents = List.copyOf(extents);
  }

  /**
   * A run of granules in the same state, clipped to the range that was asked about.
   *
   * @param address of its first byte
   * @param bytes its length
   * @param state where its valid copy is
   * @param devices identifiers of the devices that hold a valid copy
   * @param moving a fault on it is being served, or a launch holds it
   * @param poisoned its only valid copy was lost; access throws
   */
  public record Extent(
      long address,
      long bytes,
      PageState state,
      Set<String> devices,
      boolean moving,
      boolean poisoned) {
    /** Copies the set; its order stays. */
    public Extent {
      devices = Collections.unmodifiableSet(new LinkedHashSet<>(devices));
    }
  }

  /**
   * Counts the bytes in a state.
   *
   * @param state the state
   * @return bytes
   */
  public long bytes(PageState state) {
    return extents.stream().filter(e -> e.state() == state).mapToLong(Extent::bytes).sum();
  }

  /**
   * Counts the bytes of which a device has a valid copy.
   *
   * @param deviceId the device's identifier
   * @return bytes
   */
  public long bytesOn(String deviceId) {
    return extents.stream()
        .filter(e -> e.devices().contains(deviceId))
        .mapToLong(Extent::bytes)
        .sum();
  }

  /**
   * Counts the bytes of which the host has a valid copy.
   *
   * @return bytes
   */
  public long bytesOnHost() {
    return extents.stream()
        .filter(e -> e.state() != PageState.DEVICE)
        .mapToLong(Extent::bytes)
        .sum();
  }
}
