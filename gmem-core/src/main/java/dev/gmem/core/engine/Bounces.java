package dev.gmem.core.engine;

import dev.gmem.core.table.GranuleEntry;
import java.util.Arrays;

/**
 * Which granules of a VMA bounce: two nodes use one at the same time, and each access takes it from
 * the other, which costs a thousand times what the access does.
 *
 * <table>
 *   <caption>A granule</caption>
 *   <tr><th>is</th><th>when faults have taken it from another node</th><th>a fault that would take
 *     it</th></tr>
 *   <tr><td>quiet</td><td>not within the lapse</td><td>takes it</td></tr>
 *   <tr><td>contested</td><td>fewer than {@value #TURNS_MIN} times in turns, each within the lapse
 *     of the one before</td><td>takes it</td></tr>
 *   <tr><td>bouncing</td><td>as often, or more</td><td>rests until who took it last has had it for
 *     the least residency; then takes it</td></tr>
 * </table>
 *
 * <p>So each side makes many accesses before it loses the granule, instead of one. This is the
 * throttling of NVIDIA's UVM, which pins, too, where the other side can reach the pinned memory: of
 * the devices here those that can do not fault.
 *
 * <p><b>Progress.</b> A fault rests once, for at most the least residency, whoever else takes the
 * granule meanwhile; it holds no claim and no monitor, and waits for nobody. Launches that hold
 * their arguments, transfers and evictions never rest, nor does anything rest for them.
 *
 * <p><b>Cost.</b> A fault that takes nothing from anybody is not looked at. The others leave a note
 * of 16 bytes for the granule that they need, in one of {@value #PLACES} places, where the next
 * granule overwrites it: who has more that bounce than that notices some of them.
 *
 * <p>Guarded by the VMA's monitor.
 */
final class Bounces {
  /** The CPU; devices are their slots. */
  static final int HOST = GranuleEntry.DEVICES_MAX;

  static final int TURNS_MIN = 3;
  private static final int PLACES = 64;
  private static final long LAPSE_NANOS = 1_000_000;

  private final long residencyNanos;
  private final long[] granules = new long[PLACES];
  private final long[] taken = new long[PLACES];
  private final byte[] nodes = new byte[PLACES];
  private final byte[] turns = new byte[PLACES];

  /**
   * Makes one that has seen nothing.
   *
   * @param residencyNanos how long who has taken a granule that bounces keeps it, at least
   */
  Bounces(long residencyNanos) {
    this.residencyNanos = residencyNanos;
    Arrays.fill(granules, -1);
  }

  /**
   * Tells how long a fault is to rest.
   *
   * @param granule what it needs
   * @param node whose fault it is
   * @param now the time
   * @return nanoseconds, at most the least residency; 0 if it need not
   */
  long restNanos(long granule, int node, long now) {
    return mayRest(granule, node)
        ? Math.clamp(taken[place(granule)] + residencyNanos - now, 0, residencyNanos)
        : 0;
  }

  /** Tells, without the time, whether {@link #restNanos} may be more than 0. */
  boolean mayRest(long granule, int node) {
    int place = place(granule);
    return granules[place] == granule && turns[place] >= TURNS_MIN && nodes[place] != node;
  }

  /**
   * Takes note that a fault has taken a granule from another node.
   *
   * @param granule what it needed
   * @param node whose fault it was
   * @param now the time
   * @return true if the granule bounces
   */
  boolean taken(long granule, int node, long now) {
    int place = place(granule);
    boolean known = granules[place] == granule && now - taken[place] <= lapseNanos();
    int before = known ? turns[place] : 0;
    int more = known && nodes[place] == node ? 0 : 1;
    granules[place] = granule;
    nodes[place] = (byte) node;
    turns[place] = (byte) Math.min(before + more, TURNS_MIN);
    taken[place] = now;
    return turns[place] == TURNS_MIN && more > 0;
  }

  /** Who has rested comes back later than who has not: a longer residency is no lapse. */
  private long lapseNanos() {
    return LAPSE_NANOS + residencyNanos;
  }

  private static int place(long granule) {
    return (int) (granule & PLACES - 1);
  }
}
