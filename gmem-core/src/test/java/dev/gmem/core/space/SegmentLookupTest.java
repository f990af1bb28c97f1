package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.PageState;
import dev.gmem.Residency.Extent;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.Stage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SegmentLookupTest {
  private final Stage stage = new Stage();

  @Test
  void aSegmentMustBeOfThisSpace() {
    Stage other = new Stage();
    MemorySegment foreign = other.granules(1);
    for (MemorySegment segment :
        List.of(
            MemorySegment.ofArray(new byte[16]),
            Arena.global().allocate(16),
            MemorySegment.NULL,
            MemorySegment.NULL.reinterpret(Long.MAX_VALUE))) {
      assertThat(stage.space().contains(segment)).isFalse();
      assertThatThrownBy(() -> stage.space().residency(segment))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must be unified memory of this space");
    }
    assertThat(other.space().contains(foreign)).isTrue();
  }

  @Test
  void aSegmentMustKeepItsScope() {
    MemorySegment s = stage.granules(1);
    MemorySegment global = MemorySegment.ofAddress(s.address()).reinterpret(16);
    assertThatThrownBy(() -> stage.space().residency(global))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("it was reinterpreted");
  }

  @Test
  void aSegmentMustNotBeEmpty() {
    MemorySegment empty = stage.granules(1).asSlice(8, 0);
    assertThatThrownBy(() -> stage.space().prefetchToHost(empty))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must not be empty");
  }

  @Test
  void anAddressBetweenAllocationsBelongsToNone() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(1);
    assertThatThrownBy(() -> d.read(s.address() + GRANULE, 1))
        .isInstanceOf(dev.gmem.IllegalDeviceAccessException.class)
        .hasMessageContaining("device=d0");
    assertThatThrownBy(() -> d.read(s.address() + GRANULE - 1, 2))
        .isInstanceOf(dev.gmem.IllegalDeviceAccessException.class);
    assertThatThrownBy(() -> d.read(16, 1))
        .isInstanceOf(dev.gmem.IllegalDeviceAccessException.class);
  }

  @Test
  void residencyIsClippedAndTellsRunsApart() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(4);
    d.read(s.address() + 2 * GRANULE, 1);
    d.write(s.address() + GRANULE, 1, 1);
    MemorySegment part = s.asSlice(100, 3 * GRANULE);
    assertThat(stage.space().residency(part).extents())
        .containsExactly(
            extent(s.address() + 100, GRANULE - 100, PageState.NOMAP, Set.of()),
            extent(s.address() + GRANULE, GRANULE, PageState.DEVICE, Set.of("d0")),
            extent(s.address() + 2 * GRANULE, GRANULE, PageState.SHARED, Set.of("d0")),
            extent(s.address() + 3 * GRANULE, 100, PageState.NOMAP, Set.of()));
    assertThat(stage.space().residency(part).bytesOn("d0")).isEqualTo(2 * GRANULE);
    assertThat(d.calls()).hasSize(3);
  }

  private static Extent extent(long address, long bytes, PageState state, Set<String> devices) {
    return new Extent(address, bytes, state, devices, false, false);
  }
}
