/** Kernels, their arguments, and launches in the order of their data. */
package dev.gmem.core.launch;
