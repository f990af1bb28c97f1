package jdk.internal.foreign;

import jdk.internal.misc.ScopedMemoryAccess;
import jdk.internal.misc.Unsafe;
import jdk.internal.vm.annotation.DontInline;
import jdk.internal.vm.annotation.ForceInline;

/**
 * Operations on many bytes of unified memory, cut into pieces.
 *
 * <p>Each piece is an operation of {@code ScopedMemoryAccess} by itself: checked, and made again if
 * a handshake unwinds it. So a large copy makes progress while pages move under it, and no piece
 * asks for more memory to be at home at one time than a migration can leave there. The code here is
 * outside of any {@code @Scoped} method, so its own state is never unwound.
 *
 * <p>A piece that is made again must not read what it has written. If source and destination
 * overlap, each piece is copied to the heap and from there, as two operations.
 *
 * <p>Any thread may call any method; the operations are no more atomic than the JDK's.
 */
public final class GmBulk {
  /** The largest piece. */
  public static final int PIECE_BYTES = 1 << 20;

  private static final int BOUNCE_BYTES = 1 << 16;

  private GmBulk() {}

  /**
   * Tells whether an operation on one range is to be cut.
   *
   * @param session or null
   * @param bytes how many
   * @return true if it is on unified memory, and large
   */
  @ForceInline
  public static boolean cuts(MemorySessionImpl session, long bytes) {
    return bytes > PIECE_BYTES && GmOnce.applies(session);
  }

  /**
   * Tells whether an operation on two ranges is to be cut.
   *
   * @param first or null
   * @param second or null
   * @param bytes how many
   * @return true if one is unified memory, and the operation is large
   */
  @ForceInline
  public static boolean cuts(MemorySessionImpl first, MemorySessionImpl second, long bytes) {
    return bytes > PIECE_BYTES && (GmOnce.applies(first) || GmOnce.applies(second));
  }

  /**
   * Tells whether a copy is to be cut.
   *
   * @param source or null
   * @param target or null
   * @param sourceOffset first byte
   * @param targetOffset first byte
   * @param bytes how many
   * @return true if one is unified memory, and the copy is large or may overlap
   */
  @ForceInline
  public static boolean cuts(
      MemorySessionImpl source,
      MemorySessionImpl target,
      long sourceOffset,
      long targetOffset,
      long bytes) {
    return (GmOnce.applies(source) || GmOnce.applies(target))
        && (bytes > PIECE_BYTES || overlap(sourceOffset, targetOffset, bytes));
  }

  /**
   * Offsets on the heap are small, and no addresses: ranges of which one is there do not overlap.
   */
  private static boolean overlap(long source, long target, long bytes) {
    return Math.abs(source - target) < bytes;
  }

  /**
   * Copies, and turns the bytes of each element round.
   *
   * @param access does the pieces
   * @param source session or null
   * @param target session or null
   * @param sourceBase array or null
   * @param sourceOffset first byte
   * @param targetBase array or null
   * @param targetOffset first byte
   * @param bytes how many
   * @param elementBytes 2, 4 or 8; 1 for a plain copy
   */
  @DontInline
  public static void copy(
      ScopedMemoryAccess access,
      MemorySessionImpl source,
      MemorySessionImpl target,
      Object sourceBase,
      long sourceOffset,
      Object targetBase,
      long targetOffset,
      long bytes,
      long elementBytes) {
    boolean overlap = overlap(sourceOffset, targetOffset, bytes);
    byte[] bounce = overlap ? new byte[(int) Math.min(bytes, BOUNCE_BYTES)] : null;
    long pieceBytes = overlap ? BOUNCE_BYTES : PIECE_BYTES;
    boolean backwards = overlap && sourceOffset < targetOffset;
    for (long done = 0; done < bytes; ) {
      long n = Math.min(pieceBytes, bytes - done);
      long at = backwards ? bytes - done - n : done;
      if (bounce == null) {
        copyPiece(
            access,
            source,
            target,
            sourceBase,
            sourceOffset + at,
            targetBase,
            targetOffset + at,
            n,
            elementBytes);
      } else {
        long start = Unsafe.ARRAY_BYTE_BASE_OFFSET;
        copyPiece(access, source, null, sourceBase, sourceOffset + at, bounce, start, n, 1);
        copyPiece(
            access, null, target, bounce, start, targetBase, targetOffset + at, n, elementBytes);
      }
      done += n;
    }
  }

  private static void copyPiece(
      ScopedMemoryAccess access,
      MemorySessionImpl source,
      MemorySessionImpl target,
      Object sourceBase,
      long sourceOffset,
      Object targetBase,
      long targetOffset,
      long bytes,
      long elementBytes) {
    if (elementBytes == 1) {
      access.copyMemory(source, target, sourceBase, sourceOffset, targetBase, targetOffset, bytes);
    } else {
      access.copySwapMemory(
          source, target, sourceBase, sourceOffset, targetBase, targetOffset, bytes, elementBytes);
    }
  }

  /**
   * Fills.
   *
   * @param access does the pieces
   * @param session of unified memory
   * @param base null
   * @param offset first byte
   * @param bytes how many
   * @param value of each byte
   */
  @DontInline
  public static void set(
      ScopedMemoryAccess access,
      MemorySessionImpl session,
      Object base,
      long offset,
      long bytes,
      byte value) {
    for (long done = 0; done < bytes; done += PIECE_BYTES) {
      access.setMemory(session, base, offset + done, Math.min(PIECE_BYTES, bytes - done), value);
    }
  }

  /**
   * Finds the first element that differs, as {@code ArraysSupport.vectorizedMismatch} does.
   *
   * @param access does the pieces
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
  @DontInline
  public static int mismatch(
      ScopedMemoryAccess access,
      MemorySessionImpl first,
      MemorySessionImpl second,
      Object firstBase,
      long firstOffset,
      Object secondBase,
      long secondOffset,
      int length,
      int log2ElementBytes) {
    int pieceLength = PIECE_BYTES >> log2ElementBytes;
    int done = 0;
    while (true) {
      int n = Math.min(pieceLength, length - done);
      long at = (long) done << log2ElementBytes;
      int result =
          access.vectorizedMismatch(
              first,
              second,
              firstBase,
              firstOffset + at,
              secondBase,
              secondOffset + at,
              n,
              log2ElementBytes);
      if (result >= 0) {
        return done + result;
      }
      done += n - ~result;
      // A piece is a multiple of what is compared at once: only the last leaves elements over.
      if (length - done <= ~result) {
        return result;
      }
    }
  }
}
