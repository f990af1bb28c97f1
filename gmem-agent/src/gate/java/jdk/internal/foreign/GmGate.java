package jdk.internal.foreign;

import jdk.internal.misc.ScopedMemoryAccess.ScopedAccessError;
import jdk.internal.misc.Unsafe;
import jdk.internal.vm.annotation.DontInline;
import jdk.internal.vm.annotation.ForceInline;
import jdk.internal.vm.annotation.Hidden;

/**
 * The test that every access to a memory segment makes, and what happens when it fails.
 *
 * <p>The rewritten {@code ScopedMemoryAccess} calls the {@code check} methods where the JDK called
 * {@code checkValidStateRaw}, in its {@code @Scoped} methods, and {@link #retry} in the handlers of
 * their wrappers. A check of memory that is not unified, or whose gate is open, is one load and one
 * compare more than the JDK's.
 *
 * <p>Guarantees:
 *
 * <ol>
 *   <li>When a check returns, the session is alive, and the gate or the handler's table allowed the
 *       access after the thread last blocked, and while the {@code @Scoped} method was on its
 *       stack, fewer than ten frames below the top. A handshake that comes before the access is
 *       made finds the thread there, and unwinds it to the wrapper, which starts again.
 *   <li>While a handler's {@code fault} runs, the {@code @Scoped} method is more than ten frames
 *       deep, so that no handshake throws anything into the handler.
 *   <li>An exception from {@code fault} ends the access and reaches its caller. Nothing is retried.
 * </ol>
 *
 * <p>Any thread may call any method. None keeps a lock.
 */
public final class GmGate {
  /** What a handshake throws into an access that must be made again. */
  static final ScopedAccessError RETRY = new ScopedAccessError(MemorySessionImpl::alreadyClosed);

  /** More than the number of frames in which the handshake looks for a {@code @Scoped} method. */
  private static final int DESCENT_FRAMES = 12;

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

  // Called by the rewritten ScopedMemoryAccess.

  /**
   * Checks a read.
   *
   * @param session not null
   * @param address first byte
   * @param bytes how many
   */
  @ForceInline
  public static void checkRead(MemorySessionImpl session, long address, long bytes) {
    session.checkValidStateRaw();
    if (session.acquireCount < GmGateWord.READ_LIMIT) {
      slow(session, address, bytes, false);
    }
  }

  /**
   * Checks a write.
   *
   * @param session not null
   * @param address first byte
   * @param bytes how many
   */
  @ForceInline
  public static void checkWrite(MemorySessionImpl session, long address, long bytes) {
    session.checkValidStateRaw();
    if (session.acquireCount < GmGateWord.WRITE_LIMIT) {
      slow(session, address, bytes, true);
    }
  }

  /**
   * Checks the second range of an operation on two, whose first has been checked as a read. If the
   * thread has to block for the second, the first is checked again.
   *
   * @param session of the second range, not null
   * @param address first byte of the second range
   * @param bytes how many, in both
   * @param write true if the second range is written
   * @param first session of the first range, or null
   * @param firstAddress first byte of the first range
   */
  @ForceInline
  public static void checkSecond(
      MemorySessionImpl session,
      long address,
      long bytes,
      boolean write,
      MemorySessionImpl first,
      long firstAddress) {
    session.checkValidStateRaw();
    if (!GmGateWord.passes(session.acquireCount, write)) {
      slowSecond(session, address, bytes, write, first, firstAddress);
    }
  }

  /**
   * Checks the load of a vector.
   *
   * @param session not null
   * @param segment what it loads from
   * @param offset in the segment; lanes that are masked out may lie outside of it
   * @param lane type of a lane
   * @param lanes how many
   */
  @ForceInline
  public static void checkVectorRead(
      MemorySessionImpl session,
      AbstractMemorySegmentImpl segment,
      long offset,
      Class<?> lane,
      int lanes) {
    session.checkValidStateRaw();
    if (session.acquireCount < GmGateWord.READ_LIMIT) {
      slow(session, segment.unsafeGetOffset() + offset, vectorBytes(lane, lanes), false);
    }
  }

