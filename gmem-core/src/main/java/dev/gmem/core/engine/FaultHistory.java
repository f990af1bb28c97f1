package dev.gmem.core.engine;

import dev.gmem.PrefetchPolicy.Pattern;
import java.util.function.LongPredicate;

/**
 * The latest faults of one node in one VMA, as a few streams that go on side by side. Guarded by
 * the VMA's monitor.
 *
 * <p>A fault goes on with a stream if it comes in or right after what that has brought (upwards or
 * downwards), or at its stride; and if what the stream touched last is still on the node. Otherwise
 * it begins a new one in place of the one that has rested longest. That last condition ends a
 * pattern when a kernel has taken its memory back: single accesses between launches are not a
 * sequence, however near to each other they come.
 */
final class FaultHistory {
  /** How much a pattern makes expect at most. */
  static final long WINDOW_BYTES_MAX = 4 << 20;

  /** How many places at a stride it makes expect at most. */
  static final int PLACES_MAX = 64;

  private static final int STREAMS = 8;

  private final int granuleBytes;
  private final Stream[] streams = new Stream[STREAMS];
  private Stream latest;
  private long clock;

  FaultHistory(int granuleBytes) {
    this.granuleBytes = granuleBytes;
  }

  /** Where a stream goes. */
  private enum Course {
    NONE,
    UP,
    DOWN,
    STRIDE;

    boolean isSequence() {
      return this == UP || this == DOWN;
    }
  }

  /** What a run of faults has come to. */
  private static final class Stream {
    /** The last fault: its first byte in the VMA, and the granules that it needed. */
    private long at;

    private long first;
    private long end;

    /** What came with it, as far as that is contiguous. */
    private long cameFirst;

    private long cameEnd;

    /** From the fault before, or 0. */
    private long strideBytes;

    private Course course;

    /** Granules of the window with the last one, or places that came with it. */
    private long size;

    private long time;

    private Course courseTo(long from, long first, long end) {
      if (first >= this.end && first <= cameEnd) {
        return Course.UP;
      }
      if (end <= this.first && end >= cameFirst) {
        return Course.DOWN;
      }
      return strides(from) > 0 ? Course.STRIDE : Course.NONE;
    }

    /** How many strides on a fault is; 0 if it is not at a place that could be the next one. */
    private long strides(long from) {
      long distance = from - at;
      if (strideBytes == 0 || distance % strideBytes != 0) {
        return 0;
      }
      long strides = distance / strideBytes;
      long places = course == Course.STRIDE ? size : 0;
      return strides >= 1 && strides <= places + 1 ? strides : 0;
    }
  }

  /**
   * What a pattern makes expect.
   *
   * @param first first granule of a window, the fault's own included; none at a stride
   * @param end granule after its last
   * @param strideBytes from one place to the next
   * @param places how many of them to expect
   */
  record Expected(Pattern pattern, long first, long end, long strideBytes, long places) {}

  /**
   * Takes note of a fault.
   *
   * @param at its first byte, from the start of the VMA
   * @param first first granule that it needs
   * @param end granule after the last one
   * @param isHere whether a granule is on the node, so that this access would not fault there
   * @return what to expect next
   */
  Expected note(long at, long first, long end, LongPredicate isHere) {
    clock++;
    Stream stream = null;
    Course course = Course.NONE;
    for (Stream other : streams) {
      Course next = other == null ? Course.NONE : other.courseTo(at, first, end);
      if (next == Course.NONE || !isHere.test(other.first)) {
        continue;
      }
      boolean same = next.isSequence() == course.isSequence();
      if (stream == null || (same ? other.time > stream.time : next.isSequence())) {
        stream = other;
        course = next;
      }
    }
    if (course.isSequence()) {
      return went(stream, course, course == stream.course ? 2 * stream.size : 2, at, first, end);
    }
    long stride = 0;
    long places = 1;
    if (course == Course.STRIDE) {
      stride = stream.strideBytes;
      places = stream.course == Course.STRIDE ? 2 * stream.size : 1;
    } else if (latest != null && isHere.test(latest.first)) {
      stride = Math.abs(at - latest.at) >= granuleBytes ? at - latest.at : 0;
    }
    // At a stride, too, a new one: sequences that begin at equal distances each go on by
    // themselves.
    Stream fresh = resting();
    fresh.strideBytes = stride;
    return went(fresh, course, places, at, first, end);
  }

  /** The stream to give up for a new one. */
  private Stream resting() {
    int oldest = 0;
    for (int i = 0; i < STREAMS; i++) {
      if (streams[i] == null) {
        streams[i] = new Stream();
        return streams[i];
      }
      oldest = streams[i].time < streams[oldest].time ? i : oldest;
    }
    return streams[oldest];
  }

  private Expected went(Stream stream, Course course, long size, long at, long first, long end) {
    stream.time = clock;
    stream.course = course;
    stream.at = at;
    stream.first = first;
    stream.end = end;
    stream.cameFirst = first;
    stream.cameEnd = end;
    latest = stream;
    long granulesMax = Math.max(1, WINDOW_BYTES_MAX / granuleBytes);
    long sizeMax =
        course == Course.STRIDE
            ? Math.clamp(granulesMax / (end - first), 1, PLACES_MAX)
            : granulesMax;
    stream.size = Math.min(size, sizeMax);
    return switch (course) {
      case NONE -> new Expected(Pattern.NONE, first, end, 0, 0);
      case UP -> new Expected(Pattern.SEQUENTIAL, first, Math.max(end, first + stream.size), 0, 0);
      case DOWN -> new Expected(Pattern.SEQUENTIAL, Math.min(first, end - stream.size), end, 0, 0);
      case STRIDE -> new Expected(Pattern.STRIDED, first, end, stream.strideBytes, stream.size);
    };
  }

  /**
   * Takes note of what comes along with a fault, if that is the latest one.
   *
   * @param needed first granule that it needs
   * @param first first granule
   * @param end granule after the last, of a range that begins or ends at, or holds, what it needs
   */
  void came(long needed, long first, long end) {
    if (latest.first == needed) {
      latest.cameFirst = Math.min(latest.cameFirst, first);
      latest.cameEnd = Math.max(latest.cameEnd, end);
    }
  }
}
