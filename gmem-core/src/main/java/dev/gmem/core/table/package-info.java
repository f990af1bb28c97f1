/**
 * The logical page table: where the valid copy of each granule is, and who may reach it.
 *
 * <p>Memory ordering: entries are written under the VMA's monitor with volatile stores, and read
 * either under it or, by {@code admits}, without it with volatile loads. A reader without the
 * monitor relies on the wait of a revocation, not on the load, for freshness; see ARCHITECTURE.md,
 * "Admission".
 */
package dev.gmem.core.table;
