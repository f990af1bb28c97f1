package dev.gmem.opencl;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.Access;
import dev.gmem.Argument;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lists that CPU code has built, node by node, and kernels walk. */
class SpacePointersIT extends InSpace {
  private static final int NODES = 10_000;
  private static final long NODE_BYTES = 2 * Long.BYTES;
  private static final KernelSource SOURCE =
      KernelSource.openCl(
          """
          typedef struct node { ulong next; long value; } node;
          __kernel void sum(ulong first, __global long *out) {
            long sum = 0;
            for (__global node *n = (__global node *) first; n; n = (__global node *) n->next) {
              sum += n->value;
            }
            out[0] = sum;
          }
          __kernel void increment(ulong first) {
            for (__global node *n = (__global node *) first; n; n = (__global node *) n->next) {
              n->value++;
            }
          }
          __kernel void twice(__global node *nodes) {
            nodes[get_global_id(0)].value *= 2;
          }
          """);

  /** How the device reaches memory. */
  enum Mode {
    DISCRETE(() -> TestDevices.device(TestDevices.discrete())),
    DISCRETE_BUFFERS(
        () ->
            TestDevices.device(
                TestDevices.discrete(), TestDevices.cl(), TestDevices::withoutAddresses)),
    ZERO_COPY(() -> TestDevices.device(TestDevices.zeroCopy())),
    ZERO_COPY_BUFFERS(() -> TestDevices.onHostBuffers(TestDevices.cl()));

    private final Supplier<OpenClDevice> make;

    Mode(Supplier<OpenClDevice> make) {
      this.make = make;
    }

    OpenClDevice make() {
      TestDevices.requirePointers();
      return make.get();
    }
  }

  private void open(OpenClDevice made) {
    open(SpaceOptions.defaults(), made);
  }

  private Kernel kernel(String name) {
    return device.load(SOURCE).kernel(name);
  }

  /** Builds a list of nodes 1, 2, 3, ...; returns the first one. */
  private static MemorySegment list(List<MemorySegment> nodes) {
    for (int i = 0; i < nodes.size(); i++) {
      long next = i + 1 < nodes.size() ? nodes.get(i + 1).address() : 0;
      nodes.get(i).set(JAVA_LONG, 0, next);
      nodes.get(i).set(JAVA_LONG, Long.BYTES, i + 1);
    }
    return nodes.getFirst();
  }

  private static List<MemorySegment> nodes(MemorySegment... pools) {
    List<MemorySegment> nodes = new ArrayList<>();
    for (int i = 0; i < NODES; i++) {
      MemorySegment pool = pools[i % pools.length];
      nodes.add(pool.asSlice(i / pools.length * NODE_BYTES, NODE_BYTES));
    }
    return nodes;
  }

  private long sum(MemorySegment first, Argument... reached) {
    MemorySegment out = arena.allocate(JAVA_LONG);
    Object[] arguments =
        Stream.concat(Stream.of(first.address(), out), Stream.of(reached)).toArray();
    kernel("sum").launch(NdRange.of(1), arguments).join();
    return out.get(JAVA_LONG, 0);
  }

  @ParameterizedTest
  @EnumSource
  void aKernelWalksAListThroughSeveralAllocations(Mode mode) {
    open(mode.make());
    MemorySegment a = arena.allocate(NODES * NODE_BYTES, Long.BYTES);
    MemorySegment b = arena.allocate(NODES * NODE_BYTES, Long.BYTES);
    MemorySegment first = list(nodes(a, b));
    Argument[] reached = {Argument.reached(a, Access.READ), Argument.reached(b, Access.READ)};
    assertEquals(NODES * (NODES + 1L) / 2, sum(first, reached));
    b.set(JAVA_LONG, Long.BYTES, 1_000_002); // node 2
    assertEquals(NODES * (NODES + 1L) / 2 + 1_000_000, sum(first, reached));
  }

