package dev.gmem.sim;

/**
 * An entry of the page table: where a page's bytes are, and what kernels may do with them.
 *
 * <p>Immutable; a change replaces the entry. A page that was never written has no frame and shares
 * one of three constants, so a run of zeros costs a reference per page.
 *
 * <table>
 *   <caption>Kinds of pages</caption>
 *   <tr><th>entry</th><th>read gives</th><th>write</th></tr>
 *   <tr><td>{@link #ZEROS_READ_ONLY}</td><td>zeros</td><td>faults</td></tr>
 *   <tr><td>{@link #ZEROS}</td><td>zeros</td><td>takes a zeroed frame first</td></tr>
 *   <tr><td>{@link #BLANK}</td><td>zeros</td><td>takes a frame with any contents first</td></tr>
 *   <tr><td>other, read-only</td><td>the frame</td><td>faults</td></tr>
 *   <tr><td>other, writable</td><td>the frame</td><td>the frame</td></tr>
 * </table>
 */
final class Page {
  /** Never written, and cannot be. */
  static final Page ZEROS_READ_ONLY = new Page(null, false);

  /** Never written. */
  static final Page ZEROS = new Page(null, true);

  /** Never written; what is not written by then may be anything. */
  static final Page BLANK = new Page(null, true);

  private final long[] frame;
  private final boolean writable;

  private Page(long[] frame, boolean writable) {
    this.frame = frame;
    this.writable = writable;
  }

  static Page of(long[] frame, boolean writable) {
    return new Page(frame, writable);
  }

  /** Returns the page's bytes, eight to an element in host order; null if it was never written. */
  long[] frame() {
    return frame;
  }

  boolean writable() {
    return writable;
  }

  Page protect(boolean toWritable) {
    if (toWritable == writable) {
      return this;
    }
    if (frame == null) {
      return toWritable ? ZEROS : ZEROS_READ_ONLY;
    }
    return new Page(frame, toWritable);
  }
}
