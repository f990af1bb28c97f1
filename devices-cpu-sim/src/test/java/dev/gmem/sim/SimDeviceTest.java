package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Access;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The device beyond the contract: its life, its settings, lazy memory, statistics. */
@Timeout(120)
class SimDeviceTest {
  private static final GmAttachment ATTACHMENT =
      new GmAttachment(64 << 10, 1, (from, address, bytes, access) -> {});

  private static final long FAR = 1L << 44;

  @Test
  void isAttachedOnceAtATime() {
    try (SimDevice device = Sim.builder("sim0").build()) {
      assertThatThrownBy(device::detach).isInstanceOf(IllegalStateException.class);
      device.attach(ATTACHMENT);
      assertThatThrownBy(() -> device.attach(ATTACHMENT))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("attached already");
      device.detach();
      device.attach(ATTACHMENT);
    }
  }

  @Test
  void isNotDetachedWhileSomethingIsMapped() {
    try (SimRig rig = SimRig.plain()) {
      GmRange range = rig.space().allocate(3);
      rig.space().map(range, true, Access.READ);
      assertThatThrownBy(rig.device()::detach)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("mappedBytes=" + 3 * SimRig.GRANULE_BYTES);
      rig.space().bringHome(range);
    }
  }

  @Test
  void isOfNoUseOnceClosed() {
    SimDevice device = Sim.builder("sim0").build();
    device.attach(ATTACHMENT);
    device.close();
    assertThatThrownBy(() -> device.attach(ATTACHMENT)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> device.mmu().peerVaAlloc(new GmRange(FAR, 64 << 10)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void refusesNonsense() {
    assertThatIllegalArgumentException().isThrownBy(() -> Sim.builder("x").memoryBytes(0));
    assertThatIllegalArgumentException().isThrownBy(() -> Sim.builder("x").workers(0));
    try (SimDevice device = Sim.builder("sim0").build()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> device.attach(new GmAttachment(3000, 1, ATTACHMENT.faults())));
      device.attach(ATTACHMENT);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> device.mmu().peerVaAlloc(new GmRange(FAR + 4096, 64 << 10)))
          .withMessageContaining("whole granules");
      MemorySegment small = MemorySegment.ofArray(new byte[100]);
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  device
                      .mmu()
                      .peerMap(new GmMapping(new GmRange(FAR, 64 << 10), small, true, Access.READ)))
          .withMessageContaining("host=100");
    }
  }

  @Test
  void capabilitiesCanBeTakenAway() {
    try (SimDevice full = Sim.builder("sim0").build();
        SimDevice none = Sim.builder("sim0").without(GmCapability.values()).build()) {
      assertThat(full.capabilities())
          .containsExactlyInAnyOrder(
              GmCapability.REPLAYABLE_FAULTS,
              GmCapability.READ_ONLY_MAPPING,
              GmCapability.PEER_COPY,
              GmCapability.SHARED_ADDRESSES,
              GmCapability.COMPUTE);
      assertThat(none.capabilities()).isEmpty();
      assertThat(none.compute()).isEmpty();
    }
  }

  @Test
  void withoutReadOnlyMappingsReplicasCanBeWritten() throws Exception {
    Sim.Builder builder =
        Sim.builder("sim0").replayable(false).without(GmCapability.READ_ONLY_MAPPING);
    try (SimRig rig = new SimRig(builder)) {
      GmRange range = rig.space().allocate(1);
      rig.space().map(range, true, Access.READ);
      assertThat(rig.space().protect(range, Access.READ)).isEqualTo(GmStatus.UNIMPLEMENTED);
      rig.run(1, (item, memory, arguments) -> memory.putInt(arguments.address(0), 3), range);
      rig.space().unmap(range, true);
      assertThat(rig.space().host(range).get(ValueLayout.JAVA_INT, 0)).isEqualTo(3);
    }
  }

