package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.gmem.Access;
import dev.gmem.DeviceException;
import dev.gmem.KernelCompilationException;
import dev.gmem.KernelLaunchException;
import dev.gmem.KernelSource;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmStatusException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Each OpenCL call fails in turn: what was asked for fails with a typed reason or succeeds, the
 * valid copy stays valid, the same thing works afterwards, and nothing is retained.
 */
class FailureInjectionTest {
  private static final int CALLS_MAX = 200;
  private static final int INVALID_OPERATION = -59;

  private static final long FEW_GRANULES = 2;

  /** A run of which the caller waits for the transfer, on devices of any kind. */
  private static final long LARGE_GRANULES = (4 << 20) / Setup.GRANULE_BYTES;

  private static final byte STALE = 0x6B;
  private static final String ADD =
      "__kernel void add(__global int* a, int more, __local int* scratch) {"
          + " scratch[get_local_id(0)] = more; a[get_global_id(0)] += scratch[get_local_id(0)]; }";

  private Recorder recorder;

  @BeforeEach
  void record() {
    recorder = new Recorder(TestDevices.cl());
  }

  @AfterEach
  void nothingIsRetained() {
    recorder.assertNothingAlive();
  }

  /**
   * Does something with each of its calls failing in turn, until none is left.
   *
   * @param action tells whether it succeeded
   * @param check is told the same once no call fails any more
   * @return the functions that failed
   */
  private List<String> failEachCall(int code, BooleanSupplier action, Consumer<Boolean> check) {
    return failEachCall(code, () -> {}, action, check);
  }

  /** As above, with something to do before each attempt. */
  private List<String> failEachCall(
      int code, Runnable before, BooleanSupplier action, Consumer<Boolean> check) {
    List<String> failed = new ArrayList<>();
    for (int call = 0; call < CALLS_MAX; call++) {
      before.run();
      recorder.failAt(call, code);
      boolean succeeded = action.getAsBoolean();
      recorder.failNone();
      check.accept(succeeded);
      if (recorder.failed() == null) {
        assertTrue(succeeded, "without a failure it succeeds");
        return failed;
      }
      failed.add(recorder.failed());
    }
    return fail("more than " + CALLS_MAX + " calls");
  }

  private void assertCovers(List<String> failed, String... functions) {
    assertTrue(failed.containsAll(List.of(functions)), () -> "failed: " + failed);
  }

  // ---- migration ----

  private static boolean succeeds(Supplier<GmStatus> call) {
    try {
      GmStatus status = call.get();
      if (status != GmStatus.SUCCESS) {
        assertEquals(GmStatus.NOMEM, status);
      }
      return status == GmStatus.SUCCESS;
    } catch (GmStatusException e) {
      assertReason(e);
      return false;
    } catch (CompletionException e) {
      assertReason(assertInstanceOf(GmStatusException.class, e.getCause()));
      return false;
    }
  }

  private static void assertReason(GmStatusException e) {
    ClException cause = assertInstanceOf(ClException.class, e.getCause());
    assertTrue(e.getMessage().contains("device=opencl0") || e.status() != GmStatus.DMA_ERROR);
    assertTrue(cause.code() < 0);
  }

  /** Maps, told by the lane's waiter, so that calls come in the same order each time. */
  private static GmStatus map(Setup setup, GmRange range, boolean copy) {
    return setup.space().mapAsync(range, copy, Access.READ_WRITE).join();
  }

  private List<String> failMapping(int code, boolean copy) {
    return failMapping(code, copy, FEW_GRANULES);
  }

  private static boolean leavesInTheQueue(boolean write) {
    boolean hostUnified = TestDevices.facts().hostUnified();
    return !Transfers.block(hostUnified, write, FEW_GRANULES * Setup.GRANULE_BYTES);
  }

  private List<String> failMapping(int code, boolean copy, long granules) {
    try (Setup setup = new Setup(TestDevices.withoutHostAccess(recorder.cl()))) {
      GmRange range = setup.numbered(granules);
      return failEachCall(
          code,
          () -> succeeds(() -> map(setup, range, copy)),
          mapped -> {
            setup.assertNumbered(range, 0);
            if (mapped) {
              assertEquals(GmStatus.SUCCESS, setup.space().unmapAsync(range, copy).join());
            }
            assertEquals(GmStatus.SUCCESS, setup.device().mmu().peerVaFree(range));
            assertEquals(0, recorder.alive("Buffer"), "buffers");
            assertEquals(GmStatus.SUCCESS, setup.device().mmu().peerVaAlloc(range));
            setup.assertNumbered(range, 0);
          });
    }
  }

