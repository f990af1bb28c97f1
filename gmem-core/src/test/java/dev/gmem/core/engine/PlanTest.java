package dev.gmem.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.PageState;
import dev.gmem.core.engine.Plan.Mapping;
import dev.gmem.core.sync.RankedMonitor;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.table.Hints;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmMmu;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.mockito.Mockito;

/** The state table, all of it: every state that three devices can be in, every goal. */
class PlanTest {
  private static final int DEVICES = 3;
  private static final List<DeviceSlot> SLOTS = slots();

  private static List<DeviceSlot> slots() {
    List<DeviceSlot> slots = new ArrayList<>();
    for (int i = 0; i < DEVICES; i++) {
      GmDevice device = Mockito.mock(GmDevice.class, Mockito.CALLS_REAL_METHODS);
      Mockito.doReturn(Mockito.mock(GmMmu.class)).when(device).mmu();
      slots.add(new DeviceSlot(i, device, RankedMonitor::new));
    }
    return slots;
  }

  /** Every entry that is neither busy nor poisoned, launches' revocations included. */
  private static List<Long> entries() {
    List<Long> plain = new ArrayList<>(List.of(GranuleEntry.NOMAP, GranuleEntry.CPU));
    for (int mask = 1; mask < 1 << DEVICES; mask++) {
      plain.add(GranuleEntry.shared(mask));
    }
    List<Long> entries = new ArrayList<>();
    for (long entry : plain) {
      entries.add(entry);
      entries.add(GranuleEntry.revoked(entry, false));
      entries.add(GranuleEntry.revoked(entry, true));
    }
    entries.add(GranuleEntry.EVICTED);
    for (int slot = 0; slot < DEVICES; slot++) {
      entries.add(GranuleEntry.device(slot));
      entries.add(GranuleEntry.blanked(GranuleEntry.device(slot)));
      entries.add(GranuleEntry.cleaned(GranuleEntry.device(slot)));
    }
    for (long entry : List.copyOf(entries)) {
      boolean can = GranuleEntry.onHost(entry) && !GranuleEntry.blank(entry);
      if (can && GranuleEntry.state(entry) != PageState.NOMAP) {
        entries.add(GranuleEntry.filed(entry, true));
      }
    }
    entries.add(GranuleEntry.FILE);
    entries.add(GranuleEntry.filed(GranuleEntry.FILE, true));
    for (long entry : List.copyOf(entries)) {
      entries.add(GranuleEntry.withHints(entry, Hints.NONE.readMostly(true)));
    }
    return entries;
  }

  private static List<Goal> goals() {
    List<Goal> goals = new ArrayList<>();
    goals.add(new Goal.ToHost(false));
    goals.add(new Goal.ToHost(true));
    goals.add(new Goal.Home());
    goals.add(new Goal.Release());
    goals.add(new Goal.Drop());
    goals.add(new Goal.Unmap());
    goals.add(new Goal.Renew());
    goals.add(new Goal.Flush());
    goals.add(new Goal.Stay(false));
    goals.add(new Goal.Stay(true));
    for (DeviceSlot slot : SLOTS) {
      goals.add(new Goal.Evict(slot, false));
      goals.add(new Goal.Evict(slot, true));
      goals.add(new Goal.Discard(slot));
      goals.add(new Goal.ToDevice(slot, false, false, Goal.NO_LAUNCH));
      goals.add(new Goal.ToDevice(slot, true, false, Goal.NO_LAUNCH));
      goals.add(new Goal.ToDevice(slot, true, true, Goal.NO_LAUNCH));
      goals.add(new Goal.ToDevice(slot, true, false, Goal.NO_LAUNCH, false));
      goals.add(new Goal.InPlace(slot, false, Goal.NO_LAUNCH));
      goals.add(new Goal.InPlace(slot, true, Goal.NO_LAUNCH));
    }
    return goals;
  }

  private static void forEach(BiConsumer<Long, Goal> check) {
    for (long entry : entries()) {
      for (Goal goal : goals()) {
        check.accept(entry, goal);
      }
    }
  }

  private static String name(long entry, Goal goal) {
    return GranuleEntry.toString(entry) + " for " + goal;
  }

  @Test
  void thereIsNoPlanIfAndOnlyIfTheGoalIsReached() {
    forEach(
        (entry, goal) ->
            assertThat(Plan.of(entry, goal) == null)
                .as(name(entry, goal))
                .isEqualTo(isReached(entry, goal)));
  }

