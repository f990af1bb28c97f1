package dev.gmem.core.engine;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.argThat;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.inOrder;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import dev.gmem.Access;
import dev.gmem.Device;
import dev.gmem.DeviceException;
import dev.gmem.core.space.SpaceProbe;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mockito.InOrder;
import org.mockito.Mockito;

/** Which calls the engine makes of devices, and in which order. */
@Timeout(60)
class CallOrderTest {
  private final Stage stage = new Stage();
  private final GmMmu one = mock(GmMmu.class, Mockito.CALLS_REAL_METHODS);
  private final GmMmu two = mock(GmMmu.class, Mockito.CALLS_REAL_METHODS);
  private final Device first = attach("d0", one);
  private final Device second = attach("d1", two);
  private final MemorySegment memory = stage.granules(8);
  private final long base = memory.address();

  private Device attach(String id, GmMmu mmu) {
    when(mmu.peerVaAlloc(any())).thenReturn(GmStatus.SUCCESS);
    when(mmu.peerVaFree(any())).thenReturn(GmStatus.SUCCESS);
    when(mmu.peerMap(any())).thenReturn(GmStatus.SUCCESS);
    when(mmu.peerUnmap(any())).thenReturn(GmStatus.SUCCESS);
    GmDevice device = mock(GmDevice.class, Mockito.CALLS_REAL_METHODS);
    when(device.id()).thenReturn(id);
    when(device.mmu()).thenReturn(mmu);
    when(device.capabilities())
        .thenReturn(Set.of(GmCapability.REPLAYABLE_FAULTS, GmCapability.READ_ONLY_MAPPING));
    return stage.space().attach(device);
  }

  private void fault(Device device, int granule, int granules, boolean write) {
    DeviceSlot slot = SpaceProbe.slot(device);
    Vma vma = SpaceProbe.vma(stage.space(), memory);
    SpaceProbe.engine(stage.space())
        .deviceFault(slot, vma, base + granule * GRANULE, (long) granules * GRANULE, write);
  }

  private GmRange range(int first, int granules) {
    return new GmRange(base + first * GRANULE, (long) granules * GRANULE);
  }

  private static GmMapping mapping(GmRange range, boolean copy, Access access) {
    return argThat(
        m ->
            m != null
                && m.range().equals(range)
                && m.copy() == copy
                && m.access() == access
                && m.host().byteSize() == range.bytes());
  }

  private static GmUnmapping unmapping(GmRange range, boolean copy) {
    return argThat(
        u ->
            u != null
                && u.range().equals(range)
                && u.copy() == copy
                && u.host().byteSize() == range.bytes());
  }

  @Test
  void whatNobodyTouchedIsMappedWithoutACopy() {
    fault(first, 0, 8, true);
    verify(one).peerMap(mapping(range(0, 8), false, Access.READ_WRITE));
  }

  @Test
  void aRunIsOneCall() {
    stage.host().write(base + 3 * GRANULE, 1, 1);
    fault(first, 0, 8, false);
    verify(one).peerMap(mapping(range(0, 8), true, Access.READ));
  }

  @Test
  void anOwnerCopiesOutBeforeTheNextOneMaps() {
    fault(first, 0, 2, true);
    fault(second, 0, 2, true);
    InOrder order = inOrder(one, two);
    order.verify(one).peerUnmap(unmapping(range(0, 2), true));
    order.verify(two).peerMap(mapping(range(0, 2), true, Access.READ_WRITE));
  }

