package dev.gmem.core.table;

import dev.gmem.PageState;

/**
 * The layout of one entry, and nothing else about it.
 *
 * <pre>
 *  63                        32 31  16  15   14 10  9     8     7     6     5     4     3   2    0
 * +----------------------------+------+------+----+-----+-----+-----+------+----+-----+----+-----+
 * |devices: bit d=device slot d| hints|unused|lost|filed|clean|blank|poison|busy|write|read|state|
 * +----------------------------+------+------+----+-----+-----+-----+------+----+-----+----+-----+
 * </pre>
 *
 * <p>{@code read} and {@code write} are the CPU's permissions; {@code busy}: claimed by a
 * transition; {@code poison}: the only valid copy is lost; {@code blank}: the owner has it mapped
 * for a launch that overwrites it and has not succeeded yet, and the valid copy is the host's, or,
 * with {@code poison}, there is none, and {@code lost} is the slot that it was lost with; {@code
 * clean}: the owner's bytes are those of the host's frame; {@code filed}: the file that it is
 * mapped from holds the same bytes, so that the CPU may not write; {@code hints}: the number of
 * what has been advised, which no transition changes; {@code devices}: who has it mapped, and,
 * unless it is blank, a valid copy.
 */
public final class GranuleEntry {
  /** Number of device slots that an entry can name. */
  public static final int DEVICES_MAX = 32;

  private static final long STATE_MASK = 0x7;
  private static final long CPU_READ = 1 << 3;
  private static final long CPU_WRITE = 1 << 4;
  private static final long BUSY = 1 << 5;
  private static final long POISONED = 1 << 6;
  private static final long BLANK = 1 << 7;
  private static final long CLEAN = 1 << 8;
  private static final long FILED = 1 << 9;
  private static final int LOST_SHIFT = 10;
  private static final long LOST_MASK = (DEVICES_MAX - 1L) << LOST_SHIFT;
  private static final int HINTS_SHIFT = 16;
  private static final long HINTS_MASK = (Hints.NUMBERS_MAX - 1L) << HINTS_SHIFT;
  private static final int DEVICES_SHIFT = 32;
  private static final PageState[] STATES = PageState.values();

  /** Never held by a device; the CPU may touch it. */
  public static final long NOMAP = PageState.NOMAP.ordinal() | CPU_READ | CPU_WRITE;

  /** Valid on the host only; the CPU may touch it. */
  public static final long CPU = PageState.CPU.ordinal() | CPU_READ | CPU_WRITE;

  /** Valid on the host only; nobody maps it. */
  public static final long EVICTED = PageState.EVICTED.ordinal();

  /** Given back by the program: no copy, no access. */
  public static final long UNMAPPED = PageState.UNMAPPED.ordinal();

  /** Only the file has it, and gets nothing back. */
  public static final long FILE = PageState.FILE.ordinal();

  private GranuleEntry() {}

  /**
   * Makes the entry of a granule that the host and some devices may read.
   *
   * @param devices at least one bit
   * @return the entry
   */
  public static long shared(int devices) {
    return PageState.SHARED.ordinal() | CPU_READ | mask(devices);
  }

  /**
   * Makes the entry of a granule that one device owns.
   *
   * @param slot the device's slot
   * @return the entry
   */
  public static long device(int slot) {
    return PageState.DEVICE.ordinal() | mask(1 << slot);
  }

  /**
   * Returns the state.
   *
   * @param entry an entry
   * @return the state
   */
  public static PageState state(long entry) {
    return STATES[(int) (entry & STATE_MASK)];
  }

  /**
   * Tells whether the host and devices may read the granule.
   *
   * @param entry an entry
   * @return true if it is in state SHARED
   */
  public static boolean isShared(long entry) {
    return (entry & STATE_MASK) == PageState.SHARED.ordinal();
  }

  /**
   * Returns who holds a valid copy.
   *
   * @param entry an entry
   * @return a bit per slot
   */
  public static int devices(long entry) {
    return (int) (entry >>> DEVICES_SHIFT);
  }

  /**
   * Returns the owner.
   *
   * @param entry an entry in state DEVICE
   * @return its slot
   */
  public static int owner(long entry) {
    return Integer.numberOfTrailingZeros(devices(entry));
  }

  /**
   * Tells whether a device holds a valid copy.
   *
   * @param entry an entry
   * @param slot the device's slot
   * @return true if it does
   */
  public static boolean onDevice(long entry, int slot) {
    return (devices(entry) & 1 << slot) != 0;
  }

