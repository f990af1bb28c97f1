package dev.gmem.opencl;

import dev.gmem.spi.GmCopyTimes;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jocl.cl_event;

/** Adds up how long transfers ran, by their profiling events. Threads: any. */
final class CopyClock {
  private final Cl cl;
  private final LongAdder inNanos = new LongAdder();
  private final LongAdder outNanos = new LongAdder();

  CopyClock(Cl cl) {
    this.cl = cl;
  }

  void in(List<cl_event> ended) {
    inNanos.add(nanos(ended));
  }

  void out(List<cl_event> ended) {
    outNanos.add(nanos(ended));
  }

  GmCopyTimes times() {
    return new GmCopyTimes(inNanos.sum(), outNanos.sum());
  }

  /** A driver that cannot tell loses a time, not a transfer. */
  private long nanos(List<cl_event> ended) {
    long sum = 0;
    for (cl_event event : ended) {
      try {
        sum += Math.max(0, cl.nanos(event));
      } catch (ClException e) {
        continue;
      }
    }
    return sum;
  }
}
