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
  static final Page ZEROS_READ_ONLY = new Page(null, 0, false);

  /** Never written. */
  static final Page ZEROS = new Page(null, 0, true);

  /** Never written; what is not written by then may be anything. */
  static final Page BLANK = new Page(null, 0, true);

  private final Slab slab;
  private final int frame;
  private final boolean writable;

  private Page(Slab slab, int frame, boolean writable) {
    this.slab = slab;
    this.frame = frame;
    this.writable = writable;
  }

  /** Makes the entry of a page with a frame, which is one of a slab. */
  static Page of(Slab slab, int frame, boolean writable) {
    return new Page(slab, frame, writable);
  }

  /** Tells whether it was written. */
  boolean hasFrame() {
    return slab != null;
  }

  /** Returns the array that its bytes are in, eight to an element in host order, from start on. */
  long[] words() {
    return slab.words();
  }

  /** Returns where in the array they begin, in longs. */
  int start() {
    return slab.start(frame);
  }

  /** Tells whether its frame follows that of another page; or neither has any. */
  boolean follows(Page before) {
    return slab == before.slab && (slab == null || frame == before.frame + 1);
  }

  /** Returns its frame and those that follow it, all of them taken. */
  FramePool.Run frames(int count) {
    return new FramePool.Run(slab, frame, count);
  }

  boolean writable() {
    return writable;
  }

  Page protect(boolean toWritable) {
    if (toWritable == writable) {
      return this;
    }
    if (slab == null) {
      return toWritable ? ZEROS : ZEROS_READ_ONLY;
    }
    return new Page(slab, frame, toWritable);
  }
}
