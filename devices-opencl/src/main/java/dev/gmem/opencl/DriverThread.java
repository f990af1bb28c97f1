package dev.gmem.opencl;

import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The thread on which OpenCL drivers are loaded and initialised, one for the JVM. It, and threads
 * that a driver starts on it, have a {@link SignalFilter} where that can be had; {@link JvmSignals}
 * says what for.
 *
 * <p>Threads: calls come from any, wait, and are made one after the other; an interrupt does not
 * end the wait.
 */
final class DriverThread {
  /** Compilers recurse. */
  private static final long STACK_BYTES = 8L << 20;

  private static DriverThread ofThisProcess;

  private final BlockingQueue<Runnable> calls = new LinkedBlockingQueue<>();
  private final JvmSignals signals;
  private final Thread thread;
  private final boolean filtered;

  /**
   * Starts it.
   *
   * @param signals null to leave drivers alone
   * @param filter puts a filter on the thread that calls it, and says whether that worked
   */
  DriverThread(JvmSignals signals, BooleanSupplier filter) {
    this.signals = signals;
    thread = platformThread("gmem-opencl-driver", this::run);
    thread.start();
    filtered = onThread(filter::getAsBoolean);
  }

  /** That of this process. To be asked for before any driver is loaded. */
  static synchronized DriverThread ofThisProcess() {
    if (ofThisProcess == null) {
      Optional<LinuxCalls> linux = LinuxCalls.find();
      JvmSignals signals = linux.map(DriverThread::signals).orElse(null);
      ofThisProcess =
          new DriverThread(signals, () -> linux.isPresent() && SignalFilter.install(linux.get()));
    }
    return ofThisProcess;
  }

  private static JvmSignals signals(LinuxCalls linux) {
    boolean traps = linux.numbers().divisionTraps();
    return new JvmSignals(new LinuxSignals(linux), traps ? new SignalChain(linux)::before : null);
  }

  /** It outlives who starts it: nothing of theirs is kept. */
  private static Thread platformThread(String name, Runnable work) {
    Thread made =
        Thread.ofPlatform()
            .daemon()
            .name(name)
            .stackSize(STACK_BYTES)
            .inheritInheritableThreadLocals(false)
            .unstarted(work);
    made.setContextClassLoader(null);
    return made;
  }

  /** Whether drivers only believe that they have set handlers. */
  boolean filtered() {
    return filtered;
  }

  private void run() {
    while (true) {
      try {
        calls.take().run();
      } catch (InterruptedException | RuntimeException | Error e) {
        // What a call throws is its caller's; the thread stays for the others.
        continue;
      }
    }
  }

  /** Makes a call that may load or initialise a driver, and throws what it throws. */
  <T> T call(Supplier<T> call) {
    if (Thread.currentThread() == thread) {
      return call.get();
    }
    Supplier<T> guarded = signals == null ? call : () -> keepingSignals(call);
    if (!Thread.currentThread().isVirtual()) {
      return onThread(guarded);
    }
    // Whoever wakes a virtual thread may start a carrier for it, which would have the filter, too.
    FutureTask<T> task = new FutureTask<>(() -> onThread(guarded));
    platformThread("gmem-opencl-call", task).start();
    return await(task);
  }

  private <T> T keepingSignals(Supplier<T> call) {
    SignalTable.Action[] before = signals.look();
    try {
      return call.get();
    } finally {
      signals.putBack(before);
    }
  }

  private <T> T onThread(Supplier<T> call) {
    FutureTask<T> task = new FutureTask<>(call::get);
    calls.add(task);
    return await(task);
  }

  private static <T> T await(FutureTask<T> task) {
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
}
