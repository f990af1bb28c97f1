package jdk.internal.foreign;

import jdk.internal.misc.Unsafe;
import jdk.internal.vm.annotation.DontInline;
import jdk.internal.vm.annotation.ForceInline;
import jdk.internal.vm.annotation.Hidden;
import jdk.internal.vm.annotation.ReservedStackAccess;

/**
 * Accesses to one value of unified memory that a revocation waits for: those that meet a closed
 * gate, and those that must happen exactly once because another thread may have acted on their
 * effect (read-modify-writes, and writes that order others).
 *
 * <p>The rewritten wrappers of {@code ScopedMemoryAccess} come here before they enter a
 * {@code @Scoped} method. The access is made {@linkplain GmInFlight on a seat}: look at the gate,
 * ask the table, one operation. Whoever takes the memory away waits until the seat is left. A fault
 * is served with no seat taken; then everything begins again.
 *
 * <p>Guarantees: each access is made once, with at least the memory order that was asked for, while
 * the session is alive and the region admits it. An exception from the handler ends the access, and
 * nothing has been accessed.
 *
 * <p>Any thread may call any method.
 */
public final class GmSeated {
  /** A value of 8 bits: {@code byte}, {@code boolean}. */
  public static final int BITS_8 = 0;

  /** A value of 16 bits: {@code short}, {@code char}. */
  public static final int BITS_16 = 1;

  /** A value of 32 bits: {@code int}, and {@code float} as raw bits. */
  public static final int BITS_32 = 2;

  /** A value of 64 bits: {@code long}, and {@code double} as raw bits. */
  public static final int BITS_64 = 3;

  /** A plain read. The address may be any. */
  public static final int GET = 0;

  /** A volatile read, or one that is weaker. */
  public static final int GET_VOLATILE = 1;

  /** A plain write. The address may be any. */
  public static final int PUT = 2;

  /** A write that is ordered after what precedes it, or one that is weaker. */
  public static final int PUT_RELEASE = 3;

  /** A volatile write. */
  public static final int PUT_VOLATILE = 4;

  /** Writes the operand if the old value is the expected one. */
  public static final int COMPARE_AND_EXCHANGE = 5;

  /** Writes the operand. */
  public static final int GET_AND_SET = 6;

  /** Adds the operand. */
  public static final int GET_AND_ADD = 7;

  /** Adds the operand, both being a {@code float} or {@code double}. */
  public static final int GET_AND_ADD_FLOATING = 8;

  /** Combines the operand by or. */
  public static final int GET_AND_OR = 9;

  /** Combines the operand by and. */
  public static final int GET_AND_AND = 10;

  /** Combines the operand by exclusive or. */
  public static final int GET_AND_XOR = 11;

  private static final Unsafe UNSAFE = Unsafe.getUnsafe();

  private GmSeated() {}

  // The ways of plain accesses, which loops are made of: all in line on a seat of one's own.

  /**
   * Reads.
   *
   * @param session of unified memory
   * @param address any
   * @param size one of the {@code BITS} constants
   * @return the value, its sign extended
   */
  @ForceInline
  @Hidden
  @ReservedStackAccess
  public static long get(MemorySessionImpl session, long address, int size) {
    GmSeat seat = GmSeat.mine();
    if (seat != null) {
      seat.sit();
      if (seat.admitsRead(session, address, 1L << size)) {
        long bits = get(address, size);
        seat.leave();
        return bits;
      }
      seat.leave();
    }
    return access(session, address, size, GET, 0, 0);
  }

