package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.gmem.Access;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.kernel.DeviceKernel;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Allocations with pages of several sizes on one device. */
@Timeout(120)
class SimPageSizesTest {
  private static final int BASE = 4096;

  private final Arena arena = Arena.ofShared();
  private final SimDevice device = Sim.builder("sim0").memoryBytes(16 << 20).workers(2).build();
  private final List<Allocation> allocations = new ArrayList<>();
  private int faults;

  SimPageSizesTest() {
    device.attach(new GmAttachment(BASE, 1, this::fault));
  }

  @AfterEach
  void close() {
    device.close();
    arena.close();
  }

  private record Allocation(GmRange range, MemorySegment host, int granuleBytes) {
    GmRange granule(long address) {
      return new GmRange(address & -granuleBytes, granuleBytes);
    }

    MemorySegment host(GmRange run) {
      return host.asSlice(run.address() - range.address(), run.bytes());
    }
  }

  private Allocation allocate(int granules, int granuleBytes) {
    MemorySegment host = arena.allocate((long) granules * granuleBytes, granuleBytes);
    Allocation allocation =
        new Allocation(new GmRange(host.address(), host.byteSize()), host, granuleBytes);
    assertThat(device.mmu().peerVaAlloc(allocation.range(), granuleBytes))
        .isEqualTo(GmStatus.SUCCESS);
    allocations.add(allocation);
    return allocation;
  }

  private synchronized void fault(GmDevice from, long address, long bytes, Access access) {
    faults++;
    for (Allocation allocation : allocations) {
      if (allocation.range().address() <= address && address < allocation.range().end()) {
        GmRange run = allocation.granule(address);
        GmMapping mapping = new GmMapping(run, allocation.host(run), true, Access.READ_WRITE);
        GmStatus status = device.mmu().peerMap(mapping);
        assertThat(status).isIn(GmStatus.SUCCESS, GmStatus.PAGE_EXIST);
        return;
      }
    }
    throw new AssertionError("a fault outside of all allocations");
  }

  private void launch(int items, DeviceKernel body, Allocation... buffers) throws Exception {
    Parameter[] parameters = new Parameter[buffers.length];
    Arrays.fill(parameters, Parameter.READ_WRITE);
    List<GmArgument> arguments = new ArrayList<>();
    for (Allocation buffer : buffers) {
      GmRange all = buffer.range();
      arguments.add(new GmArgument.Buffer(all, all.address(), all.bytes(), Access.READ_WRITE));
    }
    SimRig.await(
        device
            .compute()
            .orElseThrow()
            .compile(KernelSource.java("k", body, parameters))
            .kernels()
            .getFirst()
            .launch(NdRange.of(items), arguments)
            .toCompletableFuture());
  }

  private void unmap(Allocation allocation) {
    for (long at = allocation.range().address();
        at < allocation.range().end();
        at += allocation.granuleBytes()) {
      GmRange run = allocation.granule(at);
      assertThat(device.mmu().peerUnmap(new GmUnmapping(run, allocation.host(run), true)))
          .isEqualTo(GmStatus.SUCCESS);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4096, 8192, 65_536, 2 << 20})
  void aKernelWorksOnAllocationsOfDifferentGranules(int granuleBytes) throws Exception {
    Allocation large = allocate(2, granuleBytes);
    Allocation small = allocate(2 * granuleBytes / BASE, BASE);
    int ints = 2 * granuleBytes / Integer.BYTES;
    for (int i = 0; i < ints; i++) {
      large.host().setAtIndex(ValueLayout.JAVA_INT, i, i);
    }
    launch(
        ints,
        (item, memory, arguments) -> {
          long at = 4L * item.globalId(0);
          int value = memory.getInt(arguments.address(0) + at);
          memory.putInt(arguments.address(1) + at, 3 * value);
          memory.putInt(arguments.address(0) + at, -value);
        },
        large,
        small);
    assertThat(faults).isGreaterThanOrEqualTo(2 + 2 * granuleBytes / BASE);
    unmap(large);
    unmap(small);
    for (int i = 0; i < ints; i++) {
      assertThat(large.host().getAtIndex(ValueLayout.JAVA_INT, i)).isEqualTo(-i);
      assertThat(small.host().getAtIndex(ValueLayout.JAVA_INT, i)).isEqualTo(3 * i);
    }
    assertThat(device.statistics().mappedBytes()).isZero();
  }

  /** Entries of TLBs that were made for larger pages must not answer for smaller ones. */
  @Test
  void smallPagesThatComeLaterAreToldApart() throws Exception {
    Allocation large = allocate(2, 65_536);
    DeviceKernel count =
        (item, memory, arguments) -> {
          for (int i = 0; i < arguments.count(); i++) {
            long end = arguments.address(i) + 2 * 65_536;
            for (long at = arguments.address(i); at < end; at += 512) {
              memory.putLong(at, memory.getLong(at) + at);
            }
          }
        };
    launch(1, count, large);
    Allocation small = allocate(32, BASE);
    launch(1, count, large, small);
    unmap(large);
    unmap(small);
    for (long offset = 0; offset < 2 * 65_536; offset += 512) {
      assertThat(large.host().get(ValueLayout.JAVA_LONG, offset))
          .isEqualTo(2 * (large.range().address() + offset));
      assertThat(small.host().get(ValueLayout.JAVA_LONG, offset))
          .isEqualTo(small.range().address() + offset);
    }
  }

  @Test
  void theSameAddressesMayHavePagesOfAnotherSizeLater() throws Exception {
    MemorySegment host = arena.allocate(65_536, 65_536);
    GmRange range = new GmRange(host.address(), 65_536);
    for (int granuleBytes : new int[] {65_536, 4096, 16_384}) {
      Allocation allocation = new Allocation(range, host, granuleBytes);
      assertThat(device.mmu().peerVaAlloc(range, granuleBytes)).isEqualTo(GmStatus.SUCCESS);
      allocations.clear();
      allocations.add(allocation);
      host.fill((byte) 0);
      launch(
          65_536 / 8,
          (item, memory, arguments) -> {
            long at = arguments.address(0) + 8L * item.globalId(0);
            memory.putLong(at, at + granuleBytes);
          },
          allocation);
      unmap(allocation);
      for (long offset = 0; offset < 65_536; offset += 8) {
        assertThat(host.get(ValueLayout.JAVA_LONG, offset))
            .isEqualTo(range.address() + offset + granuleBytes);
      }
      assertThat(device.mmu().peerVaFree(range)).isEqualTo(GmStatus.SUCCESS);
    }
  }

  @Test
  void aRunOfPartsOfGranulesIsRefused() {
    Allocation large = allocate(2, 65_536);
    GmRange part = new GmRange(large.range().address(), BASE);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                device
                    .mmu()
                    .peerMap(new GmMapping(part, large.host(part), true, Access.READ_WRITE)))
        .withMessageContaining("granuleBytes=65536");
  }
}