  @Test
  void everyCallOfAMappingMayFail() {
    List<String> failed = failMapping(INVALID_OPERATION, true, FEW_GRANULES);
    assertCovers(failed, "createBuffer", "enqueueWrite", "await");
    assertEquals(leavesInTheQueue(true), failed.contains("flush"), () -> "failed: " + failed);
  }

  @Test
  void everyCallOfALargeMappingMayFailWhichIsDoneByTheCaller() {
    List<String> failed = failMapping(INVALID_OPERATION, true, LARGE_GRANULES);
    assertCovers(failed, "createBuffer", "enqueueWrite", "await");
    assertFalse(failed.contains("flush"), () -> "left in the queue: " + failed);
  }

  @Test
  void aLargeMappingMayRunOutOfMemory() {
    int code = ClCode.MEM_OBJECT_ALLOCATION_FAILURE;
    assertCovers(failMapping(code, true, LARGE_GRANULES), "createBuffer", "enqueueWrite");
  }

  @Test
  void everyCallOfAMappingMayRunOutOfMemory() {
    for (int code :
        new int[] {
          ClCode.MEM_OBJECT_ALLOCATION_FAILURE, ClCode.OUT_OF_RESOURCES, ClCode.OUT_OF_HOST_MEMORY
        }) {
      assertCovers(failMapping(code, true), "createBuffer", "enqueueWrite");
    }
  }

  @Test
  void everyCallOfAMappingWithZerosMayFail() {
    assertCovers(failMapping(INVALID_OPERATION, false), "createBuffer", "enqueueZeros", "flush");
  }

  /** Only what means nothing else: a kernel that has trapped, or a lack of resources, passes. */
  @Test
  void aDeviceThatIsNotAvailableAnyMoreIsLost() {
    for (int code : new int[] {ClCode.DEVICE_NOT_AVAILABLE, ClCode.CONTEXT_TERMINATED}) {
      try (Setup setup = new Setup(TestDevices.withoutHostAccess(recorder.cl()))) {
        GmRange range = setup.numbered(2);
        for (int call = 0; call < 2; call++) {
          recorder.failAt(call, code);
          GmStatusException lost = assertThrows(GmStatusException.class, () -> map(setup, range));
          assertEquals(GmStatus.DEVICE_LOST, lost.status());
          assertInstanceOf(ClException.class, lost.getCause());
        }
        recorder.failNone();
        setup.home(setup.mapped(range));
      }
    }
  }

  private static GmStatus map(Setup setup, GmRange range) {
    return setup.space().map(range, true, Access.READ_WRITE);
  }

  @Test
  void aLackOfMemoryIsNomemSoThatTheCoreEvicts() {
    try (Setup setup = new Setup(TestDevices.withoutHostAccess(recorder.cl()))) {
      GmRange range = setup.numbered(2);
      for (int call = 0; call < 2; call++) {
        recorder.failAt(call, ClCode.MEM_OBJECT_ALLOCATION_FAILURE);
        assertEquals(GmStatus.NOMEM, setup.space().map(range, true, Access.READ_WRITE));
      }
      setup.home(setup.mapped(range));
      setup.assertNumbered(range, 0);
    }
  }

  @Test
  void everyCallOfAMappingBesideOthersMayFail() {
    try (Setup setup = new Setup(TestDevices.withoutHostAccess(recorder.cl()))) {
      GmRange range = setup.numbered(4);
      GmRange left = setup.space().part(range, 0, 2);
      GmRange right = setup.space().part(range, 2, 2);
      setup.mapped(left);
      failEachCall(
          INVALID_OPERATION,
          () -> succeeds(() -> map(setup, right, true)),
          mapped -> {
            if (mapped) {
              setup.home(right);
            }
          });
      setup.space().host(left).fill(STALE);
      setup.home(left);
      setup.assertNumbered(range, 0);
    }
  }

  @Test
  void everyCallOfAnUnmappingMayFail() {
    List<String> failed = failUnmapping(FEW_GRANULES);
    assertCovers(failed, "enqueueRead", "await", "releaseEvent");
    assertEquals(leavesInTheQueue(false), failed.contains("flush"), () -> "failed: " + failed);
  }