  /**
   * Tells whether the CPU may access the granule without a fault.
   *
   * @param entry an entry
   * @param write true for a write
   * @return true if it may
   */
  public static boolean admits(long entry, boolean write) {
    return (entry & (write ? CPU_WRITE : CPU_READ)) != 0;
  }

  /**
   * Returns the entry without the CPU's permission to write, and maybe to read.
   *
   * @param entry an entry
   * @param reads true to take the permission to read as well
   * @return the entry
   */
  public static long revoked(long entry, boolean reads) {
    return entry & ~(reads ? CPU_READ | CPU_WRITE : CPU_WRITE);
  }

  /**
   * Returns the entry with the permissions that its state has by right.
   *
   * @param entry an entry, some of whose permissions have been revoked
   * @return the entry
   */
  public static long restored(long entry) {
    return switch (state(entry)) {
      case NOMAP, CPU -> entry | CPU_READ | (filed(entry) ? 0 : CPU_WRITE);
      case SHARED -> entry | CPU_READ;
      case DEVICE, EVICTED, UNMAPPED, FILE -> entry;
    };
  }

  /**
   * Tells whether the program has given the granule back.
   *
   * @param entry an entry
   * @return true if every access must fail, for ever
   */
  public static boolean unmapped(long entry) {
    return state(entry) == PageState.UNMAPPED;
  }

  /**
   * Tells whether only the file has the granule.
   *
   * @param entry an entry
   * @return true if it has yet to be read
   */
  public static boolean unread(long entry) {
    return state(entry) == PageState.FILE;
  }

  /**
   * Tells whether a file that gets back what is written holds the same bytes.
   *
   * @param entry an entry
   * @return true if so
   */
  public static boolean filed(long entry) {
    return (entry & FILED) != 0;
  }

  /**
   * Returns the entry with its file holding the same bytes: the CPU may not write.
   *
   * @param entry an entry whose valid copy the host has, or the file
   * @param same whether it does
   * @return the entry
   */
  public static long filed(long entry, boolean same) {
    return same ? (entry | FILED) & ~CPU_WRITE : entry;
  }

  /**
   * Returns what an entry would be if there were no file: what is unread is on the host, which is
   * to be filled.
   *
   * @param entry an entry
   * @return the entry
   */
  public static long withoutFile(long entry) {
    long plain = entry & ~FILED;
    return unread(entry) ? plain & ~STATE_MASK | EVICTED : plain;
  }

  /**
   * Tells whether a transition is under way.
   *
   * @param entry an entry
   * @return true if it is claimed
   */
  public static boolean busy(long entry) {
    return (entry & BUSY) != 0;
  }

  /**
   * Returns the entry claimed.
   *
   * @param entry an entry
   * @return the entry
   */
  public static long claimed(long entry) {
    return entry | BUSY;
  }

  /**
   * Returns the entry unclaimed.
   *
   * @param entry an entry
   * @return the entry
   */
  public static long unclaimed(long entry) {
    return entry & ~BUSY;
  }

  /**
   * Tells whether the only valid copy is lost.
   *
   * @param entry an entry
   * @return true if every access must fail
   */
  public static boolean poisoned(long entry) {
    return (entry & POISONED) != 0;
  }

  /**
   * Returns the entry with its only valid copy lost.
   *
   * @param entry an entry in state DEVICE
   * @return the entry
   */
  public static long poison(long entry) {
    return entry | POISONED;
  }

  /**
   * Returns the slot of the device that the only valid copy was lost with.
   *
   * @param entry a poisoned entry
   * @return the slot
   */
  public static int lostWith(long entry) {
    return blank(entry) ? (int) ((entry & LOST_MASK) >>> LOST_SHIFT) : owner(entry);
  }

  /**
   * Returns a lost entry as it is while nobody overwrites it.
   *
   * @param entry a poisoned entry
   * @return the entry, without hints
   */
  public static long lost(long entry) {
    return poison(device(lostWith(entry)));
  }

  /**
   * Returns a lost entry as it is while a launch overwrites it: lost until that has succeeded.
   *
   * @param entry a poisoned entry
   * @param slot the slot of the launch's device, which has it mapped
   * @return the entry, without hints
   */
  public static long overwriting(long entry, int slot) {
    return poison(blanked(device(slot))) | (long) lostWith(entry) << LOST_SHIFT;
  }