  @Test
  void replicasAreDroppedBeforeOneOfThemBecomesTheOwner() {
    stage.host().write(base, 1, 1);
    fault(first, 0, 1, false);
    fault(second, 0, 1, false);
    fault(second, 0, 1, true);
    InOrder order = inOrder(one, two);
    order.verify(one).peerMap(mapping(range(0, 1), true, Access.READ));
    order.verify(two).peerMap(mapping(range(0, 1), true, Access.READ));
    order.verify(one).peerUnmap(unmapping(range(0, 1), false));
    order.verify(two).peerProtect(range(0, 1), Access.READ_WRITE);
    // The device does not change protections: the run is mapped anew.
    order.verify(two).peerUnmap(unmapping(range(0, 1), false));
    order.verify(two).peerMap(mapping(range(0, 1), true, Access.READ_WRITE));
  }

  @Test
  void aDeviceThatChangesProtectionsMovesNothing() {
    when(one.peerProtect(any(), any())).thenReturn(GmStatus.SUCCESS);
    fault(first, 0, 1, false);
    fault(first, 0, 1, true);
    verify(one).peerProtect(range(0, 1), Access.READ_WRITE);
    verify(one, never()).peerUnmap(any());
    assertThat(stage.state(memory, 0)).isEqualTo("DEVICE[d0]");
  }

  @Test
  void theCpuDropsReplicasWithoutACopyAndTakesWhatIsOwnedWithOne() {
    stage.host().write(base, 1, 1);
    fault(first, 0, 1, false);
    stage.host().write(base, 1, 2);
    fault(first, 0, 1, true);
    stage.host().read(base, 1);
    InOrder order = inOrder(one);
    order.verify(one).peerUnmap(unmapping(range(0, 1), false));
    order.verify(one).peerMap(mapping(range(0, 1), true, Access.READ_WRITE));
    order.verify(one).peerUnmap(unmapping(range(0, 1), true));
  }

  @Test
  void aSpuriousFaultCallsNobody() {
    fault(first, 0, 1, true);
    Mockito.clearInvocations(one);
    fault(first, 0, 1, true);
    fault(first, 0, 1, false);
    Mockito.verifyNoInteractions(one);
  }

  @Test
  void theRunsOfAFaultAreUnderWayTogether() {
    fault(second, 2, 1, true);
    fault(second, 5, 1, true);
    List<GmRange> begun = new ArrayList<>();
    List<CompletableFuture<GmStatus>> ends = new ArrayList<>();
    when(two.peerUnmapAsync(any()))
        .thenAnswer(
            call -> {
              begun.add(call.<GmUnmapping>getArgument(0).range());
              ends.add(new CompletableFuture<>());
              if (ends.size() == 2) {
                ends.forEach(end -> end.complete(GmStatus.SUCCESS));
              }
              return ends.getLast();
            });
    fault(first, 0, 8, true);
    assertThat(begun).containsExactly(range(2, 1), range(5, 1));
  }

  @Test
  void whatFailsToLeaveIsNotMappedElsewhereAndTheRestIs() {
    fault(second, 2, 1, true);
    when(two.peerUnmap(any())).thenReturn(GmStatus.DMA_ERROR, GmStatus.SUCCESS);
    assertThatThrownBy(() -> fault(first, 0, 4, true)).isInstanceOf(DeviceException.class);
    assertThat(stage.state(memory, 1)).isEqualTo("DEVICE[d0]");
    assertThat(stage.state(memory, 2)).isEqualTo("DEVICE[d1]");
    assertThat(stage.state(memory, 3)).isEqualTo("DEVICE[d0]");
    verify(one).peerMap(mapping(range(0, 2), false, Access.READ_WRITE));
    verify(one).peerMap(mapping(range(3, 1), false, Access.READ_WRITE));
    fault(first, 0, 4, true);
    verify(one).peerMap(mapping(range(2, 1), true, Access.READ_WRITE));
  }

  @Test
  void whatIsFreedIsUnmappedWithoutACopyBeforeItsAddressesAreGivenBack() {
    fault(first, 0, 8, true);
    stage.arena().close();
    InOrder order = inOrder(one);
    order.verify(one).peerUnmap(unmapping(range(0, 8), false));
    order.verify(one).peerVaFree(eq(range(0, 8)));
  }
}
