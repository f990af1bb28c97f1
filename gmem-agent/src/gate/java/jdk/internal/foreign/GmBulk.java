package jdk.internal.foreign;

import jdk.internal.misc.Unsafe;
import jdk.internal.util.ArraysSupport;
import jdk.internal.vm.annotation.DontInline;
import jdk.internal.vm.annotation.ForceInline;
import jdk.internal.vm.annotation.Hidden;
import jdk.internal.vm.annotation.ReservedStackAccess;

/**
 * Operations on many bytes of unified memory, made {@linkplain GmInFlight on a seat} like those of
 * {@link GmSeated}, piece by piece.
 *
 * <p>Each piece looks at the gate for itself. So a large copy makes progress while pages move under
 * it, does not hold a migration up for long, and asks for no more memory to be at home at one time
 * than a piece. A piece is made once: the ranges of a copy may overlap as in the JDK.
 *
 * <p>A session of the other range that is not unified is acquired for the duration. In the JDK a
 * close would unwind the copy; here the close fails, with the exception that a close during a
 * downcall fails with.
 *
 * <p>Any thread may call any method; the operations are no more atomic than the JDK's.
 */
public final class GmBulk {
  private static final long PIECE_BYTES = 1 << 18;
  private static final int COPY = 0;
  private static final int COPY_SWAPPED = 1;
  private static final int MISMATCH = 2;
  private static final Unsafe UNSAFE = Unsafe.getUnsafe();

  private GmBulk() {}

  /**
   * Tells whether an operation belongs here.
   *
   * @param first session or null
   * @param second session or null
   * @return true if one is of unified memory
   */
  @ForceInline
  public static boolean applies(MemorySessionImpl first, MemorySessionImpl second) {
    return GmGate.isUnified(first) || GmGate.isUnified(second);
  }

  /**
   * Copies.
   *
   * @param source session or null
   * @param target session or null
   * @param sourceBase array or null
   * @param sourceOffset first byte
   * @param targetBase array or null
   * @param targetOffset first byte
   * @param bytes how many
   */
  @Hidden
  public static void copy(
      MemorySessionImpl source,
      MemorySessionImpl target,
      Object sourceBase,
      long sourceOffset,
      Object targetBase,
      long targetOffset,
      long bytes) {
    cut(COPY, source, target, sourceBase, sourceOffset, targetBase, targetOffset, bytes, 1);
  }

  /**
   * Copies, and turns the bytes of each element round.
   *
   * @param source session or null
   * @param target session or null
   * @param sourceBase array or null
   * @param sourceOffset first byte
   * @param targetBase array or null
   * @param targetOffset first byte
   * @param bytes how many
   * @param elementBytes 2, 4 or 8
   */
  @Hidden
  public static void copySwapped(
      MemorySessionImpl source,
      MemorySessionImpl target,
      Object sourceBase,
      long sourceOffset,
      Object targetBase,
      long targetOffset,
      long bytes,
      long elementBytes) {
    cut(
        COPY_SWAPPED,
        source,
        target,
        sourceBase,
        sourceOffset,
        targetBase,
        targetOffset,
        bytes,
        elementBytes);
  }

  /**
   * Fills.
   *
   * @param session of unified memory
   * @param base null
   * @param offset first byte
   * @param bytes how many
   * @param value of each byte
   */
  @Hidden
  public static void set(
      MemorySessionImpl session, Object base, long offset, long bytes, byte value) {
    for (long done = 0; done < bytes; done += PIECE_BYTES) {
      setPiece(session, base, offset, bytes, done, Math.min(PIECE_BYTES, bytes - done), value);
    }
  }

  @DontInline
  @Hidden
  @ReservedStackAccess // as in GmSeated
  private static void setPiece(
      MemorySessionImpl session,
      Object base,
      long offset,
      long bytes,
      long done,
      long pieceBytes,
      byte value) {
    long at = offset + done;
    while (true) {
      GmRegion obstacle;
      long seat = GmInFlight.take();
      try {
        obstacle = GmRegion.obstacle(session, at, pieceBytes, true);
        if (obstacle == null) {
          UNSAFE.setMemory(base, at, pieceBytes, value);
          return;
        }
      } finally {
        GmInFlight.leave(seat);
      }
      obstacle.overwrites(at, at + pieceBytes, offset, offset + bytes);
      obstacle.fault(at, pieceBytes, true);
    }
  }

