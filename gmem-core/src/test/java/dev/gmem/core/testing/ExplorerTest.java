package dev.gmem.core.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.core.sync.LockRank;
import dev.gmem.core.sync.Monitor;
import dev.gmem.core.testing.Explorer.Mode;
import dev.gmem.core.testing.Explorer.Result;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import org.junit.jupiter.api.Test;

class ExplorerTest {
  private static final Explorer.Run NO_CHECKS = new Explorer.Run() {};

  @Test
  void allSchedulesOfTwoTimesTwoStepsAreRun() {
    // Each thread has a first step, up to its first point, and two more.
    assertThat(new Explorer(Mode.ALL).explore(s -> program(s, "AA", "BB")).schedules())
        .isEqualTo(20);
  }

  @Test
  void theReductionRunsIndependentStepsInOneOrderOnly() {
    assertThat(new Explorer(Mode.REDUCED).explore(s -> program(s, "AA", "BB")).schedules())
        .isEqualTo(1);
  }

  @Test
  void noPreemptionLeavesOneSchedulePerOrderOfThreads() {
    Result result =
        new Explorer(Mode.ALL).preemptions(0).explore(s -> program(s, "AB", "AB", "AB"));
    assertThat(result.schedules()).isEqualTo(6);
  }

  @Test
  void aLostUpdateIsFound() {
    int[] memory = new int[1];
    Result result =
        new Explorer(Mode.REDUCED)
            .explore(
                s -> {
                  memory[0] = 0;
                  for (int t = 0; t < 2; t++) {
                    s.start("t" + t, () -> increment(s, memory));
                  }
                  return new Explorer.Run() {
                    @Override
                    public void atEnd() {
                      assertThat(memory[0]).isEqualTo(2);
                    }
                  };
                });
    assertThat(result.failure()).isInstanceOf(AssertionError.class);
  }

  private static void increment(Schedule s, int[] memory) {
    int object = s.object("memory");
    s.point("load");
    s.reads(object);
    int value = memory[0];
    s.point("store");
    s.writes(object);
    memory[0] = value + 1;
  }

  @Test
  void aMonitorMakesUpdatesSafe() {
    int[] memory = new int[1];
    Result result =
        new Explorer(Mode.ALL)
            .explore(
                s -> {
                  memory[0] = 0;
                  Monitor monitor = s.create(LockRank.VMA);
                  for (int t = 0; t < 3; t++) {
                    s.start(
                        "t" + t,
                        () -> {
                          monitor.lock();
                          increment(s, memory);
                          monitor.unlock();
                        });
                  }
                  return new Explorer.Run() {
                    @Override
                    public void atEnd() {
                      assertThat(memory[0]).isEqualTo(3);
                    }
                  };
                });
    result.orThrow();
    assertThat(result.schedules()).isGreaterThan(6);
  }

  @Test
  void aLostWakeUpIsADeadlock() {
    boolean[] ready = new boolean[1];
    Result result =
        new Explorer(Mode.REDUCED)
            .explore(
                s -> {
                  ready[0] = false;
                  Monitor monitor = s.create(LockRank.VMA);
                  s.start(
                      "waits",
                      () -> {
                        monitor.lock();
                        boolean wait = !ready[0];
                        monitor.unlock();
                        monitor.lock();
                        if (wait) {
                          monitor.await();
                        }
                        monitor.unlock();
                      });
                  s.start(
                      "signals",
                      () -> {
                        monitor.lock();
                        ready[0] = true;
                        monitor.signalAll();
                        monitor.unlock();
                      });
                  return NO_CHECKS;
                });
    assertThat(result.failure()).hasMessageContaining("deadlock");
  }

  @Test
  void aThreadThatIsStartedLaterRunsAfterWhatStartedIt() {
    List<String> order = new ArrayList<>();
    Result result =
        new Explorer(Mode.ALL)
            .explore(
                s -> {
                  order.clear();
                  s.start(
                      "parent",
                      () -> {
                        order.add("parent");
                        s.start("child", () -> order.add("child"));
                        s.point("on");
                      });
                  return new Explorer.Run() {
                    @Override
                    public void atEnd() {
                      assertThat(order).containsExactly("parent", "child");
                    }
                  };
                });
    assertThat(result.orThrow().schedules()).isEqualTo(2);
  }

  @Test
  void takingMonitorsOutOfOrderIsCaught() {
    Result result =
        new Explorer(Mode.REDUCED)
            .explore(
                s -> {
                  Monitor vma = s.create(LockRank.VMA);
                  Monitor space = s.create(LockRank.SPACE);
                  s.start(
                      "t",
                      () -> {
                        vma.lock();
                        space.lock();
                      });
                  return NO_CHECKS;
                });
    assertThat(result.failure()).hasMessageContaining("lock order");
  }

  // ---- the reduction against the whole ----

