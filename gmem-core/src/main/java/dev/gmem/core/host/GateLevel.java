package dev.gmem.core.host;

/** How much of the CPU's access to a region goes to the slow path. Ordered from loose to tight. */
public enum GateLevel {
  /** No access does: every granule is readable and writable by the CPU. */
  OPEN,
  /** Writes do: every granule is readable. */
  WRITES,
  /** All accesses do. */
  ALL
}
