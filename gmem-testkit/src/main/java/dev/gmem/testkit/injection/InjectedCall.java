package dev.gmem.testkit.injection;

/**
 * An entry of the log: a call that was disturbed, and how.
 *
 * @param number of the entry, from 1
 * @param event the call
 * @param occurrence which one it was of those that the injection counts, from 1
 * @param effect what was done to it, for people: {@code "returns NOMEM"}
 */
public record InjectedCall(long number, SpiEvent event, long occurrence, String effect) {
  @Override
  public String toString() {
    return number
        + ": "
        + event.call()
        + (event.kernel() == null ? "" : " " + event.kernel())
        + (event.bytes() == 0
            ? ""
            : " 0x" + Long.toHexString(event.address()) + " +" + event.bytes())
        + " (occurrence "
        + occurrence
        + ") "
        + effect;
  }
}