  @Test
  void gibibytesOfZerosCostNeitherTimeNorMemory() {
    GmRange range = new GmRange(FAR, 8L << 30);
    MemorySegment host = MemorySegment.ofAddress(FAR).reinterpret(range.bytes());
    try (SimDevice device = Sim.builder("sim0").memoryBytes(8L << 30).build()) {
      device.attach(ATTACHMENT);
      long before = System.nanoTime();
      assertThat(device.mmu().peerMap(new GmMapping(range, host, false, Access.READ_WRITE)))
          .isEqualTo(GmStatus.SUCCESS);
      MemorySegment target = MemorySegment.ofArray(new byte[100]).fill((byte) 1);
      GmCopy read = new GmCopy.DeviceToHost(FAR + (5L << 30) - 50, target);
      assertThat(device.mmu().copy(read)).isEqualTo(GmStatus.SUCCESS);
      assertThat(target.mismatch(MemorySegment.ofArray(new byte[100]))).isEqualTo(-1);
      assertThat(device.statistics().mappedBytes()).isEqualTo(8L << 30);
      assertThat(device.statistics().frameBytes()).isZero();
      assertThat(device.mmu().peerUnmap(new GmUnmapping(range, host, false)))
          .isEqualTo(GmStatus.SUCCESS);
      assertThat(System.nanoTime() - before).isLessThan(2_000_000_000L);
    }
  }

  @Test
  void onlyWrittenPagesTakeFramesAndFramesAreUsedAgain() throws Exception {
    try (SimRig rig = SimRig.plain()) {
      GmRange range = rig.space().allocate(10);
      for (int round = 1; round <= 3; round++) {
        rig.space().map(range, false, Access.READ_WRITE);
        rig.run(
            1,
            (item, memory, arguments) -> {
              for (int i = 0; i < 10; i++) {
                if (memory.getInt(arguments.address(0) + 4096 * i) != 0) {
                  throw new IllegalStateException("old data");
                }
              }
              memory.putInt(arguments.address(0) + 4096, 1);
              memory.putInt(arguments.address(0) + 4096 * 3 + 4092, 1);
            },
            range);
        assertThat(rig.device().statistics().frameBytes()).isEqualTo(2 * 4096);
        rig.space().unmap(range, round == 2);
      }
    }
  }

