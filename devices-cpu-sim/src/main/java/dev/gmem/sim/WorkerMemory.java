package dev.gmem.sim;

import dev.gmem.Access;
import dev.gmem.DeviceException;
import dev.gmem.kernel.DeviceMemory;
import dev.gmem.spi.GmStatus;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The device's memory as one worker sees it, through a TLB of its own.
 *
 * <p>Every access is a {@link Shootdown} section: one test of the TLB on a hit; a walk of the page
 * table on a miss; outside of the section, a fault if the table has no suitable entry, and the
 * access once more. Accesses work on the eight bytes around the address; one that straddles two of
 * those is made byte by byte.
 *
 * <p>Threads: the one that makes the call of the kernel, or one it hands over to and waits for; the
 * counters, any.
 */
final class WorkerMemory extends Shootdown.Section implements DeviceMemory {
  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
  private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

  private static final int TLB_BITS = 8;
  private static final int TLB_ENTRIES = 1 << TLB_BITS;
  private static final long TLB_HASH = 0x9E37_79B9_7F4A_7C15L;
  private static final long NO_PAGE = -1;

  private static final int FUTILE_FAULTS_MAX = 1_000_000;

  private static final int LOAD = 0;
  private static final int STORE = 1;
  private static final int ADD = 2;
  private static final int EXCHANGE = 3;

  private final SimDevice device;
  private final SimSpace space;
  private final Shootdown shootdown;
  private final long[] readTags = new long[TLB_ENTRIES];
  private final long[] writeTags = new long[TLB_ENTRIES];
  private final long[][] frames = new long[TLB_ENTRIES][];

  /** Where in its array an entry begins, in longs: an entry may be a part of a page. */
  private final int[] starts = new int[TLB_ENTRIES];

  /** Binary logarithm of what an entry covers. */
  private int tlbShift;

  private long tlbEpoch;

  /** Where in the array that a look-up has returned the address is, in longs. */
  private int index;

  private long tlbHits;
  private long tlbMisses;

  WorkerMemory(SimDevice device, SimSpace space) {
    this.device = device;
    this.space = space;
    shootdown = space.shootdown();
    flush(shootdown.epoch());
    shootdown.register(this);
  }

  /** Returns how many accesses the TLB served. Exact for launches that have ended. */
  long tlbHits() {
    return tlbHits;
  }

  /** Returns how many accesses walked the page table. Exact for launches that have ended. */
  long tlbMisses() {
    return tlbMisses;
  }

  @Override
  public byte getByte(long address) {
    return (byte) access(LOAD, address, Byte.BYTES, 0, 0);
  }

  @Override
  public void putByte(long address, byte value) {
    access(STORE, address, Byte.BYTES, 0, value);
  }

  @Override
  public short getShort(long address) {
    return (short) plain(LOAD, address, Short.BYTES, 0);
  }

  @Override
  public void putShort(long address, short value) {
    plain(STORE, address, Short.BYTES, value);
  }

  @Override
  public int getInt(long address) {
    return (int) plain(LOAD, address, Integer.BYTES, 0);
  }

  @Override
  public void putInt(long address, int value) {
    plain(STORE, address, Integer.BYTES, value);
  }

  @Override
  public long getLong(long address) {
    return plain(LOAD, address, Long.BYTES, 0);
  }

  @Override
  public void putLong(long address, long value) {
    plain(STORE, address, Long.BYTES, value);
  }

  @Override
  public float getFloat(long address) {
    return Float.intBitsToFloat(getInt(address));
  }

  @Override
  public void putFloat(long address, float value) {
    putInt(address, Float.floatToRawIntBits(value));
  }

  @Override
  public double getDouble(long address) {
    return Double.longBitsToDouble(getLong(address));
  }

  @Override
  public void putDouble(long address, double value) {
    putLong(address, Double.doubleToRawLongBits(value));
  }

  @Override
  public int getAndAddInt(long address, int delta) {
    return (int) atomic(ADD, address, Integer.BYTES, 0, delta);
  }

  @Override
  public int compareAndExchangeInt(long address, int expected, int value) {
    return (int) atomic(EXCHANGE, address, Integer.BYTES, expected, value);
  }

  @Override
  public long getAndAddLong(long address, long delta) {
    return atomic(ADD, address, Long.BYTES, 0, delta);
  }

  @Override
  public long compareAndExchangeLong(long address, long expected, long value) {
    return atomic(EXCHANGE, address, Long.BYTES, expected, value);
  }

  private long plain(int operation, long address, int bytes, long value) {
    if (((int) address & 7) + bytes > Long.BYTES) {
      return straddling(operation, address, bytes, value);
    }
    return access(operation, address, bytes, 0, value);
  }

  private long straddling(int operation, long address, int bytes, long value) {
    long result = 0;
    for (int i = 0; i < bytes; i++) {
      int shift = Byte.SIZE * (LITTLE ? i : bytes - 1 - i);
      long old = access(operation, address + i, Byte.BYTES, 0, value >>> shift);
      result |= (old & 0xFF) << shift;
    }
    return result;
  }

