package dev.gmem.samples.console;

import java.io.PrintWriter;
import java.util.function.LongSupplier;

/**
 * Tells on standard error how far a long piece of work has come: one line that is redrawn on a
 * terminal, a line every few seconds elsewhere. Work that is done within a moment says nothing.
 * Belongs to one thread.
 */
public final class Progress implements AutoCloseable {
  private static final long FIRST_NANOS = 700_000_000L;
  private static final long REDRAW_NANOS = 100_000_000L;
  private static final long LINE_NANOS = 5_000_000_000L;

  private final PrintWriter err;
  private final boolean live;
  private final String what;
  private final long total;
  private final LongSupplier nanoTime;
  private long nextNanos;
  private int shownChars;

  /**
   * Starts.
   *
   * @param err where to print
   * @param live whether a line can be redrawn there
   * @param what the work, for instance {@code "generation"}
   * @param total how many steps there are, positive
   */
  public Progress(PrintWriter err, boolean live, String what, long total) {
    this(err, live, what, total, System::nanoTime);
  }

  Progress(PrintWriter err, boolean live, String what, long total, LongSupplier nanoTime) {
    this.err = err;
    this.live = live;
    this.what = what;
    this.total = total;
    this.nanoTime = nanoTime;
    this.nextNanos = nanoTime.getAsLong() + (live ? FIRST_NANOS : LINE_NANOS);
  }

  /**
   * Tells how far the work has come. Cheap.
   *
   * @param done steps done, from 0 to the total
   */
  public void at(long done) {
    long now = nanoTime.getAsLong();
    if (now - nextNanos < 0) {
      return;
    }
    show(now, what + " " + done + " of " + total + " (" + 100 * done / total + " %)");
  }

  private void show(long now, String line) {
    if (live) {
      err.print("\r" + line + " ".repeat(Math.max(0, shownChars - line.length())));
      shownChars = line.length();
    } else {
      err.println(line);
    }
    err.flush();
    nextNanos = now + (live ? REDRAW_NANOS : LINE_NANOS);
  }

  /**
   * Tells how long the work takes, where there are no steps to count.
   *
   * @param nanos time so far
   */
  public void after(long nanos) {
    long now = nanoTime.getAsLong();
    if (now - nextNanos >= 0) {
      show(now, what + ": running for " + nanos / 1_000_000_000L + " s");
    }
  }

  /** Takes the line away again. */
  @Override
  public void close() {
    if (shownChars > 0) {
      err.print("\r" + " ".repeat(shownChars) + "\r");
      err.flush();
      shownChars = 0;
    }
  }
}