  @Test
  void freshPagesOfAReusedFrameAreZeroBesideWhatIsWritten() throws Exception {
    try (SimRig rig = SimRig.plain()) {
      GmRange range = rig.space().allocate(1);
      rig.space().host(range).fill((byte) 0xEE);
      rig.space().map(range, true, Access.READ_WRITE);
      rig.space().unmap(range, false);
      rig.space().map(range, false, Access.READ_WRITE);
      rig.run(
          1, (item, memory, arguments) -> memory.putByte(arguments.address(0), (byte) 7), range);
      rig.space().unmap(range, true);
      byte[] expected = new byte[SimRig.GRANULE_BYTES];
      expected[0] = 7;
      assertThat(rig.space().host(range).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
    }
  }

  @Test
  void anUnmappingThatCannotCopyLeavesTheRunMapped() throws Exception {
    try (SimRig rig = SimRig.plain()) {
      GmRange range = rig.space().allocate(2);
      rig.run(1, (item, memory, arguments) -> memory.putInt(arguments.address(0), 5), range);
      GmRange first = rig.space().part(range, 0, 1);
      MemorySegment closed;
      try (Arena arena = Arena.ofShared()) {
        closed = arena.allocate(first.bytes());
      }
      assertThatThrownBy(() -> rig.device().mmu().peerUnmap(new GmUnmapping(first, closed, true)))
          .isInstanceOf(IllegalStateException.class);
      assertThat(rig.space().unmap(first, true)).isEqualTo(GmStatus.SUCCESS);
      assertThat(rig.space().host(first).get(ValueLayout.JAVA_INT, 0)).isEqualTo(5);
    }
  }

  @Test
  void aMappingThatCannotCopyTakesNoRoom() {
    try (SimRig rig = new SimRig(Sim.builder("sim0").memoryBytes(2 * SimRig.GRANULE_BYTES))) {
      GmRange range = rig.space().allocate(2);
      MemorySegment closed;
      try (Arena arena = Arena.ofShared()) {
        closed = arena.allocate(range.bytes());
      }
      GmMapping mapping = new GmMapping(range, closed, true, Access.READ);
      assertThatThrownBy(() -> rig.device().mmu().peerMap(mapping))
          .isInstanceOf(IllegalStateException.class);
      assertThat(rig.device().statistics().mappedBytes()).isZero();
      assertThat(rig.space().map(range, true, Access.READ)).isEqualTo(GmStatus.SUCCESS);
    }
  }

  @Test
  void peersAreReachedOnlyIfBothCan() {
    try (SimRig here = SimRig.plain();
        SimRig alone = new SimRig(Sim.builder("sim1").without(GmCapability.PEER_COPY))) {
      GmRange to = here.space().allocate(1);
      GmRange from = alone.space().allocate(1);
      here.space().map(to, true, Access.READ_WRITE);
      alone.space().map(from, true, Access.READ_WRITE);
      assertThat(
              copy(
                  here, new GmCopy.DeviceToDevice(alone.device(), from.address(), to.address(), 8)))
          .isEqualTo(GmStatus.UNIMPLEMENTED);
      assertThat(
              copy(
                  alone, new GmCopy.DeviceToDevice(here.device(), to.address(), from.address(), 8)))
          .isEqualTo(GmStatus.UNIMPLEMENTED);
      assertThat(
              copy(
                  alone,
                  new GmCopy.DeviceToDevice(alone.device(), from.address(), from.address() + 8, 8)))
          .isEqualTo(GmStatus.SUCCESS);
      MinimalDevice foreign = new MinimalDevice();
      assertThat(copy(here, new GmCopy.DeviceToDevice(foreign, to.address(), to.address(), 8)))
          .isEqualTo(GmStatus.UNIMPLEMENTED);
    }
  }

  @Test
  void copiesIntoReplicasAreRefused() {
    try (SimRig rig = SimRig.plain()) {
      GmRange range = rig.space().allocate(1);
      rig.space().map(range, true, Access.READ);
      MemorySegment bytes = MemorySegment.ofArray(new byte[8]);
      assertThat(copy(rig, new GmCopy.HostToDevice(bytes, range.address())))
          .isEqualTo(GmStatus.DMA_ERROR);
      assertThat(copy(rig, new GmCopy.DeviceToHost(range.address(), bytes)))
          .isEqualTo(GmStatus.SUCCESS);
    }
  }

  private static GmStatus copy(SimRig rig, GmCopy copy) {
    return rig.device().mmu().copy(copy);
  }

  @Test
  void countsWhatItDoes() throws Exception {
    try (SimRig rig = new SimRig(Sim.builder("sim0").workers(1))) {
      GmRange range = rig.space().allocate(4);
      rig.space().map(rig.space().part(range, 0, 2), true, Access.READ_WRITE);
      rig.space().protect(rig.space().part(range, 1, 1), Access.READ);
      rig.run(
          1,
          (item, memory, arguments) -> {
            for (int i = 0; i < 100; i++) {
              memory.putInt(arguments.address(0) + 4 * i, i);
            }
            memory.getInt(arguments.address(0) + 2 * 4096);
          },
          range);
      copy(rig, new GmCopy.DeviceToHost(range.address(), MemorySegment.ofArray(new byte[10])));
      copy(rig, new GmCopy.DeviceToDevice(rig.device(), range.address(), range.address() + 64, 7));
      rig.device().mmu().tlbInvalidate(List.of(range));
      rig.device().mmu().tlbInvalidate(List.of());
      rig.space().unmap(rig.space().part(range, 0, 1), true);
      SimStatistics statistics = rig.device().statistics();
      assertThat(statistics)
          .isEqualTo(
              new SimStatistics(
                  2, 1, 1, 2, 3 * 4096, 4096 + 10, 7, 1, 0, 99, 3, 3, 1, 2 * 4096, 3 * 4096));
      assertThat(statistics.faults()).isEqualTo(1);
    }
  }

  @Test
  void countsStayAfterDetaching() throws Exception {
    SimDevice device = Sim.builder("sim0").build();
    device.attach(ATTACHMENT);
    GmRange range = new GmRange(FAR, 64 << 10);
    MemorySegment host = MemorySegment.ofArray(new byte[64 << 10]);
    device.mmu().peerMap(new GmMapping(range, host, true, Access.READ));
    device.mmu().peerUnmap(new GmUnmapping(range, host, false));
    device.detach();
    assertThat(device.statistics().maps()).isEqualTo(1);
    assertThat(device.statistics().shootdowns()).isEqualTo(1);
    device.close();
  }

  @Test
  void describesItself() {
    try (SimDevice device =
        Sim.builder("sim3").memoryBytes(1 << 20).link(SimLink.of(5, 6, 7)).build()) {
      assertThat(device.description()).contains("2 workers", "1048576 bytes", "latencyNanos=5");
      assertThat(device).hasToString("sim3");
    }
  }
}
