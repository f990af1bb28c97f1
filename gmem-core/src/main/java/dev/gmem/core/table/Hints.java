package dev.gmem.core.table;

import dev.gmem.GmemException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * What programs have advised about a granule. Entries hold its number: the list of all that were
 * ever in use grows only, so a number means the same for ever, to whoever reads it and when.
 *
 * <p>A node is the host, 0, or a device, its slot + 1.
 *
 * @param preferred the node where it is best, or {@link #NOWHERE}
 * @param pinned the node that keeps it, or {@link #NOWHERE}
 * @param readMostly whether owners keep a copy when others read
 * @param accessedBy devices that use it in the host's frames, a bit per slot
 */
public record Hints(int preferred, int pinned, boolean readMostly, int accessedBy) {
  /** No node. */
  public static final int NOWHERE = -1;

  /** The host's node. */
  public static final int HOST = 0;

  /** Nothing has been advised. Its number is 0. */
  public static final Hints NONE = new Hints(NOWHERE, NOWHERE, false, 0);

  /** How many numbers an entry can hold. */
  static final int NUMBERS_MAX = 1 << 16;

  private static final Hints[] KNOWN = new Hints[NUMBERS_MAX];
  private static final ConcurrentMap<Hints, Integer> NUMBERS = new ConcurrentHashMap<>();
  private static int known;

  static {
    number(NONE);
  }

  /**
   * Returns the node of a device.
   *
   * @param slot the device's slot
   * @return its node
   */
  public static int node(int slot) {
    return slot + 1;
  }

  /** The number of hints; gives them one if they have none. */
  static int number(Hints hints) {
    Integer number = NUMBERS.get(hints);
    return number == null ? append(hints) : number;
  }

  private static synchronized int append(Hints hints) {
    Integer number = NUMBERS.get(hints);
    if (number != null) {
      return number;
    }
    if (known == NUMBERS_MAX) {
      throw new GmemException(
          "too many different combinations of advice in this program: combinationsMax="
              + NUMBERS_MAX,
          null);
    }
    KNOWN[known] = hints;
    NUMBERS.put(hints, known);
    return known++;
  }

  /** The hints of a number that an entry holds: published with that entry. */
  static Hints of(int number) {
    return number == 0 ? NONE : KNOWN[number];
  }

  /**
   * Returns these with another preference.
   *
   * @param node where it is best, or {@link #NOWHERE}
   * @return the hints
   */
  public Hints preferring(int node) {
    return new Hints(node, pinned, readMostly, accessedBy);
  }

  /**
   * Returns these with another pin.
   *
   * @param node who keeps it, or {@link #NOWHERE}
   * @return the hints
   */
  public Hints pinnedTo(int node) {
    return new Hints(preferred, node, readMostly, accessedBy);
  }

  /**
   * Returns these with or without the advice that it is read mostly.
   *
   * @param mostly whether it is
   * @return the hints
   */
  public Hints readMostly(boolean mostly) {
    return new Hints(preferred, pinned, mostly, accessedBy);
  }

  /**
   * Returns these with or without a device that uses the host's frames.
   *
   * @param slot the device's slot
   * @param remotely whether it does
   * @return the hints
   */
  public Hints accessedBy(int slot, boolean remotely) {
    int mask = remotely ? accessedBy | 1 << slot : accessedBy & ~(1 << slot);
    return new Hints(preferred, pinned, readMostly, mask);
  }

  /**
   * Returns these without a device that goes away.
   *
   * @param slot the device's slot
   * @return the hints
   */
  public Hints without(int slot) {
    return new Hints(
        preferred == node(slot) ? NOWHERE : preferred,
        pinned == node(slot) ? NOWHERE : pinned,
        readMostly,
        accessedBy & ~(1 << slot));
  }

  /**
   * Tells whether an owner keeps a copy when others read.
   *
   * @param slot the owner's slot
   * @return true if it does
   */
  public boolean keepsCopy(int slot) {
    return readMostly || preferred == node(slot) || pinned == node(slot);
  }
}
