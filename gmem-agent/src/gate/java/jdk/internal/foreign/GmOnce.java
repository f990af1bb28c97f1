package jdk.internal.foreign;

import jdk.internal.misc.Unsafe;
import jdk.internal.vm.annotation.DontInline;
import jdk.internal.vm.annotation.ForceInline;
import jdk.internal.vm.annotation.Hidden;
import jdk.internal.vm.annotation.ReservedStackAccess;

/**
 * Accesses to unified memory that must happen exactly once: read-modify-writes, and writes that
 * order others. A thread that saw their effect may have acted on it, so they cannot be unwound and
 * made again.
 *
 * <p>The rewritten wrappers of {@code ScopedMemoryAccess} come here before they enter a
 * {@code @Scoped} method, so no handshake throws anything into these methods. Instead the access is
 * made {@linkplain GmInFlight in flight}, and whoever takes the memory away waits for it. It is
 * short: look at the gate, one operation. A fault is served with no seat taken.
 *
 * <p>Guarantees: each access is made once, atomically, with the memory order of its volatile form,
 * or of its release form for release and opaque writes; and only while the region is alive and
 * admits a write.
 *
 * <p>Any thread may call any method.
 */
public final class GmOnce {
  /** A value of 8 bits: {@code byte}, {@code boolean}. */
  public static final int BITS_8 = 0;

  /** A value of 16 bits: {@code short}, {@code char}. */
  public static final int BITS_16 = 1;

  /** A value of 32 bits: {@code int}, and {@code float} as raw bits. */
  public static final int BITS_32 = 2;

  /** A value of 64 bits: {@code long}, and {@code double} as raw bits. */
  public static final int BITS_64 = 3;

  /** A write that is ordered after what precedes it. */
  public static final int PUT_RELEASE = 0;

  /** A volatile write. */
  public static final int PUT_VOLATILE = 1;

  /** Writes the operand if the old value is the expected one. */
  public static final int COMPARE_AND_EXCHANGE = 2;

  /** Writes the operand. */
  public static final int GET_AND_SET = 3;

  /** Adds the operand. */
  public static final int GET_AND_ADD = 4;

  /** Adds the operand, both being a {@code float} or {@code double}. */
  public static final int GET_AND_ADD_FLOATING = 5;

  /** Combines the operand by or. */
  public static final int GET_AND_OR = 6;

  /** Combines the operand by and. */
  public static final int GET_AND_AND = 7;

  /** Combines the operand by exclusive or. */
  public static final int GET_AND_XOR = 8;

  private static final Unsafe UNSAFE = Unsafe.getUnsafe();

  private GmOnce() {}

  /**
   * Tells whether an access belongs here.
   *
   * @param session or null
   * @return true for unified memory
   */
  @ForceInline
  public static boolean applies(MemorySessionImpl session) {
    return session != null && GmGateWord.isUnified(session.acquireCount);
  }

  /**
   * Compares and sets.
   *
   * @param session of unified memory
   * @param address a multiple of the size
   * @param size one of the {@code BITS} constants
   * @param value the new value, in the low bits
   * @param expected in the low bits
   * @return true if the value was the expected one, and has been replaced
   */
  public static boolean compareAndSet(
      MemorySessionImpl session, long address, int size, long value, long expected) {
    long old = access(session, address, size, COMPARE_AND_EXCHANGE, value, expected);
    return old == extend(expected, size);
  }

  /**
   * Makes an access.
   *
   * @param session of unified memory
   * @param address a multiple of the size
   * @param size one of the {@code BITS} constants
   * @param operation one of the constants
   * @param operand in the low bits
   * @param expected in the low bits; used by {@link #COMPARE_AND_EXCHANGE} only
   * @return the old value, its sign extended; after a put, anything
   */
  @DontInline
  @Hidden
  @ReservedStackAccess // a stack overflow between take and leave would leave the seat taken for
  // ever
  public static long access(
      MemorySessionImpl session,
      long address,
      int size,
      int operation,
      long operand,
      long expected) {
    long bytes = 1L << size;
    while (true) {
      long seat = GmInFlight.take();
      GmRegion region;
      try {
        region = GmGate.obstacle(session, address, bytes, true);
        if (session.state < MemorySessionImpl.OPEN) {
          throw MemorySessionImpl.alreadyClosed();
        }
        if (region == null) {
          return perform(address, size, operation, operand, expected);
        }
      } finally {
        GmInFlight.leave(seat);
      }
      GmCounters.add(GmCounters.SLOW_CALLS);
      region.fault(address, bytes, true);
    }
  }

  private static long perform(long address, int size, int operation, long operand, long expected) {
    if (operation <= PUT_VOLATILE) {
      put(address, size, operation == PUT_VOLATILE, operand);
      return 0;
    }
    while (true) {
      long old = load(address, size);
      if (operation == COMPARE_AND_EXCHANGE && old != extend(expected, size)) {
        return old;
      }
      if (replace(address, size, old, combine(operation, size, old, operand))) {
        return old;
      }
    }
  }

  private static long combine(int operation, int size, long old, long operand) {
    return switch (operation) {
      case COMPARE_AND_EXCHANGE, GET_AND_SET -> operand;
      case GET_AND_ADD -> old + operand;
      case GET_AND_OR -> old | operand;
      case GET_AND_AND -> old & operand;
      case GET_AND_XOR -> old ^ operand;
      case GET_AND_ADD_FLOATING ->
          size == BITS_32
              ? Float.floatToRawIntBits(
                  Float.intBitsToFloat((int) old) + Float.intBitsToFloat((int) operand))
              : Double.doubleToRawLongBits(
                  Double.longBitsToDouble(old) + Double.longBitsToDouble(operand));
      default -> throw new InternalError("operation=" + operation);
    };
  }

  private static long extend(long bits, int size) {
    return switch (size) {
      case BITS_8 -> (byte) bits;
      case BITS_16 -> (short) bits;
      case BITS_32 -> (int) bits;
      default -> bits;
    };
  }

  private static long load(long address, int size) {
    return switch (size) {
      case BITS_8 -> UNSAFE.getByteVolatile(null, address);
      case BITS_16 -> UNSAFE.getShortVolatile(null, address);
      case BITS_32 -> UNSAFE.getIntVolatile(null, address);
      default -> UNSAFE.getLongVolatile(null, address);
    };
  }

  private static boolean replace(long address, int size, long old, long bits) {
    return switch (size) {
      case BITS_8 -> UNSAFE.compareAndSetByte(null, address, (byte) old, (byte) bits);
      case BITS_16 -> UNSAFE.compareAndSetShort(null, address, (short) old, (short) bits);
      case BITS_32 -> UNSAFE.compareAndSetInt(null, address, (int) old, (int) bits);
      default -> UNSAFE.compareAndSetLong(null, address, old, bits);
    };
  }

  private static void put(long address, int size, boolean fenced, long bits) {
    switch (size) {
      case BITS_8 -> UNSAFE.putByteRelease(null, address, (byte) bits);
      case BITS_16 -> UNSAFE.putShortRelease(null, address, (short) bits);
      case BITS_32 -> UNSAFE.putIntRelease(null, address, (int) bits);
      default -> UNSAFE.putLongRelease(null, address, bits);
    }
    if (fenced) {
      UNSAFE.fullFence();
    }
  }
}
