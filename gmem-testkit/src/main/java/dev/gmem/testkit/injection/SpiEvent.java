package dev.gmem.testkit.injection;

import dev.gmem.Access;

/**
 * One call of the SPI, as an {@link Injection} sees it.
 *
 * @param call which call
 * @param address first unified address concerned, or 0 if the call has none
 * @param bytes how many bytes it concerns, or 0
 * @param copies whether bytes move: true for mappings and unmappings that copy, and for copies
 * @param access what a mapping, a protection or a fault is to allow, or null
 * @param kernel the name of the kernel that is launched or checked, or null
 */
public record SpiEvent(
    SpiCall call, long address, long bytes, boolean copies, Access access, String kernel) {
  /**
   * Makes an event of a call that concerns no memory.
   *
   * @param call which call
   * @return the event
   */
  public static SpiEvent of(SpiCall call) {
    return new SpiEvent(call, 0, 0, false, null, null);
  }

  /**
   * Tells whether the call concerns any byte of a range.
   *
   * @param from first address of the range
   * @param end address after its last
   * @return true if they overlap
   */
  public boolean overlaps(long from, long end) {
    return address < end && from < address + bytes;
  }
}
