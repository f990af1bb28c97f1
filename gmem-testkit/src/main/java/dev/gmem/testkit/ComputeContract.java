package dev.gmem.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.Access;
import dev.gmem.KernelCompilationException;
import dev.gmem.KernelSource;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmRange;
import dev.gmem.testkit.ContractKernel.ContractFailure;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** Kernels on memory that is mapped already. */
public abstract class ComputeContract extends KernelFacetContract {
  /** How often a kernel looks for what the CPU writes, before it gives up. */
  private static final long LOOKS_MAX = 2_000_000_000L;

  /** For subclasses. */
  protected ComputeContract() {}

  @Test
  void computesOnMappedMemory() throws ExecutionException {
    GmRange a = numbered(3, 5, 1);
    GmRange b = numbered(3, 100, -3);
    GmRange c = space().allocate(3);
    assertSuccess(space().map(a, true, Access.READ));
    assertSuccess(space().map(b, true, Access.READ));
    assertSuccess(space().map(c, false, Access.OVERWRITE));
    launch(
        kernel(ContractKernel.ADD),
        NdRange.of(ints(c)),
        buffer(a, Access.READ),
        buffer(b, Access.READ),
        buffer(c, Access.OVERWRITE));
    assertSuccess(space().unmap(c, true));
    assertNumbered(c, 105, -2);
  }

  @Test
  void laterLaunchesSeeWhatEarlierOnesWrote() throws ExecutionException {
    GmRange a = numbered(2, 0, 1);
    assertSuccess(space().map(a, true, Access.READ_WRITE));
    GmKernel increment = kernel(ContractKernel.INCREMENT);
    for (int i = 0; i < 5; i++) {
      launch(increment, NdRange.of(ints(a)), buffer(a, Access.READ_WRITE));
    }
    assertSuccess(space().unmap(a, true));
    assertNumbered(a, 5, 1);
  }

  @Test
  void partsOfAllocationsAreArgumentsAtAnyPlace() throws ExecutionException {
    GmRange a = numbered(2, 0, 1);
    assertSuccess(space().map(a, true, Access.READ_WRITE));
    long first = space().granuleBytes() / Integer.BYTES - 7;
    GmArgument part =
        new GmArgument.Buffer(
            a, a.address() + first * Integer.BYTES, 20 * Integer.BYTES, Access.READ_WRITE);
    launch(kernel(ContractKernel.INCREMENT), NdRange.of(20), part);
    assertSuccess(space().unmap(a, true));
    for (int i = 0; i < ints(a); i++) {
      assertEquals(i >= first && i < first + 20 ? i + 1 : i, hostInt(a, i), "int " + i);
    }
  }

  @Test
  void everyWorkItemRunsOnceInOneDimension() throws ExecutionException {
    assertPositions(NdRange.of(1));
    assertPositions(NdRange.of(997));
  }

  @Test
  void everyWorkItemRunsOnceInTwoDimensions() throws ExecutionException {
    assertPositions(NdRange.of(37, 41));
    assertPositions(NdRange.of(1, 19));
  }

  @Test
  void everyWorkItemRunsOnceInThreeDimensions() throws ExecutionException {
    assertPositions(NdRange.of(11, 13, 17));
    assertPositions(NdRange.of(8, 1, 3));
  }

  private void assertPositions(NdRange range) throws ExecutionException {
    GmRange out = space().allocate(range.items() * Integer.BYTES / space().granuleBytes() + 1);
    assertSuccess(space().map(out, false, Access.READ_WRITE));
    launch(kernel(ContractKernel.POSITIONS), range, buffer(out, Access.WRITE));
    assertSuccess(space().unmap(out, true));
    long width = range.globalSize(0);
    long height = range.globalSize(1);
    for (int i = 0; i < range.items(); i++) {
      long x = i % width;
      long y = i / width % height;
      long z = i / width / height;
      assertEquals(x + 1_000 * y + 1_000_000 * z, hostInt(out, i), "work item " + i);
    }
    assertEquals(0, hostInt(out, range.items()), "beyond the last work item");
  }

