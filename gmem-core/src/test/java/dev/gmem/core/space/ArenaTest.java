package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.AddressSpaceExhaustedException;
import dev.gmem.ArenaOptions;
import dev.gmem.SpaceOptions;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.host.GateLevel;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ArenaTest {
  private final Stage stage = new Stage();
  private final Arena arena = stage.arena();

  // ---- sizes and alignments ----

  @Test
  void whatIsAtLeastAGranuleStartsAtOneAndMovesByItself() {
    MemorySegment a = arena.allocate(GRANULE, 1);
    MemorySegment b = arena.allocate(GRANULE + 1, 1);
    assertThat(a.address() % GRANULE).isZero();
    assertThat(b.address() % GRANULE).isZero();
    assertThat(b.byteSize()).isEqualTo(GRANULE + 1);
    assertThat(SpaceProbe.vma(stage.space(), a)).isNotSameAs(SpaceProbe.vma(stage.space(), b));
    assertThat(SpaceProbe.vma(stage.space(), b).bytes()).isEqualTo(2 * GRANULE);
  }

  @Property(tries = 100)
  void whatIsSmallerSharesGranulesWithoutOverlapping(
      @ForAll @Size(max = 60) List<@IntRange(min = 1, max = GRANULE - 1) Integer> sizes,
      @ForAll @IntRange(max = 12) int shift) {
    try (Stage fresh = new Stage()) {
      TreeMap<Long, Long> ends = new TreeMap<>();
      for (int size : sizes) {
        MemorySegment s = fresh.arena().allocate(size, 1L << shift);
        assertThat(s.byteSize()).isEqualTo(size);
        assertThat(s.address() % (1L << shift)).isZero();
        var before = ends.lowerEntry(s.address() + size);
        assertThat(before == null || before.getValue() <= s.address()).isTrue();
        ends.put(s.address(), s.address() + size);
        assertThat(SpaceProbe.vma(fresh.space(), s).range().end())
            .isGreaterThanOrEqualTo(s.address() + size);
      }
    }
  }

  @Test
  void slabsDoubleUpToSixteenGranules() {
    List<Vma> slabs = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      Vma vma = SpaceProbe.vma(stage.space(), arena.allocate(GRANULE - 1, 1));
      if (slabs.isEmpty() || slabs.getLast() != vma) {
        slabs.add(vma);
      }
    }
    assertThat(slabs.stream().map(v -> v.bytes() / GRANULE).toList())
        .startsWith(1L, 2L, 4L, 8L, 16L, 16L);
  }

  @Test
  void anAlignmentAboveTheGranuleIsMet() {
    for (long alignment = GRANULE; alignment <= 1 << 18; alignment *= 2) {
      assertThat(arena.allocate(1, alignment).address() % alignment).isZero();
    }
  }

  @Test
  void aSizeMustBePositiveAndAnAlignmentAPowerOfTwo() {
    for (long size : new long[] {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 4095}) {
      assertThatThrownBy(() -> arena.allocate(size, 8))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("byteSize=" + size);
    }
    for (long alignment : new long[] {0, -1, -8, 3, 24, Long.MIN_VALUE}) {
      assertThatThrownBy(() -> arena.allocate(8, alignment))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("byteAlignment=" + alignment);
    }
    assertThat(stage.space().statistics().allocatedBytes()).isZero();
  }

  @Test
  void anArenaMayHaveAGranuleOfItsOwn() {
    FakeDevice d = stage.device("d0");
    Arena large = stage.space().arena(ArenaOptions.defaults().withGranuleBytes(4 * GRANULE));
    MemorySegment s = large.allocate(9 * GRANULE, 1);
    assertThat(s.address() % (4 * GRANULE)).isZero();
    assertThat(SpaceProbe.vma(stage.space(), s).bytes()).isEqualTo(12 * GRANULE);
    assertThat(stage.space().residency(s).granuleBytes()).isEqualTo(4 * GRANULE);
    d.write(s.address() + 5 * GRANULE, 1, 7);
    assertThat(d.mapped()).isEqualTo(4);
    assertThat(stage.space().residency(s).bytesOn("d0")).isEqualTo(4 * GRANULE);
    MemorySegment t = arena.allocate(GRANULE, 1);
    d.write(t.address(), 1, 8);
    assertThat(d.mapped()).isEqualTo(5);
    assertThat(stage.space().residency(t).granuleBytes()).isEqualTo(GRANULE);
    stage.space().detach(stage.view(d));
    stage.attach(stage.fake("d1"));
    assertThat(stage.host().read(s.address() + 5 * GRANULE, 1)).isEqualTo(7);
    large.close();
  }

  @Test
  void smallRequestsShareTheLargerGranulesOfTheirArena() {
    Arena large = stage.space().arena(ArenaOptions.defaults().withGranuleBytes(4 * GRANULE));
    MemorySegment a = large.allocate(2 * GRANULE, 8);
    MemorySegment b = large.allocate(2 * GRANULE, 8);
    assertThat(SpaceProbe.vma(stage.space(), a)).isSameAs(SpaceProbe.vma(stage.space(), b));
  }

  @Test
  void aGranuleMustBeAPowerOfTwoWithinBounds() {
    for (int bytes : new int[] {0, -4096, 2048, 4097, 3 << 12, 4 << 20, Integer.MIN_VALUE}) {
      assertThatThrownBy(() -> ArenaOptions.defaults().withGranuleBytes(bytes))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("granuleBytes=" + bytes);
    }
  }

  @Test
  void freshMemoryIsZero() {
    MemorySegment s = arena.allocate(GRANULE, 1);
    assertThat(stage.host().read(s.address(), 8)).isZero();
  }

  // ---- limits ----

  @Test
  void anExhaustedReservationLeavesNothingBehind() {
    FakeDevice d = stage.device("d0");
    assertThatThrownBy(() -> arena.allocate(3L << 20, 1))
        .isInstanceOf(AddressSpaceExhaustedException.class)
        .hasMessageContaining("more reservedBytes");
    assertThatThrownBy(() -> arena.allocate(8, 1L << 62))
        .isInstanceOf(AddressSpaceExhaustedException.class);
    assertThat(stage.space().statistics().allocatedBytes()).isZero();
    assertThat(d.calls(Kind.VA_ALLOC)).isEmpty();
    assertThat(arena.allocate(2L << 20, 1).byteSize()).isEqualTo(2 << 20);
  }

  @Test
  void theLimitOnHostMemoryCountsWhatIsAllocatedNow() {
    Stage small =
        new Stage(
            SpaceOptions.defaults()
                .withGranuleBytes(GRANULE)
                .withReservedBytes(2 << 20)
                .withHostBytesMax(4 * GRANULE));
    Arena first = small.space().arena();
    first.allocate(3 * GRANULE, 1);
    assertThatThrownBy(() -> small.arena().allocate(2 * GRANULE, 1))
        .isInstanceOf(AddressSpaceExhaustedException.class)
        .hasMessageContaining("hostBytesMax=" + 4 * GRANULE)
        .hasMessageContaining("allocatedBytes=" + 3 * GRANULE);
    small.arena().allocate(GRANULE, 1);
    first.close();
    small.arena().allocate(3 * GRANULE, 1);
    assertThat(small.space().statistics().allocatedBytes()).isEqualTo(4 * GRANULE);
  }

  @Test
  void memoryThatTheSystemRefusesLeavesNothingBehind() {
    FakeDevice d = stage.device("d0");
    stage.host().failNextCommit(new AddressSpaceExhaustedException("no memory"));
    assertThatThrownBy(() -> arena.allocate(2 << 20, 1)).hasMessage("no memory");
    stage.host().failNextGate(new IllegalStateException("no gate"));
    assertThatThrownBy(() -> arena.allocate(2 << 20, 1)).hasMessage("no gate");
    assertThat(d.announced()).isEmpty();
    assertThat(stage.host().committedBlocks()).isZero();
    assertThat(stage.space().statistics().allocatedBytes()).isZero();
    arena.allocate(2 << 20, 1);
  }

  // ---- closing ----

  @Test
  void afterTheCloseEverythingSaysAlreadyClosed() {
    MemorySegment s = arena.allocate(GRANULE, 1);
    MemorySegment small = arena.allocate(8, 1);
    arena.close();
    assertThat(s.scope().isAlive()).isFalse();
    assertThat(arena.scope().isAlive()).isFalse();
    for (Runnable use :
        List.<Runnable>of(
            () -> arena.allocate(8, 1),
            () -> arena.allocate(GRANULE, 1),
            arena::close,
            () -> stage.space().residency(s),
            () -> stage.space().statistics(small),
            () -> stage.space().prefetchToHost(s))) {
      assertThatThrownBy(use::run)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("Already closed");
    }
    assertThat(stage.space().contains(s)).isTrue();
  }

  @Test
  void aCloseGivesEverythingBack() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(2);
    d.write(s.address(), 1, 1);
    arena.close();
    assertThat(d.mapped()).isZero();
    assertThat(d.announced()).isEmpty();
    assertThat(stage.view(d).residentBytes()).isZero();
    assertThat(stage.host().committedBlocks()).isZero();
    assertThat(stage.space().statistics().allocatedBytes()).isZero();
    assertThat(stage.space().statistics().total().deviceFaults()).isEqualTo(1);
    assertThat(stage.space().arena().allocate(2 * GRANULE, 1).address()).isEqualTo(s.address());
  }

  @Test
  void aPinnedArenaStaysOpenAndAsItWas() {
    FakeDevice d = stage.device("d0");
    MemorySegment a = stage.granules(1);
    MemorySegment b = stage.granules(1);
    MemorySegment c = stage.granules(1);
    d.write(a.address(), 1, 1);
    d.read(b.address(), 1);
    stage.host().pin(c.address());
    stage.host().pin(c.address());
    assertThatThrownBy(arena::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Session is acquired by 2 clients");
    assertThat(stage.host().region(a.address()).level()).isEqualTo(GateLevel.ALL);
    assertThat(stage.host().region(b.address()).level()).isEqualTo(GateLevel.WRITES);
    assertThat(stage.host().region(c.address()).level()).isEqualTo(GateLevel.OPEN);
    assertThat(stage.host().region(c.address()).pins()).isEqualTo(2);
    assertThat(stage.state(a, 0)).isEqualTo("DEVICE[d0]");
    assertThat(stage.host().read(a.address(), 1)).isEqualTo(1);
    assertThat(arena.scope().isAlive()).isTrue();
    assertThat(stage.granules(1).scope().isAlive()).isTrue();
    SpaceProbe.check(stage.space(), SpaceProbe.slots(stage.space()));
    stage.host().unpin(c.address());
    stage.host().unpin(c.address());
    arena.close();
    assertThat(a.scope().isAlive()).isFalse();
  }

  @Test
  @Timeout(60)
  void ofManyThreadsThatCloseOneSucceeds() throws Exception {
    for (int round = 0; round < 20; round++) {
      Arena shared = stage.space().arena();
      shared.allocate(GRANULE, 1);
      int threads = 4;
      CyclicBarrier start = new CyclicBarrier(threads);
      AtomicInteger closed = new AtomicInteger();
      AtomicInteger late = new AtomicInteger();
      List<Thread> all = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        all.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        start.await();
                        shared.close();
                        closed.incrementAndGet();
                      } catch (IllegalStateException e) {
                        assertThat(e).hasMessage("Already closed");
                        late.incrementAndGet();
                      } catch (Exception e) {
                        throw new AssertionError(e);
                      }
                    }));
      }
      for (Thread thread : all) {
        thread.join();
      }
      assertThat(closed).hasValue(1);
      assertThat(late).hasValue(threads - 1);
    }
  }

  @Test
  void theSpaceClosesArenasDevicesAndItsReservation() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(1);
    d.write(s.address(), 1, 1);
    stage.space().close();
    stage.space().close();
    assertThat(s.scope().isAlive()).isFalse();
    assertThat(d.isAttached()).isFalse();
    assertThat(d.isClosed()).isTrue();
    assertThat(stage.host().committedBlocks()).isZero();
    for (Runnable use :
        List.<Runnable>of(
            () -> stage.space().arena(),
            () -> stage.space().device(),
            () -> stage.space().device("d0"),
            () -> stage.attach(stage.fake("d1")))) {
      assertThatThrownBy(use::run)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the address space is closed");
    }
  }

  @Test
  void aSpaceWithAPinnedArenaStaysOpen() {
    FakeDevice d = stage.device("d0");
    MemorySegment t = stage.granules(1);
    MemorySegment s = stage.granules(1);
    stage.host().pin(s.address());
    assertThatThrownBy(stage::close).hasMessageStartingWith("Session is acquired by 1");
    assertThat(d.read(t.address(), 1)).isZero();
    assertThat(stage.space().arena().allocate(8).byteSize()).isEqualTo(8);
    stage.host().unpin(s.address());
    stage.close();
    assertThat(d.isClosed()).isTrue();
  }
}
