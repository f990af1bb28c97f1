/**
 * A simulated accelerator: bounded memory, a page table, a TLB per worker, a link to the host, and
 * worker threads that run Java kernels and take device faults.
 *
 * <p>It exists to run unified memory where no accelerator is, and to test it where one is: it
 * counts what it did ({@link dev.gmem.sim.SimStatistics}). The test kit makes it fail.
 *
 * <p>Ordering vocabulary: <em>volatile</em> accesses are totally ordered with each other and
 * written as field accesses or {@code setVolatile}; {@code setRelease} publishes what came before
 * it; plain accesses to frames happen inside a {@link dev.gmem.sim.Shootdown} section only.
 */
package dev.gmem.sim;