  private static boolean isReached(long entry, Goal goal) {
    boolean owned = GranuleEntry.state(entry) == PageState.DEVICE;
    return switch (goal) {
      case Goal.ToHost(boolean write) -> GranuleEntry.admits(entry, write);
      case Goal.ToDevice wish ->
          GranuleEntry.onDevice(entry, wish.slot().index())
              && (owned || !wish.own())
              && (wish.overwrite() || !GranuleEntry.blank(entry))
              && !(wish.writes() && GranuleEntry.clean(entry));
      case Goal.Discard(DeviceSlot slot) ->
          !GranuleEntry.blank(entry) || !GranuleEntry.onDevice(entry, slot.index());
      case Goal.InPlace wish ->
          !owned
              && !GranuleEntry.unread(entry)
              && (!wish.own() || GranuleEntry.devices(entry) == 0 && !GranuleEntry.filed(entry));
      case Goal.Evict leave -> !GranuleEntry.onDevice(entry, leave.slot().index());
      case Goal.Home() ->
          !owned
              && GranuleEntry.state(entry) != PageState.EVICTED
              && GranuleEntry.state(entry) != PageState.FILE;
      case Goal.Flush() -> GranuleEntry.filed(entry) || GranuleEntry.unread(entry);
      case Goal.Stay ignored -> false; // that it stays is never done
      case Goal.Drop() -> false; // nobody knows what the CPU has written
      case Goal.Replace() -> false;
      case Goal.Leave() -> false;
      case Goal.Unmap() -> GranuleEntry.unmapped(entry);
      case Goal.Renew() -> true; // nothing is lost
      case Goal.Release() -> GranuleEntry.devices(entry) == 0;
    };
  }

  @Test
  void everyPlanLeadsToItsGoal() {
    forEach(
        (entry, goal) -> {
          Plan plan = Plan.of(entry, goal);
          if (plan != null) {
            long result = GranuleEntry.restored(plan.result());
            boolean reached =
                switch (goal) {
                  case Goal.Drop() -> result == GranuleEntry.NOMAP;
                  case Goal.Replace() -> result == GranuleEntry.NOMAP;
                  case Goal.Leave() -> result == GranuleEntry.EVICTED;
                  case Goal.Stay(boolean write) -> !write || !GranuleEntry.filed(result);
                  case Goal.Flush() -> isReached(result, goal) || GranuleEntry.blank(entry);
                  default -> isReached(result, goal);
                };
            assertThat(reached).as(name(entry, goal)).isTrue();
          }
        });
  }

  @Test
  void noPlanLeadsToAnImpossibleRow() {
    forEach(
        (entry, goal) -> {
          Plan plan = Plan.of(entry, goal);
          if (plan != null) {
            EngineProbe.checkPossible(plan.home());
            EngineProbe.checkPossible(GranuleEntry.restored(plan.home()));
            EngineProbe.checkPossible(plan.result());
            EngineProbe.checkPossible(GranuleEntry.restored(plan.result()));
          }
        });
  }

  @Test
  void whateverTheCpuLosesIsRevoked() {
    forEach(
        (entry, goal) -> {
          Plan plan = Plan.of(entry, goal);
          if (plan == null || goal instanceof Goal.Release) {
            return; // the gate of what is released is shut already
          }
          long result = plan.result();
          boolean losesRead = admits(entry, false) && !admits(result, false);
          boolean losesWrite = admits(entry, true) && !admits(result, true);
          assertThat(plan.revokeRead() || !losesRead).as(name(entry, goal)).isTrue();
          assertThat(plan.revokeWrite() || !losesWrite).as(name(entry, goal)).isTrue();
          assertThat(plan.revokeWrite() || !plan.revokeRead()).isTrue();
        });
  }

  private static boolean admits(long entry, boolean write) {
    return GranuleEntry.admits(entry, write);
  }

  @Test
  void aDeviceGetsAMappingOnlyOfWhatTheCpuCannotChange() {
    forEach(
        (entry, goal) -> {
          Plan plan = Plan.of(entry, goal);
          if (plan == null || plan.mapping() == Mapping.NONE) {
            return;
          }
          boolean own = ((Goal.ToDevice) goal).own();
          assertThat(plan.revokeWrite() || !admits(entry, true)).as(name(entry, goal)).isTrue();
          assertThat(!own || plan.revokeRead() || !admits(entry, false))
              .as(name(entry, goal))
              .isTrue();
        });
  }

