package dev.gmem.core.host;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;

/** Gates and raw memory of the JVM the core runs in. */
public interface HostPlatform {
  /**
   * Reserves addresses, readable by nobody, backed by nothing.
   *
   * @param bytes how many, a multiple of {@code alignmentBytes}
   * @param alignmentBytes a power of two
   * @return the first address
   * @throws dev.gmem.AddressSpaceExhaustedException if the operating system refuses
   */
  long reserve(long bytes, long alignmentBytes);

  /**
   * Gives a reservation back.
   *
   * @param address as reserved
   * @param bytes as reserved
   */
  void unreserve(long address, long bytes);

  /**
   * Makes a part of a reservation readable and writable, zero when first touched.
   *
   * @param address in the reservation, a multiple of the page
   * @param bytes a multiple of the page
   * @throws dev.gmem.AddressSpaceExhaustedException if the operating system refuses
   */
  void commit(long address, long bytes);

  /**
   * Makes a committed part inaccessible again and drops its frames.
   *
   * @param address as committed
   * @param bytes as committed
   */
  void decommit(long address, long bytes);

  /**
   * Drops the frames of a part of committed memory: it is zero when next touched, and counts as
   * untouched. Nobody may be accessing it.
   *
   * @param address in committed memory, a multiple of the page
   * @param bytes a multiple of the page
   * @throws dev.gmem.AddressSpaceExhaustedException if the operating system refuses; nothing has
   *     changed
   */
  void discard(long address, long bytes);

  /**
   * Gives the frames of a part of committed memory back to the operating system, which gives others
   * when it is next touched. Nobody may be accessing it, and nobody will read it before all of it
   * has been written.
   *
   * @param address in committed memory, a multiple of the page
   * @param bytes a multiple of the page
   * @throws dev.gmem.AddressSpaceExhaustedException if the operating system refuses; nothing has
   *     changed
   */
  default void giveBack(long address, long bytes) {
    discard(address, bytes);
  }

  /**
   * Moves the frames of a part of committed memory to another one: the target holds what the source
   * held, and the source is zero and untouched. Nobody may be accessing either.
   *
   * @param from first address of the source, a multiple of the page
   * @param to first address of the target, a multiple of the page; does not overlap
   * @param bytes a multiple of the page
   * @throws dev.gmem.AddressSpaceExhaustedException if the operating system refuses; the source is
   *     as it was, and the target may hold anything
   */
  void moveFrames(long from, long to, long bytes);

  /**
   * Tells whether any page of a range has ever been touched. Exact while the CPU cannot touch it.
   *
   * @param address in committed memory
   * @param bytes how many
   * @return false only if every page is still the untouched zero page; true if in doubt
   */
  boolean touched(long address, long bytes);

  /**
   * Returns memory without a gate, for the copies of migrations.
   *
   * @param address in committed memory
   * @param bytes how many
   * @return a segment in the global scope
   */
  MemorySegment raw(long address, long bytes);

  /**
   * Puts a gate on committed memory. It is open.
   *
   * @param address first byte
   * @param bytes how many
   * @param faults serves what the gate sends to the slow path
   * @return the region
   */
  GatedRegion gate(long address, long bytes, HostFaults faults);

  /**
   * Keeps the current thread on its processor's queue until {@link #leaveClaim}: if it is a virtual
   * thread it may block, but not unmount. Otherwise a claim could end up with a thread that finds
   * no carrier, because all carriers run threads that wait, busily, for what the claim covers.
   */
  default void enterClaim() {}

  /**
   * Returns the time that {@link #rest} passes.
   *
   * @return nanoseconds from some moment on
   */
  default long nanoTime() {
    return System.nanoTime();
  }

  /**
   * Lets some time pass, or less. The caller holds nothing.
   *
   * @param nanos how much
   */
  default void rest(long nanos) {
    LockSupport.parkNanos(nanos);
  }

  /** Ends what {@link #enterClaim} began, on the same thread. */
  default void leaveClaim() {}

  /**
   * Counts accesses that a {@link GatedRegion#quiesce} found under way, and waited for, in this
   * JVM.
   *
   * @return the number
   */
  long waits();

  /**
   * Counts regions with a gate that have not been closed, in this JVM.
   *
   * @return the number
   */
  int gates();
}
