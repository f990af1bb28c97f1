package dev.gmem.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.ArenaOptions;
import dev.gmem.Device;
import dev.gmem.SpaceOptions;
import dev.gmem.core.space.Space;
import dev.gmem.core.space.SpaceProbe;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What operations of the engine cost in visits of the table's nodes: counted, not timed. Memory and
 * device are hollow, so that 16 GiB cost nothing.
 */
class TableCostTest {
  private static final long BYTES = 16L << 30;

  private final Stage stage = new Stage(SpaceOptions.defaults().withReservedBytes(4 * BYTES));
  private final Space space = stage.space();

  @AfterEach
  void close() {
    stage.close();
  }

  /** A device that says yes to everything. */
  private static final class Hollow implements GmDevice, GmMmu {
    private final String id;
    private final Set<GmCapability> capabilities;

    Hollow(String id, GmCapability... capabilities) {
      this.id = id;
      this.capabilities = Set.of(capabilities);
    }

    @Override
    public String id() {
      return id;
    }

    @Override
    public GmMmu mmu() {
      return this;
    }

    @Override
    public Set<GmCapability> capabilities() {
      return capabilities;
    }

    @Override
    public GmStatus peerMap(GmMapping mapping) {
      return GmStatus.SUCCESS;
    }

    @Override
    public GmStatus peerUnmap(GmUnmapping unmapping) {
      return GmStatus.SUCCESS;
    }
  }

  /** Operations on an allocation, with the nodes that each of them visited. */
  private final class Costs {
    private final MemorySegment memory;
    private final Vma vma;
    private final Map<String, Long> visits = new LinkedHashMap<>();

    Costs(Arena arena, long bytes) {
      memory = arena.allocate(bytes);
      vma = SpaceProbe.vma(space, memory);
    }

    void of(String what, Runnable operation) {
      long before = vma.table().visits();
      operation.run();
      visits.put(what, vma.table().visits() - before);
    }
  }

  private Map<String, Long> costs(int granuleBytes, Device reader, Device owner) {
    Arena arena = space.arena(ArenaOptions.defaults().withGranuleBytes(granuleBytes));
    Costs costs = new Costs(arena, BYTES);
    Vma vma = costs.vma;
    MemorySegment all = costs.memory;
    // Bounds in the middle of everything: no slot of any level begins or ends there.
    MemorySegment odd = all.asSlice(BYTES / 3, BYTES / 3);
    FaultEngine engine = SpaceProbe.engine(space);
    DeviceSlot slot = SpaceProbe.slot(owner);
    costs.of("prefetch to a device", () -> space.prefetch(all, reader).join());
    costs.of("prefetch what is there", () -> space.prefetch(all, reader).join());
    costs.of("take a part for another", () -> space.prefetch(odd, owner).join());
    costs.of("residency", () -> space.residency(all));
    costs.of("bring a part home", () -> space.prefetchToHost(odd).join());
    costs.of("fault", () -> engine.faultsOf(vma).fault(all.address() + BYTES / 5, 1, true));
    costs.of("admission", () -> assertThat(vma.admits(all.address(), BYTES, false)).isTrue());
    Hold hold = new Hold(0, slot, vma, vma.granules() / 4, 3 * vma.granules() / 4, true);
    costs.of("place", () -> engine.holds().place(hold));
    costs.of("quiesce", () -> engine.holds().quiesce(List.of(hold)));
    costs.of("move", () -> engine.holds().move(hold));
    costs.of("run", () -> assertThat(engine.holds().run(List.of(hold))).isTrue());
    costs.of("take the rest", () -> space.prefetch(all, owner).join());
    costs.of("evict around it", () -> engine.evict(slot, vma, 0, vma.granules(), Long.MAX_VALUE));
    costs.of("lift", () -> engine.holds().lift(hold, true));
    costs.of("bring all home", () -> space.prefetchToHost(all).join());
    costs.of("close", arena::close);
    return costs.visits;
  }

  @ParameterizedTest
  @ValueSource(ints = {4 << 10, 64 << 10, 2 << 20})
  void whatAnOperationCostsDoesNotDependOnTheNumberOfGranules(int granuleBytes) {
    Device reader =
        space.attach(
            new Hollow("r0", GmCapability.REPLAYABLE_FAULTS, GmCapability.READ_ONLY_MAPPING));
    Device owner = space.attach(new Hollow("o0"));
    Map<String, Long> visits = costs(granuleBytes, reader, owner);
    System.out.printf("nodes visited, granules of %d: %s%n", granuleBytes, visits);
    // At most two nodes of each of up to five levels for each look at one of up to five extents.
    assertThat(visits).allSatisfy((what, count) -> assertThat(count).as(what).isLessThan(100));
  }

  @Test
  void whatARangeCostsGrowsWithItsExtents() {
    Arena arena = space.arena(ArenaOptions.defaults().withGranuleBytes(4 << 10));
    Costs costs = new Costs(arena, BYTES);
    Device owner = space.attach(new Hollow("o0"));
    for (int extents = 1; extents <= 64; extents *= 2) {
      for (int i = 0; i < extents; i++) {
        space
            .prefetch(costs.memory.asSlice(BYTES / extents * i, BYTES / extents / 3), owner)
            .join();
      }
      String what = extents + " parts away";
      costs.of(what, () -> space.residency(costs.memory));
      assertThat(costs.visits.get(what)).as(what).isLessThan(30 * (2 * extents + 1));
      space.prefetchToHost(costs.memory).join();
    }
  }

  @Test
  void whatIsUniformAgainCostsAsMuchAsWhatAlwaysWas() {
    Arena arena = space.arena(ArenaOptions.defaults().withGranuleBytes(4 << 10));
    Costs costs = new Costs(arena, BYTES);
    Device owner = space.attach(new Hollow("o0"));
    space.prefetch(costs.memory, owner).join();
    space.prefetchToHost(costs.memory).join();
    for (int i = 0; i < 1000; i++) {
      space.prefetch(costs.memory.asSlice(BYTES / 1000 * i, 1), owner).join();
    }
    space.prefetchToHost(costs.memory).join();
    costs.of("after a thousand granules", () -> space.prefetch(costs.memory, owner).join());
    assertThat(costs.visits.get("after a thousand granules")).isLessThan(20);
  }
}