  /**
   * Checks the store of a vector.
   *
   * @param session not null
   * @param segment what it stores into
   * @param offset in the segment; lanes that are masked out may lie outside of it
   * @param lane type of a lane
   * @param lanes how many
   */
  @ForceInline
  public static void checkVectorWrite(
      MemorySessionImpl session,
      AbstractMemorySegmentImpl segment,
      long offset,
      Class<?> lane,
      int lanes) {
    session.checkValidStateRaw();
    if (session.acquireCount < GmGateWord.WRITE_LIMIT) {
      slow(session, segment.unsafeGetOffset() + offset, vectorBytes(lane, lanes), true);
    }
  }

  /**
   * Tells a handler whether the error it caught means that the access is to be made again.
   *
   * @param error what unwound the access
   * @return false if the error is the JDK's own
   */
  public static boolean retry(ScopedAccessError error) {
    if (error != RETRY) {
      return false;
    }
    GmCounters.add(GmCounters.RETRIES);
    GmInterrupts.undo();
    return true;
  }

  /**
   * Pins unified memory to the CPU. Called first by {@code SharedSession.acquire0}.
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

  // The slow path.

  /**
   * Finds the region that keeps an access from being made.
   *
   * @return null if nothing does
   */
  static GmRegion obstacle(MemorySessionImpl session, long address, long bytes, boolean write) {
    while (true) {
      int word = word(session);
      // CLOSED in a session that is alive: a close is under way, which the JDK lets accesses pass.
      if (GmGateWord.passes(word, write) || word == GmGateWord.CLOSED) {
        return null;
      }
      GmRegion region = GmRegion.find(session, word);
      if (region != null) {
        return region.admits(address, bytes, write) ? null : region;
      }
      if (session.state < MemorySessionImpl.OPEN) {
        return null; // closed between the two reads; the caller looks at the state again
      }
    }
  }

  @DontInline
  @Hidden
  private static void slow(MemorySessionImpl session, long address, long bytes, boolean write) {
    GmCounters.add(GmCounters.SLOW_CALLS);
    while (true) {
      GmRegion region = obstacle(session, address, bytes, write);
      session.checkValidStateRaw();
      if (region == null) {
        return;
      }
      descend(DESCENT_FRAMES, region, address, bytes, write);
    }
  }

  @DontInline
  @Hidden
  private static void slowSecond(
      MemorySessionImpl session,
      long address,
      long bytes,
      boolean write,
      MemorySessionImpl first,
      long firstAddress) {
    GmCounters.add(GmCounters.SLOW_CALLS);
    while (true) {
      GmRegion region = obstacle(session, address, bytes, write);
      session.checkValidStateRaw();
      if (region != null) {
        descend(DESCENT_FRAMES, region, address, bytes, write);
        continue;
      }
      if (first == null) {
        return;
      }
      region = obstacle(first, firstAddress, bytes, false);
      first.checkValidStateRaw();
      if (region == null) {
        return;
      }
      descend(DESCENT_FRAMES, region, firstAddress, bytes, false);
    }
  }

  /** Serves a fault where the handshake does not find the {@code @Scoped} method any more. */
  @DontInline
  @Hidden
  private static void descend(
      int frames, GmRegion region, long address, long bytes, boolean write) {
    if (frames > 0) {
      descend(frames - 1, region, address, bytes, write);
    } else {
      region.fault(address, bytes, write);
    }
  }

  private static long vectorBytes(Class<?> lane, int lanes) {
    if (lane == byte.class) {
      return lanes;
    }
    if (lane == short.class) {
      return 2L * lanes;
    }
    return lane == int.class || lane == float.class ? 4L * lanes : 8L * lanes;
  }
}
