package jdk.internal.foreign;

/**
 * Layout of a gate word: the {@code acquireCount} of a session that guards unified memory.
 *
 * <pre>
 *  bits    open (word &gt;= 0)               gated (word &lt; 0)
 *  31      0                              1
 *  30      1: this is unified memory      1
 *  29      0                              1: writes only, 0: all accesses
 *  0-28    number of pins                 slot of the region
 * </pre>
 *
 * <p>Bit 30 tells unified memory from any other for the whole life of a session; {@link #CLOSED},
 * the JDK's own value for a shared session that is closing or closed, has it too. Every gated word
 * is negative, and those that gate all accesses are below those that gate writes only, so that one
 * compare against a constant answers each question.
 */
final class GmGateWord {
  /** An open gate without pins. */
  static final int OPEN = 1 << 30;

  /** What the JDK stores in any shared session that closes. Not a gate: {@code state} decides. */
  static final int CLOSED = -1;

  /** Words below it gate writes. */
  static final int WRITE_LIMIT = 0;

  /** Words below it gate reads. */
  static final int READ_LIMIT = 0xE000_0000;

  /** The most pins that a word can count, and one more than the highest slot. */
  static final int PINS_MAX = (1 << 29) - 1;

  private static final int UNIFIED = 1 << 30;
  private static final int GATED_WRITES = 0xE000_0000;
  private static final int GATED_ALL = 0xC000_0000;
  private static final int LOW_BITS = (1 << 29) - 1;

  private GmGateWord() {}

  static boolean isUnified(int word) {
    return (word & UNIFIED) != 0;
  }

  static boolean isOpen(int word) {
    return word >= 0;
  }

  /** Tells whether a gate lets an access pass without a look at the table. */
  static boolean passes(int word, boolean write) {
    return word >= (write ? WRITE_LIMIT : READ_LIMIT);
  }

  /** Number of pins of an open word. */
  static int pins(int word) {
    return word & LOW_BITS;
  }

  /** Slot of the region of a gated word. */
  static int slot(int word) {
    return word & LOW_BITS;
  }

  static int gated(int slot, boolean writesOnly) {
    return (writesOnly ? GATED_WRITES : GATED_ALL) | slot;
  }
}
