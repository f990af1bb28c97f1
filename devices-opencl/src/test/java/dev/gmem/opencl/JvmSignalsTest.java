package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
        actions[signal] = new Action(0, new byte[] {0});
      }
      set(SEGV, new Action(JVM, new byte[] {1}));
      set(JvmSignals.FPE, new Action(JVM, new byte[] {1}));
      set(INT, new Action(JVM_TO_JAVA, new byte[] {1}));
    }

    @Override
    public boolean catches(int signal) {
      return signal != KILL;
    }

    @Override
    public long handler(int signal) {
      return action(signal).handler();
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
      set(signal, new Action(handler, new byte[] {7}));
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
    assertEquals(handler, table.handler(signal));
    assertArrayEquals(new byte[] {(byte) flags}, table.action(signal).rest());
  }

  @Test
  void aDriverIsStoppedFromTakingWhatIsTheJvms() {
    assertEquals(JVM, signals.stop(SEGV, DRIVER).orElseThrow().handler());
    assertEquals(JVM, signals.stop(SEGV, 0).orElseThrow().handler());
    assertEquals(JVM_TO_JAVA, signals.stop(INT, DRIVER).orElseThrow().handler());
    assertAction(SEGV, JVM, 1);
    assertAction(INT, JVM_TO_JAVA, 1);
  }

  @Test
  void aDriverMayHaveWhatNobodyHas() {
    assertTrue(signals.stop(USR1, DRIVER).isEmpty());
    assertTrue(signals.stop(KILL, DRIVER).isEmpty());
    assertTrue(signals.stop(40, DRIVER).isEmpty());
    assertTrue(signals.stop(0, DRIVER).isEmpty());
    assertTrue(signals.stop(-1, DRIVER).isEmpty());
  }

  @Test
  void theJvmsOwnMayComeBack() {
    table.take(SEGV, DRIVER);
    assertTrue(signals.stop(SEGV, JVM).isEmpty());
  }

  @Test
  void divisionByZeroAsksTheJvmFirst() {
    assertEquals(JVM, signals.stop(JvmSignals.FPE, DRIVER).orElseThrow().handler());
    assertAction(JvmSignals.FPE, CHAIN + DRIVER, 1);
    assertEquals(CHAIN + DRIVER, signals.stop(JvmSignals.FPE, DRIVER + 8).orElseThrow().handler());
    assertAction(JvmSignals.FPE, CHAIN + DRIVER + 8, 1);
    assertEquals(List.of(DRIVER, DRIVER + 8), chained);
  }

  @Test
  void divisionByZeroIsTheJvmsWhereItCannotBeShared() {
    JvmSignals alone = signals(next -> Optional.empty());
    assertFalse(alone.stop(JvmSignals.FPE, DRIVER).isEmpty());
    assertAction(JvmSignals.FPE, JVM, 1);
  }

  @Test
  void whatWasTakenIsPutBack() {
    SignalTable.Action[] before = signals.look();
    table.take(SEGV, DRIVER);
    table.take(INT, 0);
    table.take(USR1, DRIVER);
    table.take(JvmSignals.FPE, DRIVER);
    signals.putBack(before);
    assertAction(SEGV, JVM, 1);
    assertAction(INT, JVM_TO_JAVA, 1);
    assertAction(USR1, DRIVER, 7);
    assertAction(JvmSignals.FPE, CHAIN + DRIVER, 1);
    signals.putBack(signals.look());
    assertAction(JvmSignals.FPE, CHAIN + DRIVER, 1);
    assertEquals(List.of(DRIVER), chained);
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
    DriverThread thread = new DriverThread(signals, Optional::empty);
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
    DriverThread thread = new DriverThread(null, Optional::empty);
    Thread.currentThread().interrupt();
    assertEquals(5, thread.<Integer>call(() -> 5));
    assertTrue(Thread.interrupted());
  }
}