  private long atomic(int operation, long address, int bytes, long expected, long value) {
    if ((address & (bytes - 1)) != 0) {
      throw new IllegalArgumentException(
          "the address of an atomic operation must be aligned to its size: address=0x"
              + Long.toHexString(address)
              + " bytes="
              + bytes);
    }
    return access(operation, address, bytes, expected, value);
  }

  /** Makes one access within eight aligned bytes and returns what was there. */
  private long access(int operation, long address, int bytes, long expected, long value) {
    long inside = enter();
    try {
      long[] frame = lookUp(address, operation != LOAD);
      if (frame != null) {
        long old = perform(operation, frame, address, bytes, expected, value);
        leave(inside);
        return old;
      }
      leave(inside);
    } catch (Throwable t) {
      phase = inside + 1;
      throw t;
    }
    return accessSlowly(operation, address, bytes, expected, value);
  }

  /** Walks the table; faults where it has no suitable entry, and makes the access again. */
  private long accessSlowly(int operation, long address, int bytes, long expected, long value) {
    for (int faults = 0; faults < FUTILE_FAULTS_MAX; faults++) {
      long inside = enter();
      try {
        long[] frame = walk(address, operation != LOAD);
        if (frame != null) {
          long old = perform(operation, frame, address, bytes, expected, value);
          leave(inside);
          return old;
        }
        leave(inside);
      } catch (Throwable t) {
        phase = inside + 1;
        throw t;
      }
      fault(operation, address, bytes);
    }
    throw new DeviceException(
        "the fault handler returned, but the page never was there in "
            + FUTILE_FAULTS_MAX
            + " tries",
        device.id(),
        GmStatus.FAILURE_UNKNOWN,
        address,
        bytes,
        null,
        null);
  }

  private long perform(
      int operation, long[] frame, long address, int bytes, long expected, long value) {
    int index = this.index;
    if (operation == STORE && bytes == Long.BYTES) {
      frame[index] = value;
      return 0;
    }
    int offset = (int) address & 7;
    int shift = Byte.SIZE * (LITTLE ? offset : Long.BYTES - bytes - offset);
    if (operation == LOAD) {
      return frame[index] >>> shift;
    }
    long mask = -1L >>> (Long.SIZE - Byte.SIZE * bytes);
    while (true) {
      long word = (long) WORD.getVolatile(frame, index);
      long old = word >>> shift & mask;
      long next =
          switch (operation) {
            case ADD -> old + value;
            case EXCHANGE -> old == (expected & mask) ? value : old;
            default -> value;
          };
      long nextWord = word & ~(mask << shift) | (next & mask) << shift;
      if (WORD.compareAndSet(frame, index, word, nextWord)) {
        return old;
      }
    }
  }

  private long[] lookUp(long address, boolean write) {
    if (shootdown.epoch() != tlbEpoch) {
      return null;
    }
    long tag = address >>> tlbShift;
    int entry = entryOf(tag);
    if ((write ? writeTags : readTags)[entry] != tag) {
      return null;
    }
    tlbHits++;
    index = starts[entry] + (int) ((address - (tag << tlbShift)) >>> 3);
    return frames[entry];
  }

  private long[] walk(long address, boolean write) {
    tlbMisses++;
    long epoch = shootdown.epoch();
    if (epoch != tlbEpoch) {
      flush(epoch);
    }
    SimRegion region = space.region(address);
    long pageNumber = region.page(address);
    Page page = region.table().find(pageNumber);
    while (page != null && !page.hasFrame() && write && page.writable()) {
      Page written = space.materialise(region, pageNumber, page);
      page = written != null ? written : region.table().find(pageNumber);
    }
    if (page == null || write && !page.writable()) {
      return null;
    }
    index = (int) (region.offsetInPage(address) >>> 3);
    if (!page.hasFrame()) {
      return space.zeroFrame(region);
    }
    index += page.start();
    long tag = address >>> tlbShift;
    int entry = entryOf(tag);
    readTags[entry] = tag;
    writeTags[entry] = page.writable() ? tag : NO_PAGE;
    frames[entry] = page.words();
    starts[entry] = page.start() + (int) (region.offsetInPage(tag << tlbShift) >>> 3);
    return page.words();
  }

  private void fault(int operation, long address, int bytes) {
    Access access =
        switch (operation) {
          case LOAD -> Access.READ;
          case STORE -> Access.WRITE;
          default -> Access.READ_WRITE;
        };
    device.fault(space, address, bytes, access);
  }

  private void flush(long epoch) {
    Arrays.fill(readTags, NO_PAGE);
    Arrays.fill(writeTags, NO_PAGE);
    tlbEpoch = epoch;
    tlbShift = space.tlbShift();
  }

  private static int entryOf(long tag) {
    return (int) (tag * TLB_HASH >>> (Long.SIZE - TLB_BITS));
  }
}
