package dev.gmem;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How an arena of an {@link AddressSpace} lays out its memory. Immutable; each {@code with} method
 * returns a copy.
 *
 * @param granuleBytes size of a granule of this arena's allocations, under the rules of {@link
 *     SpaceOptions#granuleBytes}; empty for that of the space
 * @param prefetch what comes along with faults on this arena's allocations; empty for what the
 *     space has chosen
 */
public record ArenaOptions(OptionalInt granuleBytes, Optional<PrefetchPolicy> prefetch) {
  private static final ArenaOptions DEFAULTS =
      new ArenaOptions(OptionalInt.empty(), Optional.empty());

  /** Checks the rules of each component. */
  public ArenaOptions {
    Objects.requireNonNull(granuleBytes, "granuleBytes");
    granuleBytes.ifPresent(SpaceOptions::checkGranule);
    Objects.requireNonNull(prefetch, "prefetch");
  }

  /**
   * Returns what {@link AddressSpace#arena()} uses: the granule and the policy of the space.
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
    return new ArenaOptions(OptionalInt.of(bytes), prefetch);
  }

  /**
   * Returns a copy with a policy of prefetching of its own.
   *
   * @param policy what comes along with faults
   * @return the copy
   */
  public ArenaOptions withPrefetch(PrefetchPolicy policy) {
    return new ArenaOptions(granuleBytes, Optional.of(Objects.requireNonNull(policy, "policy")));
  }
}