  @Test
  void workGroupsAreAsAsked() throws ExecutionException {
    GmRange out = space().allocate(1);
    assertSuccess(space().map(out, false, Access.READ_WRITE));
    launch(kernel(ContractKernel.GROUPS), NdRange.of(24).local(4), buffer(out, Access.WRITE));
    assertSuccess(space().unmap(out, true));
    for (int i = 0; i < 24; i++) {
      assertEquals(i % 4 + 1_000 * 4 + 1_000_000 * (i / 4), hostInt(out, i), "work item " + i);
    }
  }

  @Test
  void scalarsArriveAsTheyAre() throws ExecutionException {
    GmRange out = space().allocate(1);
    assertSuccess(space().map(out, false, Access.READ_WRITE));
    launch(
        kernel(ContractKernel.SCALARS),
        NdRange.of(1),
        buffer(out, Access.WRITE),
        scalar(Integer.MIN_VALUE + 1),
        scalar(Long.MAX_VALUE - 2),
        scalar(-0.1f));
    assertSuccess(space().unmap(out, true));
    assertEquals(Integer.MIN_VALUE + 1, hostLong(out, 0));
    assertEquals(Long.MAX_VALUE - 2, hostLong(out, 1));
    assertEquals(Float.floatToRawIntBits(-0.1f), hostLong(out, 2));
  }

  @Test
  void atomicsCountEveryWorkItem() throws ExecutionException {
    GmRange counter = space().allocate(1);
    assertSuccess(space().map(counter, false, Access.READ_WRITE));
    launch(kernel(ContractKernel.COUNT), NdRange.of(100_000), buffer(counter, Access.READ_WRITE));
    assertSuccess(space().unmap(counter, true));
    assertEquals(100_000, hostInt(counter, 0));
  }

  @Test
  void launchesCanOverlap() throws ExecutionException {
    GmKernel increment = kernel(ContractKernel.INCREMENT);
    GmRange[] ranges = new GmRange[6];
    List<CompletionStage<Long>> launches = new ArrayList<>();
    for (int i = 0; i < ranges.length; i++) {
      ranges[i] = numbered(1, i, 1);
      assertSuccess(space().map(ranges[i], true, Access.READ_WRITE));
      launches.add(
          start(increment, NdRange.of(ints(ranges[i])), buffer(ranges[i], Access.READ_WRITE)));
    }
    for (int i = 0; i < ranges.length; i++) {
      assertTrue(await(launches.get(i)) >= 0, "a launch tells how long it ran");
      assertSuccess(space().unmap(ranges[i], true));
      assertNumbered(ranges[i], i + 1, 1);
    }
  }

  @Test
  void pointersInsideBuffersAreValid() throws ExecutionException {
    assumeCapability(GmCapability.SHARED_ADDRESSES);
    GmRange head = space().allocate(2);
    GmRange rest = space().allocate(3);
    GmRange out = space().allocate(1);
    long sum = TestLists.zigzag(space(), head, rest, 100);
    assertSuccess(space().map(head, true, Access.READ));
    assertSuccess(space().map(rest, true, Access.READ));
    assertSuccess(space().map(out, false, Access.READ_WRITE));
    launch(
        kernel(ContractKernel.CHASE),
        NdRange.of(1),
        buffer(head, Access.READ),
        buffer(rest, Access.READ),
        buffer(out, Access.WRITE));
    assertSuccess(space().unmap(out, true));
    assertEquals(sum, hostLong(out, 0));
  }

