package dev.gmem.opencl;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.Argument;
import dev.gmem.DeviceException;
import dev.gmem.GmemException;
import dev.gmem.Kernel;
import dev.gmem.KernelLaunchException;
import dev.gmem.KernelSource;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each OpenCL call of what an address space does fails in turn. Users get a typed exception that
 * names the device and has OpenCL's as a cause; every value is where the table says; the space
 * works on.
 */
class SpaceFailureIT extends InSpace {
  private static final int INVALID_OPERATION = -59;
  private static final int MORE = 1_000_000;
  private static final int INTS = 4 * Setup.GRANULE_BYTES / Integer.BYTES;
  private static final KernelSource ADD =
      KernelSource.openCl(
          """
          __kernel void add(__global int *a, int more) {
            a[get_global_id(0)] += more;
          }
          __kernel void copy(__global const int *from, __global int *to) {
            to[get_global_id(0)] = from[get_global_id(0)];
          }
          """);

  private final List<MemorySegment> segments = new ArrayList<>();
  private Recorder recorder;
  private Kernel add;
  private Kernel copy;

  @BeforeEach
  void open() {
    recorder = new Recorder(TestDevices.cl());
    open(SpaceOptions.defaults(), TestDevices.withoutHostAccess(recorder.cl()));
    add = device.load(ADD).kernel("add");
    copy = device.load(ADD).kernel("copy");
  }

  @Override
  @AfterEach
  void close() {
    super.close();
    if (space != null) {
      recorder.assertNothingAlive();
    }
  }

  /**
   * Does something once as it is, and then once for each OpenCL call that took, with that call
   * failing. Calls are told apart by function and occurrence: the order in which the threads of the
   * device make them differs from time to time.
   *
   * @param code what the call returns
   * @param before brings the memory where it is to be before each attempt
   * @param adds whether the action has a kernel add
   * @param action is given ints that count up
   */
  private void failEachCall(
      int code, Consumer<MemorySegment> before, boolean adds, Consumer<MemorySegment> action) {
    MemorySegment segment = allocate();
    Map<String, Integer> calls = new TreeMap<>();
    attempt("nothing", 0, code, segment, before, adds, action)
        .forEach(function -> calls.merge(function, 1, Integer::sum));
    assertTrue(calls.keySet().containsAll(Set.of("flush", "await")), () -> "calls: " + calls);
    calls.forEach(
        (function, times) -> {
          for (int call = 0; call < times; call++) {
            attempt(function, call, code, segment, before, adds, action);
          }
        });
  }

  /** Returns the calls that the action took. */
  private List<String> attempt(
      String function,
      int call,
      int code,
      MemorySegment segment,
      Consumer<MemorySegment> before,
      boolean adds,
      Consumer<MemorySegment> action) {
    String where = function + ", call " + call;
    number(segment);
    before.accept(segment);
    recorder.failAt(function, call, code);
    GmemException thrown = null;
    try {
      action.accept(segment);
    } catch (GmemException e) {
      thrown = e;
    }
    recorder.failNone();
    final List<String> calls = recorder.calls();
    if (thrown != null) {
      assertTrue(recorder.failed() != null, where + ": failed by itself: " + thrown);
      assertTyped(thrown, where);
    }
    assertTableIsRight(segment, where);
    int added = segment.getAtIndex(JAVA_INT, 0);
    assertTrue(added == 0 || added == MORE && adds, where + ": added " + added);
    assertTrue(thrown != null || !adds || added == MORE, where + ": succeeded without effect");
    assertNumbered(segment, added, where);
    add.launch(NdRange.of(INTS), segment, MORE).join();
    assertNumbered(segment, added + MORE, where + ", afterwards");
    return calls;
  }

  private MemorySegment allocate() {
    MemorySegment segment = arena.allocate(JAVA_INT, INTS);
    segments.add(segment);
    return segment;
  }