  @Test
  void everyCallOfALargeUnmappingMayFailWhichIsDoneByTheCaller() {
    List<String> failed = failUnmapping(LARGE_GRANULES);
    assertCovers(failed, "enqueueRead", "await", "releaseEvent");
    assertFalse(failed.contains("flush"), () -> "left in the queue: " + failed);
  }

  private List<String> failUnmapping(long granules) {
    try (Setup setup = new Setup(TestDevices.withoutHostAccess(recorder.cl()))) {
      GmRange range = setup.numbered(granules);
      setup.mapped(range);
      List<String> failed =
          failEachCall(
              INVALID_OPERATION,
              () -> succeeds(() -> setup.space().unmapAsync(range, true).join()),
              unmapped -> {
                setup.space().host(range).fill(unmapped ? 0 : STALE);
                if (unmapped) {
                  number(setup, range);
                } else {
                  setup.home(range);
                }
                setup.assertNumbered(range, 0);
                setup.mapped(range);
              });
      setup.home(range);
      return failed;
    }
  }

  private static void number(Setup setup, GmRange range) {
    for (int i = 0; i < Setup.ints(range); i++) {
      setup.space().host(range).setAtIndex(ValueLayout.JAVA_INT, i, i);
    }
  }

  @Test
  void everyCallOfACopyMayFail() {
    try (Setup setup = new Setup(TestDevices.withoutHostAccess(recorder.cl()))) {
      GmRange range = setup.mapped(setup.numbered(2));
      MemorySegment target = MemorySegment.ofArray(new int[Setup.ints(range)]);
      failEachCall(
          INVALID_OPERATION,
          () ->
              succeeds(
                  () ->
                      setup.device().mmu().copy(new GmCopy.DeviceToHost(range.address(), target))),
          copied -> assertEquals(GmStatus.PAGE_EXIST, again(setup, range)));
      setup.home(range);
      setup.assertNumbered(range, 0);
    }
  }

  private static GmStatus again(Setup setup, GmRange range) {
    return setup.space().tryMap(range, true, Access.READ_WRITE);
  }

  // ---- launch ----

  private List<String> failLaunch(OpenClDevice device, long offset) {
    try (Setup setup = new Setup(device)) {
      GmKernel kernel = setup.kernel(ADD);
      GmRange range = setup.mapped(setup.numbered(1));
      long items = 256;
      GmArgument[] arguments = {
        Setup.slice(range, offset, items * Integer.BYTES, Access.READ_WRITE),
        Setup.scalar(1_000_000),
        new GmArgument.Local(64 * Integer.BYTES)
      };
      NdRange groups = NdRange.of(items).local(64);
      List<String> failed = new ArrayList<>();
      boolean[] first = {true};
      for (int round = 0; round < 2; round++) {
        // The first round makes what stays, the second finds it made; each call has its turn.
        failed.addAll(
            failEachCall(
                INVALID_OPERATION,
                () -> {
                  if (!first[0]) {
                    forgetArguments(kernel, groups, arguments);
                  }
                  first[0] = false;
                },
                () -> launches(kernel, groups, arguments),
                succeeded -> {
                  setup.home(range);
                  assertSliceIsWhole(setup, range, offset / Integer.BYTES, items, succeeded);
                  number(setup, range);
                  setup.mapped(range);
                }));
      }
      setup.home(range);
      return failed;
    }
  }

  /** Has a launch fail, after which the next one sets all of its arguments. */
  private void forgetArguments(GmKernel kernel, NdRange range, GmArgument... arguments) {
    recorder.failAt("enqueueKernel", 0, INVALID_OPERATION);
    assertFalse(launches(kernel, range, arguments));
    recorder.failNone();
  }

  private boolean launches(GmKernel kernel, NdRange range, GmArgument... arguments) {
    try {
      assertTrue(Setup.run(kernel, range, arguments) >= 0);
      return true;
    } catch (CompletionException e) {
      KernelLaunchException failure = assertInstanceOf(KernelLaunchException.class, e.getCause());
      assertInstanceOf(ClException.class, failure.getCause());
      assertTrue(failure.getMessage().contains("kernel=add"), failure::getMessage);
      assertTrue(failure.getMessage().contains("device=opencl0"), failure::getMessage);
      return false;
    }
  }

  /** The kernel ran as a whole or not at all; if it succeeded it ran. */
  private static void assertSliceIsWhole(
      Setup setup, GmRange range, long first, long items, boolean ran) {
    int more = setup.hostInt(range, first) - (int) first;
    assertTrue(more == 1_000_000 || more == 0 && !ran, "added " + more);
    for (long i = 0; i < Setup.ints(range); i++) {
      boolean inside = i >= first && i < first + items;
      assertEquals(i + (inside ? more : 0), setup.hostInt(range, i), "int " + i);
    }
  }

