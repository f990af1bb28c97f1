package dev.gmem.core.host;

/**
 * Serves the CPU accesses of one region that its gate sends to the slow path.
 *
 * <p>What lies outside of the region counts as accessible: a masked vector access may reach over
 * the ends with lanes that are switched off.
 */
public interface HostFaults {
  /**
   * Tells whether the CPU may make an access right now, although the gate is not open.
   *
   * <p>Called in the middle of an access, and again after every {@link #fault}. Must not block,
   * take locks, allocate, or call deep: between the moment the table is read and the access itself,
   * the thread must stay visible to {@link GatedRegion#quiesce}.
   *
   * @param address first byte
   * @param bytes how many
   * @param write true for a write
   * @return true if all of it is mapped for the CPU in that way
   */
  boolean admits(long address, long bytes, boolean write);

  /**
   * Returns the unit of {@link #admits}: its answer for an address holds for the whole aligned
   * block of this size around it, until {@link GatedRegion#quiesce}.
   *
   * @return bytes, a power of two
   */
  long granuleBytes();

  /**
   * Makes a range accessible to the CPU. May block and run deep; holds nothing of the access. On
   * return the caller asks {@link #admits} again.
   *
   * @param address first byte
   * @param bytes how many
   * @param write true for a write
   * @throws dev.gmem.GmemException if it cannot; the access fails with it
   */
  void fault(long address, long bytes, boolean write);

  /**
   * Says that the CPU is about to overwrite all of a range, whatever it holds, and that nothing can
   * keep it from doing so but {@link #fault}, which is called next. What of it is lost has no need
   * to be. May block and run deep.
   *
   * @param address first byte
   * @param bytes how many
   * @throws dev.gmem.GmemException if it cannot be made accessible; the access fails with it
   */
  default void overwrites(long address, long bytes) {}

  /**
   * Makes the whole region accessible to the CPU and keeps it so: returns after a successful {@link
   * GatedRegion#openPinned}, or without it if the region has been closed.
   *
   * @throws dev.gmem.GmemException if it cannot
   */
  void pin();
}
