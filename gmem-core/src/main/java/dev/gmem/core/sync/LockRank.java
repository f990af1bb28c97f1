package dev.gmem.core.sync;

/**
 * The lock order: a thread that holds a monitor may take only monitors of a higher rank.
 *
 * <p>Claims on granules are taken under a VMA's monitor and outlive it. They are ordered among
 * themselves, ascending by address; see ARCHITECTURE.md. No monitor is held during an SPI call.
 */
public enum LockRank {
  /** The space's lists of arenas and devices. Protects no table. May be held while allocating. */
  SPACE,
  /** One arena's list of VMAs and its slabs. */
  ARENA,
  /** The queue of launches. */
  LAUNCHES,
  /** The directory of VMAs and the free addresses. */
  DIRECTORY,
  /** One VMA: its table, gate, counters and holds. Never two of them at a time. */
  VMA,
  /** One device's list of what was mapped when. */
  DEVICE
}
