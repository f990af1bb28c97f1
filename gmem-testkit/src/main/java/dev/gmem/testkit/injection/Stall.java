package dev.gmem.testkit.injection;

/**
 * Holds calls until it is released, and lets a test wait until they are there.
 *
 * <pre>{@code
 * try (Stall stall = new Stall()) {
 *   device.inject(Injection.on(SpiCall.PEER_UNMAP).stallingUntil(stall));
 *   Thread reader = Thread.startVirtualThread(() -> segment.get(JAVA_INT, 0));
 *   stall.awaitCalls(1);
 *   // the reader's fault is in the middle of its transfer
 * }
 * }</pre>
 *
 * <p>Once released it holds nobody any more. Threads: any. Whoever is held stays so when
 * interrupted; the interrupt is kept.
 */
public final class Stall implements AutoCloseable {
  private int calls;
  private boolean released;

  /** Makes one that holds. */
  public Stall() {}

  /** Called by a call that is to be held. */
  synchronized void hold() {
    calls++;
    notifyAll();
    boolean interrupted = false;
    while (!released) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits until calls have come that it holds, or would have held.
   *
   * @param count how many, from the beginning
   * @throws InterruptedException if the thread is interrupted
   */
  public synchronized void awaitCalls(int count) throws InterruptedException {
    while (calls < count) {
      wait();
    }
  }

  /**
   * Counts the calls that have come.
   *
   * @return from the beginning, those that came after the release included
   */
  public synchronized int calls() {
    return calls;
  }

  /** Lets all calls go on, now and from now on. */
  public synchronized void release() {
    released = true;
    notifyAll();
  }

  /** Releases. */
  @Override
  public void close() {
    release();
  }
}
