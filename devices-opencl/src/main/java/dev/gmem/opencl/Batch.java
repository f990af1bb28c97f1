package dev.gmem.opencl;

import java.util.List;
import org.jocl.cl_event;

/**
 * Commands that were enqueued together, from then until whoever wants to know has been told their
 * end.
 *
 * <p>Several threads may wait for the same batch: the lane's waiter, and whoever joins its result.
 * The first one that sees the end tells it; the last one that leaves releases the events, so that
 * nobody waits for an event that is gone.
 */
final class Batch {
  private final Cl cl;
  private final List<cl_event> events;
  private final ClException enqueueFailure;
  private final Lane.End end;
  private final long enqueuedNanos = System.nanoTime();
  private int inside;
  private boolean joined;
  private boolean told;
  private boolean released;

  Batch(Cl cl, List<cl_event> events, ClException enqueueFailure, Lane.End end) {
    this.cl = cl;
    this.events = events;
    this.enqueueFailure = enqueueFailure;
    this.end = end;
  }

  List<cl_event> events() {
    return events;
  }

  /** When the last of its commands had been enqueued, by {@link System#nanoTime}. */
  long enqueuedNanos() {
    return enqueuedNanos;
  }

  /** Whether there is still something to wait for; if so, {@link #leave} must follow. */
  synchronized boolean enter() {
    if (told) {
      return false;
    }
    inside++;
    return true;
  }

  /** Whether somebody waits for it now, who will tell its end. */
  synchronized boolean isAttended() {
    return inside > 0;
  }

  /** Notes that whoever wants the result waits for it by itself. */
  synchronized void joined() {
    joined = true;
  }

  /** Whether anybody did. */
  synchronized boolean wasJoined() {
    return joined;
  }

  /**
   * Takes note that all commands have ended.
   *
   * @param failure what failed first, or null
   * @return what is left to do for the one who tells; null for all others
   */
  Runnable ended(ClException failure) {
    synchronized (this) {
      if (told) {
        return null;
      }
      told = true;
    }
    return end.ended(events, enqueueFailure == null ? failure : enqueueFailure);
  }

  /** Releases the events if nobody else waits for them. */
  void leave() {
    synchronized (this) {
      inside--;
      if (inside > 0 || !told || released) {
        return;
      }
      released = true;
    }
    try (Releases releases = new Releases()) {
      for (cl_event event : events) {
        releases.add(() -> cl.releaseEvent(event));
      }
    }
  }

  /** Whether the events have been released. */
  synchronized boolean isOver() {
    return released;
  }
}