  /**
   * Writes.
   *
   * @param session of unified memory
   * @param address any
   * @param size one of the {@code BITS} constants
   * @param bits the value, in the low bits
   */
  @ForceInline
  @Hidden
  @ReservedStackAccess
  public static void put(MemorySessionImpl session, long address, int size, long bits) {
    GmSeat seat = GmSeat.mine();
    if (seat != null) {
      seat.sit();
      if (seat.admitsWrite(session, address, 1L << size)) {
        put(address, size, bits);
        seat.leave();
        return;
      }
      seat.leave();
    }
    access(session, address, size, PUT, bits, 0);
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
  @Hidden
  public static boolean compareAndSet(
      MemorySessionImpl session, long address, int size, long value, long expected) {
    long old = access(session, address, size, COMPARE_AND_EXCHANGE, value, expected);
    return old == extend(expected, size);
  }

  /**
   * Reads a value in either order of bytes.
   *
   * @param session of unified memory
   * @param address any
   * @param size one of the {@code BITS} constants
   * @param bigEndian the order
   * @return the value, its sign extended
   */
  @ForceInline
  @Hidden
  public static long getUnaligned(
      MemorySessionImpl session, long address, int size, boolean bigEndian) {
    return inOrder(get(session, address, size), size, bigEndian);
  }

  /**
   * Writes a value in either order of bytes.
   *
   * @param session of unified memory
   * @param address any
   * @param size one of the {@code BITS} constants
   * @param bits the value, in the low bits
   * @param bigEndian the order
   */
  @ForceInline
  @Hidden
  public static void putUnaligned(
      MemorySessionImpl session, long address, int size, long bits, boolean bigEndian) {
    put(session, address, size, inOrder(bits, size, bigEndian));
  }

  @ForceInline
  private static long inOrder(long bits, int size, boolean bigEndian) {
    if (bigEndian == UNSAFE.isBigEndian()) {
      return bits;
    }
    return switch (size) {
      case BITS_16 -> Short.reverseBytes((short) bits);
      case BITS_32 -> Integer.reverseBytes((int) bits);
      default -> Long.reverseBytes(bits);
    };
  }

  /**
   * Reads a boolean as the JDK does.
   *
   * @param bits of a byte
   * @return true if any is set
   */
  public static boolean isTrue(long bits) {
    return bits != 0;
  }

  /**
   * Makes an access.
   *
   * @param session of unified memory
   * @param address a multiple of the size, if the access is not plain
   * @param size one of the {@code BITS} constants
   * @param operation one of the constants
   * @param operand what to write or to combine, in the low bits
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
    boolean write = operation >= PUT;
    while (true) {
      GmRegion obstacle;
      long seat = GmInFlight.take();
      try {
        obstacle = GmRegion.obstacle(session, address, bytes, write);
        if (obstacle == null) {
          return perform(address, size, operation, operand, expected);
        }
      } finally {
        GmInFlight.leave(seat);
      }
      obstacle.fault(address, bytes, write);
    }
  }

  private static long perform(long address, int size, int operation, long operand, long expected) {
    switch (operation) {
      case GET:
        return get(address, size);
      case GET_VOLATILE:
        return getVolatile(address, size);
      case PUT:
        put(address, size, operand);
        return 0;
      case PUT_RELEASE:
        putRelease(address, size, operand);
        return 0;
      case PUT_VOLATILE:
        putRelease(address, size, operand);
        UNSAFE.fullFence();
        return 0;
      default:
        return update(address, size, operation, operand, expected);
    }
  }

  private static long update(long address, int size, int operation, long operand, long expected) {
    while (true) {
      long old = getVolatile(address, size);
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

  @ForceInline
  private static long get(long address, int size) {
    return switch (size) {
      case BITS_8 -> UNSAFE.getByte(null, address);
      case BITS_16 -> UNSAFE.getShortUnaligned(null, address);
      case BITS_32 -> UNSAFE.getIntUnaligned(null, address);
      default -> UNSAFE.getLongUnaligned(null, address);
    };
  }

  @ForceInline
  private static void put(long address, int size, long bits) {
    switch (size) {
      case BITS_8 -> UNSAFE.putByte(null, address, (byte) bits);
      case BITS_16 -> UNSAFE.putShortUnaligned(null, address, (short) bits);
      case BITS_32 -> UNSAFE.putIntUnaligned(null, address, (int) bits);
      default -> UNSAFE.putLongUnaligned(null, address, bits);
    }
  }

  private static long getVolatile(long address, int size) {
    return switch (size) {
      case BITS_8 -> UNSAFE.getByteVolatile(null, address);
      case BITS_16 -> UNSAFE.getShortVolatile(null, address);
      case BITS_32 -> UNSAFE.getIntVolatile(null, address);
      default -> UNSAFE.getLongVolatile(null, address);
    };
  }

  private static void putRelease(long address, int size, long bits) {
    switch (size) {
      case BITS_8 -> UNSAFE.putByteRelease(null, address, (byte) bits);
      case BITS_16 -> UNSAFE.putShortRelease(null, address, (short) bits);
      case BITS_32 -> UNSAFE.putIntRelease(null, address, (int) bits);
      default -> UNSAFE.putLongRelease(null, address, bits);
    }
  }

  private static boolean replace(long address, int size, long old, long bits) {
    return switch (size) {
      case BITS_8 -> UNSAFE.compareAndSetByte(null, address, (byte) old, (byte) bits);
      case BITS_16 -> UNSAFE.compareAndSetShort(null, address, (short) old, (short) bits);
      case BITS_32 -> UNSAFE.compareAndSetInt(null, address, (int) old, (int) bits);
      default -> UNSAFE.compareAndSetLong(null, address, old, bits);
    };
  }
}