  /**
   * Finds the first element that differs, as {@code ArraysSupport.vectorizedMismatch} does.
   *
   * @param first session or null
   * @param second session or null
   * @param firstBase array or null
   * @param firstOffset first byte
   * @param secondBase array or null
   * @param secondOffset first byte
   * @param length number of elements
   * @param log2ElementBytes 0 to 3
   * @return the element's index; or, if there is none, the complement of the number of elements at
   *     the end that have not been looked at
   */
  @Hidden
  public static int mismatch(
      MemorySessionImpl first,
      MemorySessionImpl second,
      Object firstBase,
      long firstOffset,
      Object secondBase,
      long secondOffset,
      int length,
      int log2ElementBytes) {
    return (int)
        cut(
            MISMATCH,
            first,
            second,
            firstBase,
            firstOffset,
            secondBase,
            secondOffset,
            (long) length << log2ElementBytes,
            log2ElementBytes);
  }

  /** Cuts an operation on a source and a target. */
  @Hidden
  private static long cut(
      int operation,
      MemorySessionImpl source,
      MemorySessionImpl target,
      Object sourceBase,
      long sourceOffset,
      Object targetBase,
      long targetOffset,
      long bytes,
      long detail) {
    MemorySessionImpl guest = GmGate.isUnified(source) ? target : source;
    if (guest == null || GmGate.isUnified(guest)) {
      return pieces(
          operation,
          source,
          target,
          sourceBase,
          sourceOffset,
          targetBase,
          targetOffset,
          bytes,
          detail);
    }
    guest.acquire0();
    try {
      return pieces(
          operation,
          source,
          target,
          sourceBase,
          sourceOffset,
          targetBase,
          targetOffset,
          bytes,
          detail);
    } finally {
      guest.release0();
    }
  }

  @Hidden
  private static long pieces(
      int operation,
      MemorySessionImpl source,
      MemorySessionImpl target,
      Object sourceBase,
      long sourceOffset,
      Object targetBase,
      long targetOffset,
      long bytes,
      long detail) {
    // From the end, if a piece would overwrite what a later one reads.
    boolean backwards = operation != MISMATCH && sourceOffset < targetOffset;
    long done = 0;
    do {
      long n = Math.min(PIECE_BYTES, bytes - done);
      long at = backwards ? bytes - done - n : done;
      long result =
          piece(
              operation,
              source,
              target,
              sourceBase,
              sourceOffset + at,
              targetBase,
              targetOffset + at,
              n,
              detail);
      done += n;
      if (operation == MISMATCH) {
        if (result >= 0) {
          return (at >> detail) + result;
        }
        long left = ~result << detail;
        done -= left; // nothing is left over but at the end
        if (bytes - done <= left) {
          return result;
        }
      }
    } while (done < bytes);
    return 0;
  }

  @DontInline
  @Hidden
  @ReservedStackAccess // as in GmSeated
  private static long piece(
      int operation,
      MemorySessionImpl source,
      MemorySessionImpl target,
      Object sourceBase,
      long sourceOffset,
      Object targetBase,
      long targetOffset,
      long bytes,
      long detail) {
    boolean writes = operation != MISMATCH;
    while (true) {
      GmRegion sourceObstacle;
      GmRegion targetObstacle;
      long seat = GmInFlight.take();
      try {
        sourceObstacle = GmRegion.obstacle(source, sourceOffset, bytes, false);
        targetObstacle = GmRegion.obstacle(target, targetOffset, bytes, writes);
        if (sourceObstacle == null && targetObstacle == null) {
          return perform(
              operation, sourceBase, sourceOffset, targetBase, targetOffset, bytes, detail);
        }
      } finally {
        GmInFlight.leave(seat);
      }
      if (sourceObstacle != null) {
        sourceObstacle.fault(sourceOffset, bytes, false);
      }
      if (targetObstacle != null) {
        targetObstacle.fault(targetOffset, bytes, writes);
      }
    }
  }

  private static long perform(
      int operation,
      Object sourceBase,
      long sourceOffset,
      Object targetBase,
      long targetOffset,
      long bytes,
      long detail) {
    switch (operation) {
      case COPY -> UNSAFE.copyMemory(sourceBase, sourceOffset, targetBase, targetOffset, bytes);
      case COPY_SWAPPED ->
          UNSAFE.copySwapMemory(sourceBase, sourceOffset, targetBase, targetOffset, bytes, detail);
      default -> {
        return ArraysSupport.vectorizedMismatch(
            sourceBase,
            sourceOffset,
            targetBase,
            targetOffset,
            (int) (bytes >> detail),
            (int) detail);
      }
    }
    return 0;
  }
}