  @Test
  void aKernelFollowsPointersIntoTheHostFrames() throws ExecutionException {
    assumeCapability(GmCapability.HOST_ADDRESSES);
    GmRange head = space().allocate(2);
    GmRange rest = space().allocate(3);
    GmRange out = space().allocate(1);
    GmKernel chase = kernel(ContractKernel.CHASE);
    List<GmArgument> arguments =
        List.of(
            buffer(head, Access.READ), buffer(rest, Access.READ), buffer(out, Access.READ_WRITE));
    List<GmArgument.Buffer> reached =
        List.of((GmArgument.Buffer) arguments.get(0), (GmArgument.Buffer) arguments.get(1));
    for (int nodes = 99; nodes <= 100; nodes++) {
      long sum = TestLists.zigzag(space(), head, rest, nodes);
      chase.validate(NdRange.of(1), arguments, reached);
      assertSuccess(space().map(out, false, Access.READ_WRITE));
      await(chase.launch(NdRange.of(1), arguments, reached));
      assertSuccess(space().unmap(out, true));
      assertEquals(sum, hostLong(out, 0));
    }
  }

  /** Either side sees what the other writes while the kernel runs. */
  @Test
  void aKernelAndTheCpuMeetInTheHostFrames() throws ExecutionException {
    assumeCapability(GmCapability.HOST_COHERENT);
    assumeCapability(GmCapability.HOST_CONCURRENT);
    GmRange range = numbered(1, 0, 0);
    MemorySegment frames = space().host(range);
    VarHandle element = ValueLayout.JAVA_INT.arrayElementVarHandle();
    CompletionStage<Long> end =
        start(
            kernel(ContractKernel.MEET),
            NdRange.of(1),
            buffer(range, Access.READ_WRITE),
            scalar(LOOKS_MAX));
    long deadline = System.nanoTime() + fixture().timeout().toNanos();
    while ((int) element.getVolatile(frames, 0L, 1L) == 0 && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    assertEquals(1, (int) element.getVolatile(frames, 0L, 1L), "the kernel's write must be seen");
    element.setVolatile(frames, 0L, 0L, 77);
    await(end);
    assertEquals(77, (int) element.getVolatile(frames, 0L, 2L), "the CPU's write must be seen");
  }

  @Test
  void aSourceThatDoesNotCompileIsRefusedWithItsReason() {
    KernelSource broken = form(ContractKernel.BROKEN);
    KernelCompilationException e =
        assertThrows(
            KernelCompilationException.class,
            () -> device().compute().orElseThrow().compile(broken));
    assertTrue(e.getMessage() != null && !e.getMessage().isBlank(), "a reason must be given");
  }

  @Test
  void aKernelThatFailsFailsItsLaunchAndNoOther() throws ExecutionException {
    GmKernel failing = kernel(ContractKernel.FAIL);
    ExecutionException e =
        assertThrows(
            ExecutionException.class, () -> launch(failing, NdRange.of(1_000), scalar(567)));
    assertTrue(hasCause(e, ContractFailure.class), () -> "the cause must be kept: " + e);
    launch(failing, NdRange.of(1_000), scalar(-1));
  }

  @Test
  void tellsItsParameters() {
    GmKernel add = kernel(ContractKernel.ADD);
    assertEquals(3, add.parameters().size());
    assertEquals(ContractKernel.ADD.kernelName(), add.name());
  }

  @Test
  void aSmallMemoryIsEnoughForManyLaunches() throws ExecutionException {
    GmKernel increment = kernel(ContractKernel.INCREMENT);
    GmRange range = numbered(1, 0, 1);
    for (int i = 0; i < 200; i++) {
      assertSuccess(space().map(range, true, Access.READ_WRITE));
      launch(increment, NdRange.of(ints(range)), buffer(range, Access.READ_WRITE));
      assertSuccess(space().unmap(range, true));
    }
    assertNumbered(range, 200, 1);
  }

  private GmRange numbered(long granules, int first, int step) {
    GmRange range = space().allocate(granules);
    numberHost(range, first, step);
    return range;
  }

  private static boolean hasCause(Throwable thrown, Class<?> type) {
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      if (type.isInstance(t)) {
        return true;
      }
    }
    return false;
  }
}
