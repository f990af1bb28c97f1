package dev.gmem.opencl;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongFunction;

/**
 * The signal handlers that the JVM keeps while OpenCL drivers are initialised.
 *
 * <p>HotSpot lives by them: a thread that is to stop at a safepoint reads a forbidden page
 * (SIGSEGV), and interpreted code finds out by SIGFPE that it divided by zero. Drivers that compile
 * with LLVM put LLVM's crash handlers in their place, which are reset to the default action by the
 * first signal: of two threads that stop at once the second kills the process; and LLVM deletes the
 * files that a compilation is just writing. PoCL's handler of SIGFPE makes {@code 1 / 0} give a
 * number, in Java too.
 *
 * <p><b>Rules.</b> Signals that had a handler before the first driver was loaded keep it; others
 * are a driver's to have. The one handler of a driver's that is needed is that of SIGFPE, for
 * kernels may divide by zero: it is asked after the JVM. Where that cannot be arranged, a warning
 * says so, for a kernel that ends the JVM is better than a wrong number in Java.
 *
 * <p>{@link DriverThread} says how changes are noticed. Who preloads the JDK's {@code libjsig} has
 * the same from the JVM; nothing is ever changed then. Threads: any.
 */
final class JvmSignals {
  static final int FPE = 8;

  private static final Logger LOG = System.getLogger("dev.gmem.opencl");
  private static final String PRELOAD =
      "; start the JVM with LD_PRELOAD=$JAVA_HOME/lib/libjsig.so to rule that out";

  private final SignalTable table;
  private final LongFunction<Optional<Long>> chain;
  private final BitSet kept = new BitSet();
  private final Set<Long> own = new HashSet<>();

  /**
   * Takes the handlers that are there now for the JVM's.
   *
   * @param chain makes a handler that asks the JVM, then another one
   */
  JvmSignals(SignalTable table, LongFunction<Optional<Long>> chain) {
    this.table = table;
    this.chain = chain;
    for (int signal = 1; signal < SignalTable.END; signal++) {
      if (table.catches(signal) && table.handler(signal) > 1) {
        kept.set(signal);
        own.add(table.handler(signal));
      }
    }
  }

  /**
   * Decides on a driver's wish to set a handler.
   *
   * @return what was there, if the driver is to be told that it is done, and it is not; else empty
   */
  synchronized Optional<SignalTable.Action> stop(int signal, long handler) {
    if (signal < 1 || !kept.get(signal) || own.contains(handler)) {
      return Optional.empty();
    }
    SignalTable.Action now = table.action(signal);
    if (signal == FPE && handler > 1) {
      share(now, handler);
    }
    return Optional.of(now);
  }

  private void share(SignalTable.Action jvm, long driver) {
    Optional<Long> both = chain.apply(driver);
    if (both.isEmpty()) {
      LOG.log(
          Level.WARNING,
          "A kernel that divides an integer by zero may end the JVM, since the OpenCL driver's"
              + " handler of SIGFPE cannot be had beside the JVM's"
              + PRELOAD);
    }
    table.set(FPE, both.map(jvm::calling).orElse(jvm));
  }

  /** All handlers, by signal. */
  synchronized SignalTable.Action[] look() {
    SignalTable.Action[] actions = new SignalTable.Action[SignalTable.END];
    kept.stream().forEach(signal -> actions[signal] = table.action(signal));
    return actions;
  }

  /** Undoes what a driver could not be stopped from. */
  synchronized void putBack(SignalTable.Action[] before) {
    BitSet taken = new BitSet();
    for (int signal = kept.nextSetBit(0); signal >= 0; signal = kept.nextSetBit(signal + 1)) {
      long now = table.handler(signal);
      if (now == before[signal].handler() || own.contains(now)) {
        continue;
      }
      taken.set(signal);
      if (signal == FPE && now > 1) {
        share(before[signal], now);
      } else {
        table.set(signal, before[signal]);
      }
    }
    if (!taken.isEmpty()) {
      LOG.log(
          Level.WARNING,
          "An OpenCL driver had taken the JVM's handlers of the signals "
              + taken
              + "; they were put back, but a thread that stopped meanwhile may have ended the JVM"
              + PRELOAD);
    }
  }
}
