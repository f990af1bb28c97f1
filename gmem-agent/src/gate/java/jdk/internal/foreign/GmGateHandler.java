package jdk.internal.foreign;

/**
 * Serves the accesses that a gate sends to the slow path. Implemented outside of {@code java.base}.
 */
public interface GmGateHandler {
  /**
   * Tells whether an access is allowed now. Called on a seat, which revocations wait for: must not
   * block, lock, allocate, throw, or call deep.
   *
   * @param address first byte
   * @param bytes how many, at least one
   * @param write true for a write
   * @return true if all of it may be accessed in that way
   */
  boolean admits(long address, long bytes, boolean write);

  /**
   * Returns how far an answer of {@link #admits} holds: for all addresses of the aligned block that
   * it was asked for.
   *
   * @return bytes, a power of two
   */
  long granuleBytes();

  /**
   * Makes an access possible. May block.
   *
   * @param address first byte
   * @param bytes how many, at least one
   * @param write true for a write
   */
  void fault(long address, long bytes, boolean write);

  /**
   * Says that all of a range is about to be written, whatever it holds, and {@link #fault} called
   * for it. May block.
   *
   * @param address first byte
   * @param bytes how many, at least one
   */
  default void overwrites(long address, long bytes) {}

  /** Opens the gate with one pin on it, or returns without it if the region has been closed. */
  void pin();
}
