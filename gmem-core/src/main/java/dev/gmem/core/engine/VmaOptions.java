package dev.gmem.core.engine;

import dev.gmem.PrefetchPolicy;

/**
 * What has been chosen for an allocation.
 *
 * @param granuleBytes its granule
 * @param prefetch what comes along with its faults
 */
public record VmaOptions(int granuleBytes, PrefetchPolicy prefetch) {
  /** Tells whether the policy is one of GMEM's: it may be asked with the monitor held. */
  boolean asksOwnPolicy() {
    // By identity: not even equals() of a program's policy is called with the monitor held.
    return prefetch == PrefetchPolicy.standard()
        || prefetch == PrefetchPolicy.none()
        || prefetch == PrefetchPolicy.sequential()
        || prefetch == PrefetchPolicy.density();
  }
}
