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
 * JDK; a handshake that finds a thread between the two throws {@link #RETRY} into it. On the
 * <em>seated way</em>, {@link GmSeated}, the access is made outside of {@code @Scoped} methods, and
 * a handshake is followed by a wait for it. Memory that is not unified knows the fast way only.
 *
 * <table>
 * <caption>Which way an access to unified memory takes</caption>
 * <tr><th>access</th><th>gate open for it</th><th>gate closed for it</th></tr>
 * <tr><td>plain read or write, ordered read, vector</td><td>fast</td><td>seated</td></tr>
 * <tr><td>ordered write, read-modify-write, many bytes</td><td>seated</td><td>seated</td></tr>
 * </table>
 *
 * <p>Guarantees:
 *
 * <ol>
 *   <li>An access on the fast way is made only if the gate was open after the last handshake that
 *       this thread answered. The test is made in the {@code @Scoped} method, and nothing between
 *       it and the access blocks. If the thread answers a handshake there, it is unwound. If
 *       compiled code tests before a loop, and the thread answers a handshake in the loop, the JVM
 *       gives that code up. This is the JDK's own argument for closing shared sessions; what it
 *       leaves open, {@link GmRegion#quiesce} closes.
 *   <li>What the fast way does may be done twice: a plain read or write of which nobody can tell
 *       when it happened, since no later action of the thread has happened. What may not, takes the
 *       seated way.
 *   <li>A thread that is unwound has the interrupt status that others gave it.
 * </ol>
 *
 * <p>Any thread may call any method. None keeps a lock.
 */
public final class GmGate {
  /** What a handshake throws into an access that must be made again. Never leaves the wrapper. */
  static final ScopedAccessError RETRY = new ScopedAccessError(null);

  /** What an access throws itself, when it finds the gate closed on the fast way. Stays as well. */
  private static final ScopedAccessError GATED = new ScopedAccessError(null);

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

  // Called by the rewritten wrappers, before they take one way or the other.

  /**
   * Tells whether a read is to take the seated way.
   *
   * @param session or null
   * @return true if the gate is closed for reads, or the session is closed
   */
  @ForceInline
  public static boolean gatesReads(MemorySessionImpl session) {
    return session != null && session.acquireCount < GmGateWord.READ_LIMIT;
  }

  /**
   * Tells whether a write is to take the seated way.
   *
   * @param session or null
   * @return true if the gate is closed for writes, or the session is closed
   */
  @ForceInline
  public static boolean gatesWrites(MemorySessionImpl session) {
    return session != null && session.acquireCount < GmGateWord.WRITE_LIMIT;
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
    if (session.acquireCount < GmGateWord.READ_LIMIT) {
      gated(session);
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
    if (session.acquireCount < GmGateWord.WRITE_LIMIT) {
      gated(session);
    }
  }

  @DontInline
  private static void gated(MemorySessionImpl session) {
    // A shared session that is about to close has its closed word before its state. It is alive.
    if (word(session) != GmGateWord.CLOSED) {
      throw GATED;
    }
  }

  // Called by the handlers of the rewritten wrappers.

  /**
   * Tells a handler whether the access is to be made again, on the seated way.
   *
   * @param error what unwound the access
   * @return false if the error is the JDK's own
   */
  @DontInline
  public static boolean again(ScopedAccessError error) {
    if (error == RETRY) {
      GmCounters.add(GmCounters.RETRIES);
    } else if (error != GATED) {
      return false;
    }
    GmInterrupts.restore();
    return true;
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
