package dev.gmem;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Where a range lives.
 *
 * @param granuleBytes size of a granule of the allocation
 * @param pins native calls and I/O operations that keep the whole allocation on the host just now
 * @param extents runs of granules in the same state, in address order, without gaps
 */
public record Residency(int granuleBytes, int pins, List<Extent> extents) {
  /** Copies the list. */
  public Residency {
    extents = List.copyOf(extents);
  }

  /**
   * Makes one of an allocation that nothing pins.
   *
   * @param granuleBytes size of a granule of the allocation
   * @param extents runs of granules in the same state, in address order, without gaps
   */
  public Residency(int granuleBytes, List<Extent> extents) {
    this(granuleBytes, 0, extents);
  }

  /**
   * A run of granules in the same state, clipped to the range that was asked about.
   *
   * @param address of its first byte
   * @param bytes its length
   * @param state where its valid copy is
   * @param devices identifiers of the devices that hold a valid copy
   * @param moving a fault on it is being served, or a launch holds it
   * @param poisoned its only valid copy was lost with its device; access throws, and nobody has it
   * @param dirty a device has written it, or may have, since its bytes were last those of the
   *     host's frame: to bring it home, or to evict it, takes a copy
   * @param advised what the program has advised about it
   */
  public record Extent(
      long address,
      long bytes,
      PageState state,
      Set<String> devices,
      boolean moving,
      boolean poisoned,
      boolean dirty,
      Advised advised) {
    /** Copies the set; its order stays. */
    public Extent {
      devices = Collections.unmodifiableSet(new LinkedHashSet<>(devices));
    }

    /**
     * Makes one about which nothing has been advised, and which its owner, if any, has written.
     *
     * @param address of its first byte
     * @param bytes its length
     * @param state where its valid copy is
     * @param devices identifiers of the devices that hold a valid copy
     * @param moving a fault on it is being served, or a launch holds it
     * @param poisoned its only valid copy was lost; access throws
     */
    public Extent(
        long address,
        long bytes,
        PageState state,
        Set<String> devices,
        boolean moving,
        boolean poisoned) {
      this(
          address,
          bytes,
          state,
          devices,
          moving,
          poisoned,
          state == PageState.DEVICE,
          Advised.NOTHING);
    }
  }

  /**
   * What a program has advised. Nodes are {@code "host"}, or the identifiers of devices.
   *
   * @param pinnedTo the node that keeps it
   * @param preferred the node where it is best
   * @param readMostly whether owners keep a copy when others read
   * @param accessedBy devices that use it in the host's frames
   * @see Advice
   */
  public record Advised(
      Optional<String> pinnedTo,
      Optional<String> preferred,
      boolean readMostly,
      Set<String> accessedBy) {
    /** Nothing has been advised. */
    public static final Advised NOTHING =
        new Advised(Optional.empty(), Optional.empty(), false, Set.of());

    /** Copies the set; its order stays. */
    public Advised {
      accessedBy = Collections.unmodifiableSet(new LinkedHashSet<>(accessedBy));
    }
  }

  /**
   * Returns the state of each granule that the range touches.
   *
   * @return a state per granule, in address order
   */
  public List<PageState> granules() {
    List<PageState> states = new ArrayList<>();
    long next = 0;
    for (Extent extent : extents) {
      long first = Math.max(next, extent.address() / granuleBytes);
      next = (extent.address() + extent.bytes() - 1) / granuleBytes + 1;
      states.addAll(Collections.nCopies(Math.toIntExact(next - first), extent.state()));
    }
    return states;
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
   * Counts the bytes that it takes a copy to bring home.
   *
   * @return bytes
   */
  public long bytesDirty() {
    return extents.stream().filter(Extent::dirty).mapToLong(Extent::bytes).sum();
  }

  /**
   * Counts the bytes that are lost.
   *
   * @return bytes
   */
  public long bytesPoisoned() {
    return extents.stream().filter(Extent::poisoned).mapToLong(Extent::bytes).sum();
  }

  /**
   * Counts the bytes of which the host has a valid copy.
   *
   * @return bytes
   */
  public long bytesOnHost() {
    return extents.stream()
        .filter(e -> !e.dirty() && !e.poisoned())
        .filter(e -> e.state() != PageState.UNMAPPED && e.state() != PageState.FILE)
        .mapToLong(Extent::bytes)
        .sum();
  }
}
