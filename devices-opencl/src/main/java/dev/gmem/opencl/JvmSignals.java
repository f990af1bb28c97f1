package dev.gmem.opencl;

import java.lang.System.Logger.Level;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * The signal handlers that the JVM keeps while OpenCL drivers are initialised.
 *
 * <p>HotSpot lives by them: a thread that is to stop at a safepoint reads a forbidden page
 * (SIGSEGV), and code that is not compiled by C2 finds out by SIGFPE that it divided by zero.
 * Drivers that compile with LLVM put LLVM's crash handlers in their place, which are reset to the
 * default action by the first signal: of two threads that stop at once the second kills the
 * process; and LLVM deletes the files that a compilation is just writing. PoCL's handler of SIGFPE
 * makes {@code 1 / 0} give a number, in Java too.
 *
 * <p><b>Rules.</b> {@link SignalFilter} has drivers believe that they have set a handler. Where it
 * cannot be had, what changed during a call of theirs is put back behind it, which leaves a gap:
 * LLVM's are gone then for as long as none of them has run. The one handler of a driver's that is
 * needed is that of SIGFPE, for on x86 kernels divide by zero: it is asked after the JVM. Where
 * that cannot be arranged, a warning says so: a kernel that ends the JVM is better than a wrong
 * number in Java.
 *
 * <p>Who preloads the JDK's {@code libjsig} has all that from the JVM; nothing is changed then.
 * Threads: any.
 */
final class JvmSignals {
  static final int FPE = 8;

  private static final String PRELOAD =
      "; start the JVM with LD_PRELOAD=$JAVA_HOME/lib/libjsig.so to rule that out";

  private final SignalTable table;
  private final LongFunction<Optional<Long>> chain;
  private final SignalTable.Action[] first;

  /** Chains that were made, by the handler that is asked second. */
  private final Map<Long, Long> chains = new HashMap<>();

  /**
   * Takes the handlers that are there now for the JVM's.
   *
   * @param chain makes a handler that asks the JVM, then another one; null where integer divisions
   *     do not trap
   */
  JvmSignals(SignalTable table, LongFunction<Optional<Long>> chain) {
    this.table = table;
    this.chain = chain;
    this.first = look();
  }

  /** What happens on each signal. */
  synchronized SignalTable.Action[] look() {
    SignalTable.Action[] actions = new SignalTable.Action[SignalTable.END];
    for (int signal = 1; signal < SignalTable.END; signal++) {
      actions[signal] = table.catches(signal) ? table.action(signal) : null;
    }
    return actions;
  }

  /**
   * Undoes what a driver has set.
   *
   * @param before what was there before the driver was called
   */
  synchronized void putBack(SignalTable.Action[] before) {
    BitSet taken = new BitSet();
    for (int signal = 1; signal < SignalTable.END; signal++) {
      // Signals that nobody handles are a driver's to have.
      if (before[signal] == null || before[signal].handler() == 0) {
        continue;
      }
      long now = table.action(signal).handler();
      if (now == before[signal].handler() || isOwn(now)) {
        continue;
      }
      if (signal == FPE && now > 1 && chain != null) {
        table.set(FPE, shared(now));
      } else {
        table.set(signal, before[signal]);
        taken.set(signal);
      }
    }
    if (!taken.isEmpty()) {
      warn(
          "An OpenCL driver had taken the handlers of the signals "
              + taken
              + "; they were put back, but a thread that stopped meanwhile may have ended the JVM"
              + PRELOAD);
    }
  }

  private boolean isOwn(long handler) {
    if (chains.containsValue(handler)) {
      return true;
    }
    for (SignalTable.Action action : first) {
      if (action != null && handler > 1 && action.handler() == handler) {
        return true;
      }
    }
    return false;
  }

  private SignalTable.Action shared(long driver) {
    Long both = chains.get(driver);
    if (both == null) {
      both = chain.apply(driver).orElse(null);
      if (both == null) {
        warn(
            "A kernel that divides an integer by zero may end the JVM, since the OpenCL driver's"
                + " handler of SIGFPE cannot be had beside the JVM's"
                + PRELOAD);
        return first[FPE];
      }
      chains.put(driver, both);
    }
    return first[FPE].calling(both);
  }

  private static void warn(String message) {
    System.getLogger("dev.gmem.opencl").log(Level.WARNING, message);
  }
}
