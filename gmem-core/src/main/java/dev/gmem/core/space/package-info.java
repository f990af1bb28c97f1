/**
 * The address space as programs see it: arenas, devices, residency, statistics, and the free
 * addresses beneath them.
 */
package dev.gmem.core.space;