  /** Carries a plan out on who has the valid bytes, and compares with what the entries say. */
  @Test
  void noPlanLosesTheOnlyValidCopy() {
    forEach(
        (entry, goal) -> {
          Plan plan = Plan.of(entry, goal);
          if (plan != null && !(goal instanceof Goal.Release || Claims.dropsContents(goal))) {
            follow(entry, goal, plan);
          }
        });
  }

  private static void follow(long entry, Goal goal, Plan plan) {
    boolean host = hasHost(entry);
    int mapped = GranuleEntry.devices(entry);
    int valid = GranuleEntry.blank(entry) ? 0 : mapped;
    if (plan.copyOutOf() != Plan.NONE) {
      int bit = 1 << plan.copyOutOf();
      assertThat(valid & bit).as(name(entry, goal)).isEqualTo(bit);
      host = true;
      mapped &= plan.keep() ? -1 : ~bit;
    }
    assertThat(mapped & plan.drop()).as(name(entry, goal)).isEqualTo(plan.drop());
    mapped &= ~plan.drop();
    valid &= mapped;
    assertThat(host || valid != 0).as(name(entry, goal)).isTrue();
    assertClaims(plan.home(), host, valid, entry, goal);
    assertThat(GranuleEntry.devices(plan.home())).as(name(entry, goal)).isEqualTo(mapped);
    if (goal instanceof Goal.ToDevice wish) {
      int bit = 1 << wish.slot().index();
      if (plan.mapping() == Mapping.UPGRADE || plan.mapping() == Mapping.NONE) {
        assertThat(mapped & bit).as(name(entry, goal)).isEqualTo(bit);
      } else {
        assertThat(mapped & bit).as(name(entry, goal)).isZero();
        assertThat(host).as(name(entry, goal)).isTrue();
      }
      valid |= wish.overwrite() ? 0 : bit;
      mapped |= bit;
    }
    assertClaims(plan.result(), host, valid, entry, goal);
    assertThat(GranuleEntry.devices(plan.result())).as(name(entry, goal)).isEqualTo(mapped);
  }

  private static void assertClaims(long claimed, boolean host, int valid, long entry, Goal goal) {
    assertThat(host || !hasHost(claimed)).as(name(entry, goal)).isTrue();
    int devicesClaimed = GranuleEntry.blank(claimed) ? 0 : GranuleEntry.devices(claimed);
    assertThat(valid & devicesClaimed).as(name(entry, goal)).isEqualTo(devicesClaimed);
  }

  /** Whether an entry says that the host's bytes are valid. */
  private static boolean hasHost(long entry) {
    return GranuleEntry.onHost(entry);
  }

  /** Until its kernel has succeeded, the host has what was there before. */
  @Test
  void anOverwriteCopiesNothingInAndLeavesTheHostsCopyValid() {
    forEach(
        (entry, goal) -> {
          Plan plan = Plan.of(entry, goal);
          if (plan != null && goal instanceof Goal.ToDevice wish && wish.overwrite()) {
            assertThat(hasHost(plan.home())).as(name(entry, goal)).isTrue();
            assertThat(hasHost(plan.result())).as(name(entry, goal)).isTrue();
            if (!(GranuleEntry.clean(entry) && GranuleEntry.onDevice(entry, wish.slot().index()))) {
              assertThat(plan.mapping()).isIn(Mapping.OVERWRITE, Mapping.UPGRADE);
            }
          }
        });
  }

  @Test
  void whatNobodyHasTouchedIsMappedWithZeros() {
    Goal goal = new Goal.ToDevice(SLOTS.getFirst(), true, false, Goal.NO_LAUNCH);
    assertThat(Plan.of(GranuleEntry.NOMAP, goal).mapping()).isEqualTo(Mapping.COPY_IF_TOUCHED);
    assertThat(Plan.of(GranuleEntry.CPU, goal).mapping()).isEqualTo(Mapping.COPY);
  }

  @Test
  void whatWasEvictedComesHomeWithoutADevice() {
    Plan plan = Plan.of(GranuleEntry.EVICTED, new Goal.ToHost(false));
    assertThat(plan.callsDevices()).isFalse();
    assertThat(plan.result()).isEqualTo(GranuleEntry.CPU);
  }

