package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which handlers are kept and put back, on a table of the test's own. */
@Timeout(60)
class JvmSignalsTest {
  private static final int INT = 2;
  private static final int KILL = 9;
  private static final int USR1 = 10;
  private static final int SEGV = 11;

  private static final long JVM = 0x1000;
  private static final long JVM_TO_JAVA = 0x2000;
  private static final long DRIVER = 0x7000;
  private static final long PROFILER = 0x8000;
  private static final long CHAIN = 0x100_0000;

  /** Handlers, and flags that say whose they are. */
  private static final class Table implements SignalTable {
    private final Action[] actions = new Action[END];

    Table() {
      for (int signal = 1; signal < END; signal++) {
        actions[signal] = new Action(0, 0, 0, 0);
      }
      set(SEGV, new Action(JVM, 1, 1, 1));
      set(JvmSignals.FPE, new Action(JVM, 1, 1, 1));
      set(INT, new Action(JVM_TO_JAVA, 1, 1, 1));
    }

    @Override
    public boolean catches(int signal) {
      return signal != KILL;
    }

    @Override
    public synchronized Action action(int signal) {
      if (signal < 1 || signal >= END || signal == KILL) {
        throw new AssertionError("there is no handler of " + signal);
      }
      return actions[signal];
    }

    @Override
    public synchronized void set(int signal, Action action) {
      actions[signal] = action;
    }

    void take(int signal, long handler) {
      set(signal, new Action(handler, 7, 7, 7));
    }
  }

  private final Table table = new Table();
  private final List<Long> chained = new ArrayList<>();
  private final JvmSignals signals = signals(next -> Optional.of(CHAIN + next));

  private JvmSignals signals(LongFunction<Optional<Long>> chain) {
    return new JvmSignals(
        table,
        next -> {
          chained.add(next);
          return chain.apply(next);
        });
  }

  private void assertAction(int signal, long handler, int flags) {
    assertEquals(new SignalTable.Action(handler, flags, flags, flags), table.action(signal));
  }

  private void takeMeanwhile(JvmSignals by, int signal, long handler) {
    SignalTable.Action[] before = by.look();
    table.take(signal, handler);
    by.putBack(before);
  }

  @Test
  void whatWasTakenIsPutBack() {
    SignalTable.Action[] before = signals.look();
    table.take(SEGV, DRIVER);
    table.take(INT, 0);
    table.take(USR1, DRIVER);
    signals.putBack(before);
    assertAction(SEGV, JVM, 1);
    assertAction(INT, JVM_TO_JAVA, 1);
    assertAction(USR1, DRIVER, 7);
    assertEquals(List.of(), chained);
  }

  @Test
  void anIgnoredSignalIsIgnoredAgain() {
    table.take(INT, 1);
    takeMeanwhile(signals, INT, DRIVER);
    assertAction(INT, 1, 7);
  }

  @Test
  void divisionByZeroAsksTheJvmFirst() {
    takeMeanwhile(signals, JvmSignals.FPE, DRIVER);
    assertAction(JvmSignals.FPE, CHAIN + DRIVER, 1);
    takeMeanwhile(signals, JvmSignals.FPE, DRIVER + 8);
    assertAction(JvmSignals.FPE, CHAIN + DRIVER + 8, 1);
    takeMeanwhile(signals, JvmSignals.FPE, DRIVER);
    assertAction(JvmSignals.FPE, CHAIN + DRIVER, 1);
    takeMeanwhile(signals, JvmSignals.FPE, CHAIN + DRIVER + 8);
    assertAction(JvmSignals.FPE, CHAIN + DRIVER + 8, 7);
    assertEquals(List.of(DRIVER, DRIVER + 8), chained);
  }

  @Test
  void divisionByZeroIsTheJvmsWhereItCannotBeShared() {
    takeMeanwhile(signals(next -> Optional.empty()), JvmSignals.FPE, DRIVER);
    assertAction(JvmSignals.FPE, JVM, 1);
  }

  @Test
  void divisionByZeroIsTheJvmsWhereItDoesNotTrap() {
    takeMeanwhile(new JvmSignals(table, null), JvmSignals.FPE, DRIVER);
    assertAction(JvmSignals.FPE, JVM, 1);
  }

  @Test
  void whatChangedBeforeIsLeft() {
    table.take(SEGV, PROFILER);
    signals.putBack(signals.look());
    assertAction(SEGV, PROFILER, 7);
    SignalTable.Action[] before = signals.look();
    table.take(SEGV, DRIVER);
    signals.putBack(before);
    assertAction(SEGV, PROFILER, 7);
  }

  @Test
  void whatJavaHandlesMeanwhileIsLeft() {
    SignalTable.Action[] before = signals.look();
    table.take(INT, JVM);
    signals.putBack(before);
    assertAction(INT, JVM, 7);
  }

  @Test
  void withoutAFilterTheThreadPutsBack() {
    DriverThread thread = new DriverThread(signals, () -> false);
    assertFalse(thread.filtered());
    Thread caller = Thread.currentThread();
    String result =
        thread.call(
            () -> {
              table.take(SEGV, DRIVER);
              return Thread.currentThread() == caller ? "here" : "elsewhere";
            });
    assertEquals("elsewhere", result);
    assertAction(SEGV, JVM, 1);
    assertThrows(
        UnsatisfiedLinkError.class,
        () ->
            thread.call(
                () -> {
                  table.take(SEGV, DRIVER);
                  throw new UnsatisfiedLinkError();
                }));
    assertAction(SEGV, JVM, 1);
  }

  @Test
  void anInterruptIsKeptForLater() {
    DriverThread thread = new DriverThread(null, () -> true);
    Thread.currentThread().interrupt();
    assertEquals(5, thread.<Integer>call(() -> 5));
    assertTrue(Thread.interrupted());
  }

  @Test
  void virtualThreadsAreNotWokenByTheDriversThread() throws InterruptedException {
    DriverThread thread = new DriverThread(signals, () -> true);
    List<String> ran = new ArrayList<>();
    Thread caller =
        Thread.startVirtualThread(
            () -> {
              ran.add(thread.call(() -> Thread.currentThread().getName()));
              assertThrows(
                  UnsatisfiedLinkError.class,
                  () ->
                      thread.call(
                          () -> {
                            throw new UnsatisfiedLinkError();
                          }));
              ran.add("threw");
            });
    caller.join();
    assertEquals(List.of("gmem-opencl-driver", "threw"), ran);
  }

  @Test
  void whatACallCallsIsDoneAtOnce() {
    DriverThread thread = new DriverThread(signals, () -> true);
    assertEquals(7, thread.<Integer>call(() -> thread.call(() -> 7)));
  }
}
