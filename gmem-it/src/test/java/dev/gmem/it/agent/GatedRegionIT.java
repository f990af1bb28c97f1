package dev.gmem.it.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.GmemException;
import dev.gmem.agent.GmemAgent;
import dev.gmem.core.host.GateLevel;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a gated region promises to the core, and to those who access it. */
@Tag("modes")
class GatedRegionIT {
  private static final long GRANULE = 4096;

  private final Twin twin = new Twin(4 * GRANULE, GRANULE);
  private final MemorySegment memory = twin.segment();
  private int pinsInCall = -1;

  @AfterEach
  void close() {
    if (memory.scope().isAlive()) {
      twin.close();
    }
  }

  @Test
  void onlyTheGranulesThatAreAwayFault() {
    memory.fill((byte) 5);
    twin.toDevice(GRANULE, GRANULE);
    assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 5);
    assertThat(twin.faults()).isZero();
    assertThat(memory.get(ValueLayout.JAVA_BYTE, GRANULE)).isEqualTo((byte) 5);
    assertThat(twin.faults()).isEqualTo(1);
    assertThat(memory.get(ValueLayout.JAVA_BYTE, GRANULE)).isEqualTo((byte) 5);
    assertThat(twin.faults()).isEqualTo(1);
  }

  @Test
  void readsPassAGateForWrites() {
    memory.set(ValueLayout.JAVA_INT, 0, 1);
    twin.toBoth();
    assertThat(memory.get(ValueLayout.JAVA_INT, 0)).isEqualTo(1);
    assertThat(twin.faults()).isZero();
    memory.set(ValueLayout.JAVA_INT, 0, 2);
    assertThat(twin.faults()).isEqualTo(1);
  }

  @Test
  void anOpenGateCountsNoSlowCall() {
    long before = GmemAgent.counters().slowCalls();
    for (int i = 0; i < 1000; i++) {
      memory.set(ValueLayout.JAVA_INT, 4L * i, i);
    }
    memory.fill((byte) 0);
    assertThat(GmemAgent.counters().slowCalls()).isEqualTo(before);
  }

  @Test
  void aFailedFaultReachesTheProgramAndNothingIsAccessed() {
    memory.set(ValueLayout.JAVA_INT, 0, 1);
    twin.toDevice();
    GmemException failure = new GmemException("the link is down", null);
    twin.failFaults(failure);
    assertThatThrownBy(() -> memory.set(ValueLayout.JAVA_INT, 0, 2)).isSameAs(failure);
    assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_INT, 0)).isSameAs(failure);
    assertThatThrownBy(() -> memory.fill((byte) 3)).isSameAs(failure);
    twin.failFaults(null);
    assertThat(memory.get(ValueLayout.JAVA_INT, 0)).isEqualTo(1);
  }

  @Test
  void theGateIsNotSeenInStackTraces() {
    twin.toDevice();
    StackTraceElement[][] trace = new StackTraceElement[1][];
    twin.onFault(() -> trace[0] = new Throwable().getStackTrace());
    memory.get(ValueLayout.JAVA_INT, 0);
    List<String> classes =
        Arrays.stream(trace[0]).map(StackTraceElement::getClassName).distinct().toList();
    assertThat(classes).noneMatch(name -> name.startsWith("jdk.internal.foreign.Gm"));
  }

  @Test
  void pinsKeepTheGateOpenWhileANativeFunctionRuns() throws Throwable {
    Linker linker = Linker.nativeLinker();
    FunctionDescriptor compare =
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS);
    MethodHandle qsort =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("qsort"),
            FunctionDescriptor.ofVoid(
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      MethodHandle upcall =
          MethodHandles.lookup()
              .bind(
                  this,
                  "compare",
                  MethodType.methodType(int.class, MemorySegment.class, MemorySegment.class));
      MemorySegment comparator = linker.upcallStub(upcall, compare, arena);
      memory.setAtIndex(ValueLayout.JAVA_INT, 0, 30);
      memory.setAtIndex(ValueLayout.JAVA_INT, 1, 10);
      memory.setAtIndex(ValueLayout.JAVA_INT, 2, 20);
      twin.toDevice();
      qsort.invokeExact(memory, 3L, 4L, comparator);
    }
    assertThat(twin.faults()).as("the pin brought it home").isEqualTo(1);
    assertThat(pinsInCall).isEqualTo(1);
    assertThat(memory.asSlice(0, 12).toArray(ValueLayout.JAVA_INT)).containsExactly(10, 20, 30);
    assertThat(twin.region().tighten(GateLevel.ALL)).as("given back").isZero();
    twin.region().loosen(GateLevel.OPEN);
  }

  private int compare(MemorySegment a, MemorySegment b) {
    pinsInCall = twin.region().tighten(GateLevel.ALL);
    int x = a.reinterpret(4).get(ValueLayout.JAVA_INT, 0);
    return Integer.compare(x, b.reinterpret(4).get(ValueLayout.JAVA_INT, 0));
  }

  @Test
  void closedMemoryIsClosed() {
    MemorySegment slice = memory.asSlice(GRANULE, 64);
    twin.close();
    assertThat(memory.scope().isAlive()).isFalse();
    assertThatThrownBy(() -> slice.get(ValueLayout.JAVA_INT, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Already closed");
    assertThatThrownBy(() -> slice.fill((byte) 0)).hasMessage("Already closed");
    assertThatThrownBy(() -> MemorySegment.copy(slice, 0, slice, 8, 8))
        .hasMessage("Already closed");
    assertThatThrownBy(() -> slice.asByteBuffer().get(0)).hasMessage("Already closed");
    assertThatThrownBy(() -> twin.region().close()).hasMessage("Already closed");
  }

  @Test
  void aCopyFromMemoryThatSomebodyClosesIsSafe() throws InterruptedException {
    for (int i = 0; i < 200; i++) {
      Arena arena = Arena.ofShared();
      MemorySegment source = arena.allocate(4 * GRANULE);
      Thread closer =
          Thread.startVirtualThread(
              () -> {
                while (arena.scope().isAlive()) {
                  try {
                    arena.close();
                  } catch (IllegalStateException e) {
                    assertThat(e).hasMessageContaining("acquired by 1 clients");
                  }
                }
              });
      try {
        while (true) {
          MemorySegment.copy(source, 0, memory, 0, 4 * GRANULE);
        }
      } catch (IllegalStateException e) {
        assertThat(e).hasMessage("Already closed");
      }
      closer.join();
    }
  }

  @Test
  void anotherThreadsConfinedMemoryStaysConfined() throws InterruptedException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocate(64);
      Throwable[] thrown = new Throwable[1];
      Thread thread =
          new Thread(
              () -> {
                try {
                  MemorySegment.copy(source, 0, memory, 0, 64);
                } catch (WrongThreadException e) {
                  thrown[0] = e;
                }
              });
      thread.start();
      thread.join();
      assertThat(thrown[0]).isInstanceOf(WrongThreadException.class);
    }
  }
}