  private static void number(MemorySegment segment) {
    for (int i = 0; i < INTS; i++) {
      segment.setAtIndex(JAVA_INT, i, i);
    }
  }

  private static void assertNumbered(MemorySegment segment, int more, String where) {
    for (int i = 0; i < INTS; i++) {
      if (segment.getAtIndex(JAVA_INT, i) != i + more) {
        assertEquals(i + more, segment.getAtIndex(JAVA_INT, i), where + ", int " + i);
      }
    }
  }

  private void assertTableIsRight(MemorySegment segment, String where) {
    long bytes = 0;
    for (MemorySegment each : segments) {
      bytes += space.residency(each).bytesOn(device.id());
    }
    assertEquals(device.residentBytes(), bytes, where + ": bytes on the device");
    assertTrue(
        space.residency(segment).extents().stream().noneMatch(e -> e.poisoned()), where + ": lost");
  }

  private void assertTyped(GmemException thrown, String where) {
    assertTrue(
        thrown instanceof DeviceException || thrown instanceof KernelLaunchException,
        () -> where + ": " + thrown);
    assertTrue(thrown.getMessage().contains(device.id()), () -> where + ": " + thrown);
    boolean said = false;
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      said |= t instanceof ClException;
    }
    assertTrue(said, () -> where + ": no OpenCL cause in " + thrown + " of " + thrown.getCause());
  }

  @ParameterizedTest
  @ValueSource(ints = {INVALID_OPERATION, ClCode.OUT_OF_RESOURCES})
  void everyCallOfAMigrationToTheDeviceMayFail(int code) {
    failEachCall(code, segment -> {}, false, segment -> space.prefetch(segment, device).join());
  }

  @ParameterizedTest
  @ValueSource(ints = {INVALID_OPERATION, ClCode.OUT_OF_HOST_MEMORY})
  void everyCallOfAMigrationToTheHostMayFail(int code) {
    failEachCall(code, this::ownByDevice, false, segment -> space.prefetchToHost(segment).join());
  }

  @ParameterizedTest
  @ValueSource(ints = {INVALID_OPERATION, ClCode.OUT_OF_HOST_MEMORY})
  void everyCallOfAHostFaultMayFail(int code) {
    failEachCall(code, this::ownByDevice, false, segment -> assertNumbered(segment, 0, "by fault"));
  }

  /** Leaves the only valid copy on the device. */
  private void ownByDevice(MemorySegment segment) {
    add.launch(NdRange.of(INTS), segment, 0).join();
    assertEquals(segment.byteSize(), space.residency(segment).bytesOn(device.id()));
  }

  @ParameterizedTest
  @ValueSource(ints = {INVALID_OPERATION, ClCode.MEM_OBJECT_ALLOCATION_FAILURE})
  void everyCallOfALaunchThatMovesItsArgumentMayFail(int code) {
    failEachCall(
        code, segment -> {}, true, segment -> add.launch(NdRange.of(INTS), segment, MORE).join());
  }

  @ParameterizedTest
  @ValueSource(ints = {INVALID_OPERATION, ClCode.OUT_OF_RESOURCES})
  void everyCallOfALaunchInPlaceMayFail(int code) {
    failEachCall(
        code,
        this::ownByDevice,
        true,
        segment -> add.launch(NdRange.of(INTS), segment, MORE).join());
  }

  /** What is to be overwritten has no contents to keep; what is read has. */
  @ParameterizedTest
  @ValueSource(ints = {INVALID_OPERATION, ClCode.MEM_OBJECT_ALLOCATION_FAILURE})
  void everyCallOfALaunchThatReadsMayFail(int code) {
    MemorySegment to = allocate();
    failEachCall(
        code,
        segment -> {},
        false,
        segment -> {
          copy.launch(NdRange.of(INTS), segment, Argument.overwrite(to)).join();
          assertNumbered(to, 0, "copied");
        });
  }
}
