package dev.gmem.opencl;

import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;

/**
 * The thread on which OpenCL drivers are loaded and initialised, one for the JVM.
 *
 * <p>Its attempts, and those of threads that a driver starts on it, to set signal handlers are
 * {@linkplain SigactionFilter decided} by {@link JvmSignals} on another thread. Where the system
 * has no such filter, handlers are compared before and after each call, and put back.
 *
 * <p>Threads: calls come from any, and wait; an interrupt does not end the wait.
 */
final class DriverThread {
  /** Compilers recurse. */
  private static final long STACK_BYTES = 8L << 20;

  private final BlockingQueue<Runnable> calls = new LinkedBlockingQueue<>();
  private final JvmSignals signals;
  private final boolean filtered;

  /**
   * Starts it.
   *
   * @param signals null to leave drivers alone
   * @param filter puts a filter on the thread that calls it
   */
  DriverThread(JvmSignals signals, Supplier<Optional<SigactionFilter>> filter) {
    this.signals = signals;
    Thread.ofPlatform().daemon().name("gmem-opencl-driver").stackSize(STACK_BYTES).start(this::run);
    Optional<SigactionFilter> installed = signals == null ? Optional.empty() : onThread(filter);
    filtered = installed.isPresent();
    installed.ifPresent(
        f ->
            Thread.ofPlatform()
                .daemon()
                .name("gmem-opencl-signals")
                .start(() -> f.answer(signals)));
  }

  private static final class OfThisProcess {
    static final DriverThread INSTANCE =
        new DriverThread(
            LinuxSignals.find().map(t -> new JvmSignals(t, SignalChain::before)).orElse(null),
            SigactionFilter::install);

    private OfThisProcess() {}
  }

  /** That of this process. To be asked for before any driver is loaded. */
  static DriverThread ofThisProcess() {
    return OfThisProcess.INSTANCE;
  }

  /** Whether drivers are stopped from setting handlers, instead of these being put back. */
  boolean filtered() {
    return filtered;
  }

  private void run() {
    while (true) {
      try {
        calls.take().run();
      } catch (InterruptedException e) {
        // Nobody has a reason to; the thread is the JVM's for good.
        continue;
      }
    }
  }

  private <T> T onThread(Supplier<T> call) {
    FutureTask<T> task = new FutureTask<>(call::get);
    calls.add(task);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw thrown(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException thrown(Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    return cause instanceof RuntimeException e ? e : new IllegalStateException(cause);
  }

  /** Makes a call that may load or initialise a driver, and throws what it throws. */
  <T> T call(Supplier<T> call) {
    if (signals == null || filtered) {
      return onThread(call);
    }
    SignalTable.Action[] before = signals.look();
    try {
      return onThread(call);
    } finally {
      signals.putBack(before);
    }
  }
}
