package dev.gmem;

import java.util.Objects;
import java.util.OptionalInt;

/**
 * How an arena of an {@link AddressSpace} lays out its memory. Immutable; each {@code with} method
 * returns a copy.
 *
 * @param granuleBytes size of a granule of this arena's allocations, under the rules of {@link
 *     SpaceOptions#granuleBytes}; empty for that of the space
 */
public record ArenaOptions(OptionalInt granuleBytes) {
  private static final ArenaOptions DEFAULTS = new ArenaOptions(OptionalInt.empty());

  /** Checks the rules of each component. */
  public ArenaOptions {
    Objects.requireNonNull(granuleBytes, "granuleBytes");
    granuleBytes.ifPresent(SpaceOptions::checkGranule);
  }

  /**
   * Returns what {@link AddressSpace#arena()} uses: the granule of the space.
   *
   * @return the defaults
   */
  public static ArenaOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Returns a copy with a granule of its own. A small one moves less beside what is needed, and
   * suits scattered accesses; a large one takes fewer faults.
   *
   * @param bytes size of a granule
   * @return the copy
   */
  public ArenaOptions withGranuleBytes(int bytes) {
    return new ArenaOptions(OptionalInt.of(bytes));
  }
}