  @Test
  void whatIsReadMostlyStaysWithItsOwnerWhenOthersReadIt() {
    long entry = GranuleEntry.withHints(GranuleEntry.device(1), Hints.NONE.readMostly(true));
    assertThat(Plan.of(entry, new Goal.ToHost(false)).result()).isEqualTo(GranuleEntry.shared(2));
    assertThat(Plan.of(entry, new Goal.ToHost(true)).result()).isEqualTo(GranuleEntry.CPU);
    Goal read = new Goal.ToDevice(SLOTS.get(0), false, false, Goal.NO_LAUNCH);
    assertThat(Plan.of(entry, read).result()).isEqualTo(GranuleEntry.shared(3));
    Goal write = new Goal.ToDevice(SLOTS.get(0), true, false, Goal.NO_LAUNCH);
    assertThat(Plan.of(entry, write).result()).isEqualTo(GranuleEntry.device(0));
  }

  @Test
  void aPreferenceKeepsACopyOnThatDeviceOnly() {
    Hints hints = Hints.NONE.preferring(Hints.node(1));
    long there = GranuleEntry.withHints(GranuleEntry.device(1), hints);
    long elsewhere = GranuleEntry.withHints(GranuleEntry.device(2), hints);
    assertThat(Plan.of(there, new Goal.ToHost(false)).keep()).isTrue();
    assertThat(Plan.of(elsewhere, new Goal.ToHost(false)).keep()).isFalse();
  }

  /** Whoever reads is refused; a plan for anybody else leaves it lost until it is written. */
  @Test
  void whatIsLostIsHadByThoseOnlyWhoDoNotReadIt() {
    long lost = GranuleEntry.poison(GranuleEntry.device(0));
    long given = GranuleEntry.overwriting(lost, 1);
    assertThat(GranuleEntry.lostWith(lost)).isZero();
    assertThat(GranuleEntry.lostWith(given)).isZero();
    assertThat(GranuleEntry.lost(given)).isEqualTo(lost);
    assertThat(GranuleEntry.bereaved(given, 2)).isEqualTo(lost);
    assertThat(GranuleEntry.onHost(given)).isFalse();
    assertThat(GranuleEntry.written(given)).isEqualTo(GranuleEntry.device(1));
    for (long entry : List.of(lost, given)) {
      for (Goal goal : goals()) {
        Plan plan = Plan.of(entry, goal);
        if (plan == null) {
          continue;
        }
        String name = name(entry, goal);
        boolean drops = Claims.dropsContents(goal);
        assertThat(reads(goal)).as(name).isFalse();
        assertThat(plan.copyOutOf()).as(name).isEqualTo(Plan.NONE);
        assertThat(plan.home()).as(name).isIn(lost, GranuleEntry.UNMAPPED);
        assertThat(drops || GranuleEntry.poisoned(plan.result())).as(name).isTrue();
        int mapped = GranuleEntry.blank(entry) ? GranuleEntry.devices(entry) : 0;
        assertThat(plan.drop()).as(name).isEqualTo(mapped);
        EngineProbe.checkPossible(plan.result());
      }
    }
    assertThat(Plan.of(lost, new Goal.Renew()).result()).isEqualTo(GranuleEntry.CPU);
    Goal overwrite = new Goal.ToDevice(SLOTS.get(1), true, true, 0);
    assertThat(Plan.of(lost, overwrite).result()).isEqualTo(given);
    assertThat(Claims.isDone(given, overwrite)).isTrue();
    Goal write = new Goal.ToDevice(SLOTS.get(1), true, false, 0);
    assertThat(Claims.isDone(given, write)).isFalse();
    assertThat(Plan.of(given, write)).isNull();
  }

  private static boolean reads(Goal goal) {
    return switch (goal) {
      case Goal.ToHost ignored -> true;
      case Goal.ToDevice wish -> !wish.overwrite();
      case Goal.InPlace wish -> !wish.overwrite();
      case Goal.Home() -> true;
      case Goal.Stay ignored -> true;
      case Goal.Leave() -> true;
      case Goal.Flush() -> true;
      default -> false;
    };
  }

  @Test
  void onlyNewMappingsTakeRoom() {
    forEach(
        (entry, goal) -> {
          Plan plan = Plan.of(entry, goal);
          if (plan == null) {
            return;
          }
          int before = GranuleEntry.devices(entry) & ~plan.drop();
          int more = GranuleEntry.devices(plan.result()) & ~before;
          assertThat(plan.takesRoom()).as(name(entry, goal)).isEqualTo(more != 0);
        });
  }
}