  /**
   * Programs of two or three threads over three variables. A capital from A to C is a write, a
   * small letter a read; F sets a flag, X writes A unless it is set; L and U take and give back a
   * monitor; S and Q signal and wait for the signal.
   */
  @Provide
  Arbitrary<List<String>> programs() {
    Arbitrary<String> plain = Arbitraries.strings().withChars("ABCabcFX").ofMaxLength(3);
    Arbitrary<String> locked = plain.map(p -> "L" + p.substring(0, Math.min(1, p.length())) + "U");
    Arbitrary<String> nested = plain.map(p -> p.isEmpty() ? "LU" : p.charAt(0) + "LaUb");
    Arbitrary<String> waiting = plain.map(p -> p.isEmpty() ? "Q" : p.charAt(0) + "QA");
    return Arbitraries.oneOf(plain, locked, nested, waiting)
        .list()
        .ofMinSize(2)
        .ofMaxSize(3)
        .map(ExplorerTest::signalled);
  }

  private static List<String> signalled(List<String> threads) {
    List<String> result = new ArrayList<>(threads);
    if (threads.stream().anyMatch(p -> p.contains("Q"))) {
      result.set(0, threads.getFirst().replaceAll("Q", "") + "S");
    }
    return result;
  }

  @Property(tries = 40, edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.OFF)
  void theReductionMissesNothingAndRunsNothingTwice(@ForAll("programs") List<String> threads) {
    compare(threads, 3_000);
  }

  @Tag("slow")
  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.OFF)
  void theReductionMissesNothingInLargerProgramsEither(@ForAll("programs") List<String> threads) {
    compare(threads, 60_000);
  }

  private static void compare(List<String> threads, long schedulesMax) {
    Set<String> all = new HashSet<>();
    Set<String> reduced = new HashSet<>();
    String[] programs = threads.toArray(String[]::new);
    Result whole =
        new Explorer(Mode.ALL)
            .schedules(schedulesMax)
            .explore(s -> program(s, all, programs))
            .orThrow();
    Result part = new Explorer(Mode.REDUCED).explore(s -> program(s, reduced, programs)).orThrow();
    if (whole.complete()) {
      assertThat(reduced).isEqualTo(all);
    } else {
      assertThat(reduced).containsAll(all);
    }
    assertThat(part.schedules()).isEqualTo(reduced.size());
  }

  private static Explorer.Run program(Scheduler s, String... threads) {
    return program(s, new HashSet<>(), threads);
  }

  /** Runs threads; adds the class of the schedule: who met whom in which order. */
  private static Explorer.Run program(Scheduler s, Set<String> classes, String... threads) {
    StringBuilder[] met = new StringBuilder[5];
    Arrays.setAll(met, i -> new StringBuilder());
    Monitor monitor = s.create(LockRank.VMA);
    boolean[] flag = new boolean[1];
    for (int t = 0; t < threads.length; t++) {
      int id = t;
      s.start("t" + t, () -> perform(s, id, threads[id], met, monitor, flag));
    }
    return new Explorer.Run() {
      @Override
      public void atEnd() {
        classes.add(String.join("|", met));
      }
    };
  }

  private static void perform(
      Scheduler s, int id, String program, StringBuilder[] met, Monitor monitor, boolean[] flag) {
    for (char op : program.toCharArray()) {
      if (op == 'S' || op == 'Q') {
        monitor.lock();
        met[3].append(op).append(id);
        if (op == 'S') {
          flag[0] = true;
          monitor.signalAll();
        }
        while (!flag[0]) {
          monitor.await();
          met[3].append(id);
        }
        monitor.unlock();
      } else if (op == 'L') {
        monitor.lock();
        met[3].append(id);
      } else if (op == 'U') {
        monitor.unlock();
      } else if (op == 'F') {
        s.point("set");
        s.writes(s.object("vF"));
        met[4].append('W').append(id);
      } else if (op == 'X') {
        s.point("write unless set");
        s.reads(s.object("vF"));
        boolean set = met[4].indexOf("W") >= 0;
        read(met[4], id);
        if (!set) {
          s.writes(s.object("vA"));
          met[0].append('W').append(id);
        }
      } else if (Character.isUpperCase(op)) {
        s.point("write");
        s.writes(s.object("v" + op));
        met[op - 'A'].append('W').append(id);
      } else {
        s.point("read");
        s.reads(s.object("v" + Character.toUpperCase(op)));
        read(met[op - 'a'], id);
      }
    }
  }

  /** Reads between two writes have no order: they are kept sorted. */
  private static void read(StringBuilder met, int id) {
    int end = met.length();
    int start = end;
    while (start > 0 && met.charAt(start - 1) != 'W' && !afterWrite(met, start - 1)) {
      start--;
    }
    char[] reads = (met.substring(start, end) + id).toCharArray();
    Arrays.sort(reads);
    met.setLength(start);
    met.append(reads);
  }

  private static boolean afterWrite(StringBuilder met, int index) {
    return index > 0 && met.charAt(index - 1) == 'W';
  }
}