  @ParameterizedTest
  @EnumSource
  void whatItWritesThereTheCpuReads(Mode mode) {
    open(mode.make());
    MemorySegment pool = arena.allocate(NODES * NODE_BYTES, Long.BYTES);
    MemorySegment first = list(nodes(pool));
    for (int round = 1; round <= 3; round++) {
      Launch launch =
          kernel("increment").launch(NdRange.of(1), first.address(), Argument.reached(pool));
      // No join: the access waits.
      assertEquals(NODES + round, pool.get(JAVA_LONG, (NODES - 1) * NODE_BYTES + Long.BYTES));
      assertTrue(launch.isDone());
    }
  }

  @ParameterizedTest
  @EnumSource
  void kernelsThatFollowPointersAndOthersTakeTurns(Mode mode) {
    open(mode.make());
    MemorySegment pool = arena.allocate(NODES * NODE_BYTES, Long.BYTES);
    MemorySegment first = list(nodes(pool));
    for (int round = 0; round < 3; round++) {
      kernel("twice").launch(NdRange.of(NODES), pool);
      kernel("increment").launch(NdRange.of(1), first.address(), Argument.reached(pool));
    }
    for (int i = 0; i < NODES; i++) {
      long value = i + 1;
      assertEquals(8 * value + 7, pool.get(JAVA_LONG, i * NODE_BYTES + Long.BYTES), "node " + i);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theListIsAnArgumentToo(Mode mode) {
    open(mode.make());
    MemorySegment pool = arena.allocate(NODES * NODE_BYTES, Long.BYTES);
    list(nodes(pool));
    KernelSource source =
        KernelSource.openCl(
            """
            __kernel void walk(__global ulong *nodes, __global long *out) {
              long sum = 0;
              for (__global ulong *n = nodes; n; n = (__global ulong *) n[0]) {
                sum += n[1];
                n[1] = 0;
              }
              out[0] = sum;
            }
            """);
    MemorySegment out = arena.allocate(JAVA_LONG);
    device.load(source).kernel("walk").launch(NdRange.of(1), pool, out, Argument.reached(pool));
    assertEquals(NODES * (NODES + 1L) / 2, out.get(JAVA_LONG, 0));
    assertEquals(0, pool.get(JAVA_LONG, (NODES - 1) * NODE_BYTES + Long.BYTES));
  }

  @Test
  void inDiscreteModeItIsReachedInTheHostsMemoryAndTheRestMoves() {
    open(Mode.DISCRETE.make());
    assertTrue(device.capabilities().contains(GmCapability.HOST_ADDRESSES));
    assertFalse(device.capabilities().contains(GmCapability.SHARED_ADDRESSES));
    assertTrue(device.description().contains("stored pointers valid in host memory"));
    MemorySegment pool = arena.allocate(NODES * NODE_BYTES, Long.BYTES);
    sum(list(nodes(pool)), Argument.reached(pool, Access.READ));
    assertEquals(0, space.residency(pool).bytesOn(device.id()));
    assertEquals(0, space.statistics(pool).bytesToDevices());
  }

  @Test
  void aDeviceThatCannotSaysSoAndWhy() {
    open(TestDevices.withoutHostAccess(TestDevices.cl()));
    MemorySegment pool = arena.allocate(NODES * NODE_BYTES, Long.BYTES);
    MemorySegment first = list(nodes(pool));
    UnsupportedOperationException e =
        assertThrows(UnsupportedOperationException.class, () -> sum(first, Argument.reached(pool)));
    assertTrue(e.getMessage().contains("cannot follow addresses"), e::getMessage);
    assertTrue(e.getMessage().contains("kernel=sum device=opencl0"), e::getMessage);
    assertTrue(e.getMessage().contains("stored pointers not valid (for a test)"), e::getMessage);
    assertTrue(e.getMessage().contains(", SVM "), e::getMessage);
    assertEquals(1, first.get(JAVA_LONG, Long.BYTES));
  }
}