  /**
   * Returns what an entry becomes when devices are lost: whoever else has a copy keeps it; if
   * nobody has, it is poisoned.
   *
   * @param entry an entry
   * @param lost a bit per slot
   * @return the entry, with the permissions that its state has by right; unchanged if it names none
   *     of them, or is poisoned
   */
  public static long bereaved(long entry, int lost) {
    int left = devices(entry) & ~lost;
    if (left == devices(entry) || poisoned(entry) && !blank(entry)) {
      return entry;
    }
    long kept = entry & (HINTS_MASK | BUSY);
    if (poisoned(entry)) {
      return lost(entry) | kept;
    }
    if (state(entry) == PageState.SHARED) {
      return filed((left == 0 ? CPU : shared(left)) | kept, filed(entry));
    }
    return onHost(entry) ? filed(EVICTED | kept, filed(entry)) : poison(entry);
  }

  /**
   * Tells whether the owner's memory is yet to be written, and the host has the valid copy.
   *
   * @param entry an entry
   * @return true if so; only in state DEVICE
   */
  public static boolean blank(long entry) {
    return (entry & BLANK) != 0;
  }

  /**
   * Tells whether the host's frame holds a valid copy, or will once its file has been read.
   *
   * @param entry an entry
   * @return true if it does
   */
  public static boolean onHost(long entry) {
    return state(entry) != PageState.DEVICE || (entry & (BLANK | CLEAN)) != 0 && !poisoned(entry);
  }

  /**
   * Tells whether the owner's bytes are those of the host's frame.
   *
   * @param entry an entry
   * @return true if so; only in state DEVICE
   */
  public static boolean clean(long entry) {
    return (entry & CLEAN) != 0;
  }

  /**
   * Returns the entry with its owner's bytes being those of the host's frame.
   *
   * @param entry an entry in state DEVICE
   * @return the entry
   */
  public static long cleaned(long entry) {
    return entry | CLEAN;
  }

  /**
   * Returns the entry with its owner having the only valid copy.
   *
   * @param entry an entry in state DEVICE
   * @return the entry
   */
  public static long dirtied(long entry) {
    return entry & ~(BLANK | CLEAN);
  }

  /**
   * Returns the entry with nothing written by its owner yet.
   *
   * @param entry an entry in state DEVICE
   * @return the entry
   */
  public static long blanked(long entry) {
    return entry | BLANK;
  }

  /**
   * Returns the entry with its owner's copy valid, whatever was lost before.
   *
   * @param entry an entry
   * @return the entry; unchanged unless it is blank
   */
  public static long written(long entry) {
    return blank(entry) ? entry & ~(BLANK | POISONED | LOST_MASK) : entry;
  }

  /**
   * Returns the entry with the host's frame valid, whatever was lost before.
   *
   * @param entry an entry
   * @return the entry; unchanged unless it is lost and nobody has it mapped
   */
  public static long writtenOnHost(long entry) {
    return poisoned(entry) && !blank(entry) ? withHintsOf(EVICTED, entry) : entry;
  }

  /**
   * Returns what has been advised about the granule.
   *
   * @param entry an entry
   * @return the hints
   */
  public static Hints hints(long entry) {
    return Hints.of((int) ((entry & HINTS_MASK) >>> HINTS_SHIFT));
  }

  /**
   * Returns the entry with other hints.
   *
   * @param entry an entry
   * @param hints what has been advised
   * @return the entry
   */
  public static long withHints(long entry, Hints hints) {
    return entry & ~HINTS_MASK | (long) Hints.number(hints) << HINTS_SHIFT;
  }

  /**
   * Returns the entry with the hints of another one.
   *
   * @param entry an entry
   * @param other whose hints to take
   * @return the entry
   */
  public static long withHintsOf(long entry, long other) {
    return entry & ~HINTS_MASK | other & HINTS_MASK;
  }

  /**
   * Tells whether the owner keeps a copy when others read.
   *
   * @param entry an entry in state DEVICE
   * @return true if hints say so, and there is anything to keep
   */
  public static boolean keepsCopy(long entry) {
    return (entry & HINTS_MASK) != 0 && !onHost(entry) && hints(entry).keepsCopy(owner(entry));
  }

  /**
   * Says what an entry means.
   *
   * @param entry an entry
   * @return for people
   */
  public static String toString(long entry) {
    return state(entry)
        + (devices(entry) == 0 ? "" : "{" + Integer.toBinaryString(devices(entry)) + "}")
        + (admits(entry, false) ? " r" : "")
        + (admits(entry, true) ? " w" : "")
        + (busy(entry) ? " busy" : "")
        + (poisoned(entry) ? " poisoned" : "")
        + (blank(entry) ? " blank" : "")
        + (clean(entry) ? " clean" : "")
        + (filed(entry) ? " filed" : "")
        + ((entry & HINTS_MASK) == 0 ? "" : " " + hints(entry));
  }

  private static long mask(int devices) {
    return (long) devices << DEVICES_SHIFT;
  }
}
