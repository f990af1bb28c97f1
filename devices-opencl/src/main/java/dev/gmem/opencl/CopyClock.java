package dev.gmem.opencl;

import dev.gmem.spi.GmCopyTimes;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.jocl.cl_event;

/** Adds up how long transfers ran, by their profiling events if there are any. Threads: any. */
final class CopyClock {
  private final Cl cl;
  private final boolean profiled;
  private final LongAdder inNanos = new LongAdder();
  private final LongAdder outNanos = new LongAdder();

  CopyClock(Cl cl, boolean profiled) {
    this.cl = cl;
    this.profiled = profiled;
  }

  void in(List<cl_event> ended) {
    inNanos.add(nanos(ended));
  }

  void out(List<cl_event> ended) {
    outNanos.add(nanos(ended));
  }

  Optional<GmCopyTimes> times() {
    return profiled
        ? Optional.of(new GmCopyTimes(inNanos.sum(), outNanos.sum()))
        : Optional.empty();
  }

  /** A driver that cannot tell loses a time, not a transfer. */
  private long nanos(List<cl_event> ended) {
    long sum = 0;
    for (cl_event event : profiled ? ended : List.<cl_event>of()) {
      try {
        sum += Math.max(0, cl.nanos(event));
      } catch (ClException e) {
        continue;
      }
    }
    return sum;
  }
}
