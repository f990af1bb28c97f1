package jdk.internal.foreign;

import jdk.internal.misc.ScopedMemoryAccess.ScopedAccessError;
import jdk.internal.misc.Unsafe;
import jdk.internal.vm.annotation.DontInline;
import jdk.internal.vm.annotation.ForceInline;

/**
 * The tests that every access to a memory segment makes.
 *
 * <p>The rewritten {@code ScopedMemoryAccess} has two ways to memory. On the <em>fast way</em> a
 * {@code @Scoped} method tests the session and the gate, and accesses memory, exactly as in the
 * JDK. On the <em>seated way</em>, {@link GmSeated}, the access is made outside of {@code @Scoped}
 * methods, on a seat that a revocation waits for. Memory that is not unified knows the fast way
 * only.
 *
 * <table>
 * <caption>Which way an access to unified memory takes</caption>
 * <tr><th>access</th><th>trusting, gate open</th><th>careful, or gate closed</th></tr>
 * <tr><td>plain read or write, ordered read, vector</td><td>fast</td><td>seated</td></tr>
 * <tr><td>ordered write, read-modify-write, many bytes</td><td>seated</td><td>seated</td></tr>
 * </table>
 *
 * <p>{@link GmMode} says when code is trusting, and when it is careful.
 *
 * <p>Guarantee: in careful mode, no access to unified memory is made on the fast way, but by
 * threads that {@link GmMode} waited for. Any thread may call any method. None keeps a lock.
 */
public final class GmGate {
  /**
   * What an access throws that has to leave the fast way for the seated one: the gate has changed
   * since its wrapper looked. Never leaves the wrapper.
   */
  static final ScopedAccessError SEATED = new ScopedAccessError(null);

  private static final Unsafe UNSAFE = Unsafe.getUnsafe();
  private static final long WORD =
      UNSAFE.objectFieldOffset(MemorySessionImpl.class, "acquireCount");

  private GmGate() {}

  static int word(MemorySessionImpl session) {
    return UNSAFE.getIntVolatile(session, WORD);
  }

  static boolean replaceWord(MemorySessionImpl session, int expected, int word) {
    return UNSAFE.compareAndSetInt(session, WORD, expected, word);
  }

  /** Returns the mode that this code was installed for. The agent writes another constant here. */
  @ForceInline
  private static boolean careful() {
    return false;
  }

  // Called by the rewritten wrappers, before they take one way or the other.

  /**
   * Tells whether a read is to take the seated way.
   *
   * @param session or null
   * @return true in careful mode if memory is unified; else, if the gate is closed for reads
   */
  @ForceInline
  public static boolean gatesReads(MemorySessionImpl session) {
    return careful()
        ? isUnified(session)
        : session != null && session.acquireCount < GmGateWord.READ_LIMIT;
  }

  /**
   * Tells whether a write is to take the seated way.
   *
   * @param session or null
   * @return true in careful mode if memory is unified; else, if the gate is closed for writes
   */
  @ForceInline
  public static boolean gatesWrites(MemorySessionImpl session) {
    return careful()
        ? isUnified(session)
        : session != null && session.acquireCount < GmGateWord.WRITE_LIMIT;
  }

  /**
   * Tells whether an access is to take the seated way whatever its gate.
   *
   * @param session or null
   * @return true for unified memory, and for shared sessions that are closed
   */
  @ForceInline
  public static boolean isUnified(MemorySessionImpl session) {
    return session != null && GmGateWord.isUnified(session.acquireCount);
  }

  // Called by the rewritten @Scoped methods, instead of checkValidStateRaw.

  /**
   * Checks a read on the fast way.
   *
   * @param session not null
   */
  @ForceInline
  public static void checkRead(MemorySessionImpl session) {
    session.checkValidStateRaw();
    int word = session.acquireCount;
    if (careful() ? GmGateWord.isUnified(word) : word < GmGateWord.READ_LIMIT) {
      leaveFastWay(session);
    }
  }

  /**
   * Checks a write on the fast way.
   *
   * @param session not null
   */
  @ForceInline
  public static void checkWrite(MemorySessionImpl session) {
    session.checkValidStateRaw();
    int word = session.acquireCount;
    if (careful() ? GmGateWord.isUnified(word) : word < GmGateWord.WRITE_LIMIT) {
      leaveFastWay(session);
    }
  }

  @DontInline
  private static void leaveFastWay(MemorySessionImpl session) {
    // A shared session that is about to close has its closed word before its state. It is alive.
    if (word(session) != GmGateWord.CLOSED) {
      throw SEATED;
    }
  }

  // Called by the handlers of the rewritten wrappers.

  /**
   * Tells a handler whether the access is to be made again, on the seated way.
   *
   * @param error what unwound the access
   * @return false if the error is the JDK's own
   */
  public static boolean again(ScopedAccessError error) {
    return error == SEATED;
  }

  // Called by the rewritten SharedSession.

  /**
   * Pins unified memory to the CPU. The beginning of {@code acquire0}.
   *
   * @param session any shared session
   * @return true if done; false if this is no unified memory, or it is closed, and the JDK's own
   *     code is to run
   */
  public static boolean acquire(MemorySessionImpl session) {
    while (true) {
      int word = word(session);
      if (!GmGateWord.isUnified(word) || word == GmGateWord.CLOSED) {
        return false;
      }
      if (session.state < MemorySessionImpl.OPEN) {
        throw MemorySessionImpl.alreadyClosed();
      }
      if (!GmGateWord.isOpen(word)) {
        GmRegion region = GmRegion.find(session, word);
        if (region != null && region.pin()) {
          return true;
        }
      } else if (GmGateWord.pins(word) == GmGateWord.PINS_MAX) {
        throw MemorySessionImpl.tooManyAcquires();
      } else if (replaceWord(session, word, word + 1)) {
        return true;
      }
    }
  }
}
