package dev.gmem.core.host;

import java.lang.foreign.MemorySegment;

/**
 * Host memory whose CPU accesses pass a gate. One per VMA.
 *
 * <p>The gate is one word that holds either a level tighter than {@link GateLevel#OPEN}, or the
 * number of pins. Pins exclude tightening: while there is one, the CPU keeps its access.
 *
 * <p>All methods may be called from any thread. {@link #tighten}, {@link #tightenLazily}, {@link
 * #loosen} and {@link #openPinned} are called under the VMA's monitor; the gate word changes under
 * it, except for pins that come and go while it is open.
 */
public interface GatedRegion {
  /**
   * Returns the memory as users see it.
   *
   * @return a segment over the whole region, with a session of its own
   */
  MemorySegment segment();

  /**
   * Sends more accesses to the slow path. Accesses that are under way may still complete until
   * {@link #quiesce} returns.
   *
   * @param level at least as tight as it is now
   * @return 0 if done, otherwise the number of pins, and nothing has changed
   */
  int tighten(GateLevel level);

  /**
   * Sends more accesses to the slow path, but only those that come after this call: of the thread
   * that makes it, and of others that have learnt of it by something that orders memory. Threads
   * that have looked at the gate before may go on as if it had not changed, for any time, until
   * {@link #tighten} is called, with the same level or a tighter one. Costs no more than a write.
   *
   * @param level at least as tight as it is now
   * @return 0 if done, otherwise the number of pins, and nothing has changed
   */
  int tightenLazily(GateLevel level);

  /**
   * Has accesses that come after this call, in the sense of {@link #tightenLazily}, ask {@link
   * HostFaults#admits} anew. To be called after the table has changed. Waits for nobody.
   */
  void forgetAnswers();

  /**
   * Sends fewer accesses to the slow path.
   *
   * @param level at most as tight as it is now
   */
  void loosen(GateLevel level);

  /** Opens the gate, if it is not open, and adds one pin, in one step. */
  void openPinned();

  /**
   * Counts the pins that there are now. They come and go without a lock.
   *
   * @return how many; 0 if the gate is not open
   */
  int pins();

  /**
   * Waits until no access is under way that passed the gate before {@link #tighten}, or that was
   * admitted before the table changed. Must be called with no lock held.
   */
  void quiesce();

  /**
   * Closes the memory for good, as {@link java.lang.foreign.Arena#close()} does: later accesses
   * throw {@code Already closed}, those under way end first. The gate must be tightened to {@link
   * GateLevel#ALL}. Does not unmap anything.
   */
  void close();
}
