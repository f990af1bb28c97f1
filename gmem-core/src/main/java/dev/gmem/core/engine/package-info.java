/**
 * The fault engine: claims, faults of the host and of devices, migration, eviction.
 * ARCHITECTURE.md, "The fault engine", states its rules.
 */
package dev.gmem.core.engine;
