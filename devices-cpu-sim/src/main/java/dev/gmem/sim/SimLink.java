package dev.gmem.sim;

import java.util.concurrent.locks.LockSupport;

/**
 * A model of the link between the host and simulated devices: a latency, and a bandwidth in each
 * direction.
 *
 * <p>A transfer of n bytes occupies its direction for {@code n / bytesPerSecond}, after all
 * transfers that were begun before it in that direction, and its bytes arrive {@code latencyNanos}
 * after that. So latencies of asynchronous transfers overlap, and bandwidth is shared. Transfers
 * between devices occupy the direction to the device of the destination's link. Time that the copy
 * itself takes on this machine counts towards the time of the model, not on top of it.
 *
 * <p>Several devices may be given the same link; they share it. Threads: any.
 */
public final class SimLink {
  private static final SimLink OFF =
      new SimLink(0, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
  private static final long SPIN_NANOS = 60_000;
  private static final double NANOS_PER_SECOND = 1e9;

  /** A direction. */
  enum Lane {
    TO_DEVICE,
    TO_HOST
  }

  private final long latencyNanos;
  private final double[] bytesPerSecond;
  private final long[] freeAtNanos = new long[Lane.values().length];
  private boolean used;

  private SimLink(long latencyNanos, double toDevice, double toHost) {
    this.latencyNanos = latencyNanos;
    bytesPerSecond = new double[] {toDevice, toHost};
  }

  /**
   * Returns the link that takes no time.
   *
   * @return always the same one
   */
  public static SimLink off() {
    return OFF;
  }

  /**
   * Makes a link.
   *
   * @param latencyNanos delay of each transfer, not negative
   * @param toDeviceBytesPerSecond bandwidth to devices, positive, may be infinite
   * @param toHostBytesPerSecond bandwidth to the host, positive, may be infinite
   * @return the link
   * @throws IllegalArgumentException if a value is out of range
   */
  public static SimLink of(
      long latencyNanos, double toDeviceBytesPerSecond, double toHostBytesPerSecond) {
    if (latencyNanos < 0 || !(toDeviceBytesPerSecond > 0) || !(toHostBytesPerSecond > 0)) {
      throw new IllegalArgumentException(
          "a link needs a latency of at least 0 and positive bandwidths: latencyNanos="
              + latencyNanos
              + " toDeviceBytesPerSecond="
              + toDeviceBytesPerSecond
              + " toHostBytesPerSecond="
              + toHostBytesPerSecond);
    }
    return new SimLink(latencyNanos, toDeviceBytesPerSecond, toHostBytesPerSecond);
  }

  boolean isOff() {
    return this == OFF;
  }

  /**
   * Begins a transfer.
   *
   * @return when its bytes arrive, as of {@link System#nanoTime}
   */
  long begin(Lane lane, long bytes) {
    long now = System.nanoTime();
    if (isOff()) {
      return now;
    }
    long busyNanos = Math.round(bytes / bytesPerSecond[lane.ordinal()] * NANOS_PER_SECOND);
    synchronized (this) {
      if (!used) {
        used = true;
        freeAtNanos[0] = now;
        freeAtNanos[1] = now;
      }
      long free = freeAtNanos[lane.ordinal()];
      long start = free - now > 0 ? free : now;
      freeAtNanos[lane.ordinal()] = start + busyNanos;
      return start + busyNanos + latencyNanos;
    }
  }

  /** Returns how long a thread can sleep without being late. */
  static long sleepNanos(long arrivalNanos) {
    return Math.max(0, arrivalNanos - System.nanoTime() - SPIN_NANOS);
  }

  /** Waits until a time: sleeps for most of it, and spins at the end. */
  static void await(long arrivalNanos) {
    while (true) {
      long left = arrivalNanos - System.nanoTime();
      if (left <= 0) {
        return;
      }
      if (left > SPIN_NANOS) {
        LockSupport.parkNanos(left - SPIN_NANOS);
      } else {
        Thread.onSpinWait();
      }
    }
  }

  @Override
  public String toString() {
    return isOff()
        ? "SimLink[off]"
        : "SimLink[latencyNanos="
            + latencyNanos
            + " toDeviceBytesPerSecond="
            + bytesPerSecond[0]
            + " toHostBytesPerSecond="
            + bytesPerSecond[1]
            + "]";
  }
}