  @Test
  void everyCallOfALaunchMayFail() {
    assertCovers(
        failLaunch(TestDevices.withoutHostAccess(recorder.cl()), 0),
        "setBuffer",
        "setScalar",
        "setLocal",
        "enqueueKernel",
        "flush",
        "await",
        "nanos",
        "releaseEvent");
  }

  @Test
  void everyCallOfALaunchOnAnAlignedSliceMayFail() {
    assertCovers(
        failLaunch(TestDevices.withoutHostAccess(recorder.cl()), 4096),
        "createSubBuffer",
        "releaseBuffer");
  }

  @Test
  void everyCallOfALaunchOnAnUnalignedSliceMayFail() {
    assertCovers(
        failLaunch(TestDevices.withoutHostAccess(recorder.cl()), 4),
        "createBuffer",
        "enqueueCopy",
        "releaseBuffer");
  }

  @Test
  void everyCallOfALaunchOnHostAddressesMayFail() {
    assertCovers(
        failLaunch(TestDevices.device(TestDevices.zeroCopy(), recorder.cl(), a -> a), 4),
        "setPointer",
        "enqueueKernel");
  }

  @Test
  void everyCallOfALaunchOnHostBuffersMayFail() {
    assertCovers(
        failLaunch(TestDevices.onHostBuffers(recorder.cl()), 0), "createHostBuffer", "setBuffer");
  }

  @Test
  void everyCallMayFailWhileTheCallerWaitsForTheDeviceItself() {
    try (Setup setup = new Setup(TestDevices.withoutHostAccess(recorder.cl()))) {
      GmKernel kernel = setup.kernel("__kernel void k(__global int* a) {}");
      GmRange range = setup.numbered(4);
      GmArgument buffer = Setup.buffer(range, Access.READ_WRITE);
      for (int call = 0; call < 40; call++) {
        recorder.failAt(call, INVALID_OPERATION);
        boolean mapped = succeeds(() -> setup.space().map(range, true, Access.READ_WRITE));
        if (mapped) {
          try {
            Setup.start(kernel, NdRange.of(1), buffer).toCompletableFuture().join();
          } catch (CompletionException e) {
            assertInstanceOf(KernelLaunchException.class, e.getCause());
          }
          boolean unmapped = succeeds(() -> setup.space().unmap(range, true));
          recorder.failNone();
          if (!unmapped) {
            setup.home(range);
          }
        }
        recorder.failNone();
        setup.assertNumbered(range, 0);
      }
    }
  }

  // ---- life ----

  @Test
  void everyCallOfACompilationMayFail() {
    try (Setup setup = new Setup(TestDevices.withoutHostAccess(recorder.cl()))) {
      failEachCall(
          INVALID_OPERATION,
          () -> {
            try {
              setup.device().compute().orElseThrow().compile(KernelSource.openCl(ADD)).close();
              return true;
            } catch (KernelCompilationException e) {
              assertInstanceOf(ClException.class, e.getCause());
              return false;
            }
          },
          compiled -> {
            assertEquals(0, recorder.alive("Program"), "programs");
            assertEquals(0, recorder.alive("Kernel"), "kernels");
          });
    }
  }

  @Test
  void everyCallOfAnAttachmentMayFail() {
    OpenClDevice device = TestDevices.withoutHostAccess(recorder.cl());
    failEachCall(
        INVALID_OPERATION,
        () -> {
          try {
            device.attach(new GmAttachment(Setup.GRANULE_BYTES, 1, null));
            device.detach();
            return true;
          } catch (DeviceException e) {
            assertInstanceOf(ClException.class, e.getCause());
            return false;
          }
        },
        attached -> recorder.assertNothingAlive());
    device.close();
    assertThrows(
        IllegalStateException.class,
        () -> device.attach(new GmAttachment(Setup.GRANULE_BYTES, 1, null)));
  }

  @Test
  void everyCallOfAProbeMayFail() {
    DeviceFacts facts = TestDevices.facts();
    failEachCall(
        INVALID_OPERATION,
        () -> {
          HostAccess access = HostProbe.probe(recorder.cl(), facts);
          return access.equals(HostProbe.probe(TestDevices.cl(), facts))
              || recorder.failed() == null;
        },
        probed -> recorder.assertNothingAlive());
  }
}
