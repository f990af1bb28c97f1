package dev.gmem.core.engine;

import dev.gmem.PageState;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.table.Hints;

/**
 * How one run of equal entries gets to a goal: the table of ARCHITECTURE.md as a pure function.
 *
 * @param revokeRead take the CPU's permission to read
 * @param revokeWrite take the CPU's permission to write
 * @param copyOutOf slot of the device whose bytes go to the host frame, or {@link #NONE}
 * @param keep whether that device keeps a copy for reading; otherwise it is unmapped
 * @param drop devices that are unmapped without a copy, a bit per slot
 * @param mapping what is done on the device that the goal names
 * @param home the entry if everything before {@code mapping} has succeeded, and it has not
 * @param result the entry if all has succeeded
 */
record Plan(
    boolean revokeRead,
    boolean revokeWrite,
    int copyOutOf,
    boolean keep,
    int drop,
    Mapping mapping,
    long home,
    long result) {
  /** No device. */
  static final int NONE = -1;

  /** What is done on the device that the goal names. */
  enum Mapping {
    /** Nothing. */
    NONE,
    /** Map, with the host's bytes. */
    COPY,
    /** Map, with zeros if the host frame has never been touched, else with its bytes. */
    COPY_IF_TOUCHED,
    /** Map; contents do not matter. */
    OVERWRITE,
    /** It has a replica, and becomes the owner. */
    UPGRADE
  }

  /**
   * Makes a plan.
   *
   * @param entry an entry that is not busy
   * @param goal what it is for
   * @return the plan, or null if there is nothing to do, or nothing that could be done
   */
  static Plan of(long entry, Goal goal) {
    if (GranuleEntry.unmapped(entry)) {
      return null;
    }
    if (GranuleEntry.poisoned(entry)) {
      return lost(entry, goal);
    }
    return GranuleEntry.unread(entry) || GranuleEntry.filed(entry)
        ? withFile(entry, goal)
        : plain(entry, goal);
  }

  /**
   * A file has the granule: what its host frame holds after the file has been read, if it was not
   * yet, the file holds too, until somebody may write it.
   */
  private static Plan withFile(long entry, Goal goal) {
    boolean unread = GranuleEntry.unread(entry);
    boolean filed = GranuleEntry.filed(entry);
    long plain = GranuleEntry.withoutFile(entry);
    boolean writes = writes(goal);
    if (goal instanceof Goal.Flush) {
      return null;
    }
    Plan plan = plain(plain, goal);
    if (plan == null && unread && goal instanceof Goal.InPlace) {
      plan = settled(GranuleEntry.CPU);
    }
    if (plan == null) {
      return writes && filed ? settled(plain) : null;
    }
    boolean same = filed && !Claims.dropsContents(goal);
    return plan.keepingFile(same, same && !writes);
  }

  /** Who does not need what is lost may have the granule; it stays lost until that is written. */
  private static Plan lost(long entry, Goal goal) {
    boolean blank = GranuleEntry.blank(entry);
    int mapped = blank ? GranuleEntry.devices(entry) : 0;
    long lost = GranuleEntry.lost(entry);
    return switch (goal) {
      case Goal.ToDevice wish when wish.overwrite() && !hasLost(entry, goal) -> {
        long result = GranuleEntry.overwriting(entry, wish.slot().index());
        yield new Plan(false, false, NONE, false, mapped, Mapping.OVERWRITE, lost, result);
      }
      case Goal.InPlace wish when wish.overwrite() -> blank ? moved(NONE, mapped, lost) : null;
      case Goal.Evict leave -> (mapped & 1 << leave.slot().index()) != 0 ? off(mapped, lost) : null;
      case Goal.Discard(var slot) -> (mapped & 1 << slot.index()) != 0 ? off(mapped, lost) : null;
      case Goal.Release() -> blank ? off(mapped, lost) : null;
      case Goal.Drop() -> dropLost(mapped, lost, GranuleEntry.NOMAP);
      case Goal.Replace() -> dropLost(mapped, lost, GranuleEntry.NOMAP);
      case Goal.Renew() -> dropLost(mapped, lost, GranuleEntry.CPU);
      case Goal.Unmap() -> dropLost(mapped, GranuleEntry.UNMAPPED, GranuleEntry.UNMAPPED);
      default -> null;
    };
  }

  /** Tells whether a goal finds a lost granule as it needs it. */
  static boolean hasLost(long entry, Goal goal) {
    boolean blank = GranuleEntry.blank(entry);
    return switch (goal) {
      // A fault of its own kernel is spurious: it may write there already.
      case Goal.ToDevice wish ->
          blank
              && GranuleEntry.onDevice(entry, wish.slot().index())
              && (wish.overwrite() || wish.launch() == Goal.NO_LAUNCH);
      case Goal.InPlace wish -> wish.overwrite() && !blank;
      case Goal.Discard(var slot) -> !blank || !GranuleEntry.onDevice(entry, slot.index());
      default -> false;
    };
  }

  private static Plan off(int devices, long result) {
    return moved(NONE, devices, result);
  }

  private static Plan dropLost(int devices, long home, long result) {
    return new Plan(true, true, NONE, false, devices, Mapping.NONE, home, result);
  }

  private static boolean writes(Goal goal) {
    return switch (goal) {
      case Goal.ToHost(boolean write) -> write;
      case Goal.ToDevice wish -> wish.writes();
      case Goal.InPlace wish -> wish.own();
      case Goal.Stay(boolean write) -> write;
      default -> false;
    };
  }

  private Plan keepingFile(boolean before, boolean after) {
    return new Plan(
        revokeRead,
        revokeWrite,
        copyOutOf,
        keep,
        drop,
        mapping,
        filed(home, before),
        filed(result, after));
  }

  private static long filed(long entry, boolean filed) {
    boolean has = GranuleEntry.onHost(entry) && !GranuleEntry.unmapped(entry);
    return GranuleEntry.filed(entry, filed && has && !GranuleEntry.blank(entry));
  }

  private static Plan plain(long entry, Goal goal) {
    return switch (goal) {
      case Goal.Flush() -> flush(entry);
      case Goal.ToHost(boolean write) -> toHost(entry, write);
      case Goal.ToDevice wish -> toDevice(entry, wish);
      case Goal.InPlace wish -> inPlace(entry, wish.own());
      case Goal.Home() -> home(entry);
      case Goal.Evict leave -> evict(entry, leave.slot().index());
      case Goal.Discard(DeviceSlot slot) ->
          GranuleEntry.blank(entry) ? evict(entry, slot.index()) : null;
      case Goal.Drop() -> drop(entry, GranuleEntry.EVICTED, GranuleEntry.NOMAP);
      case Goal.Replace() -> drop(entry, GranuleEntry.EVICTED, GranuleEntry.NOMAP);
      case Goal.Renew() -> null;
      case Goal.Unmap() -> drop(entry, GranuleEntry.UNMAPPED, GranuleEntry.UNMAPPED);
      case Goal.Leave() -> leave(entry);
      case Goal.Stay(boolean write) -> write ? written(entry) : settled(entry);
      case Goal.Release() -> release(entry);
    };
  }

  private static Plan toHost(long entry, boolean write) {
    if (GranuleEntry.admits(entry, write)) {
      return null;
    }
    return switch (GranuleEntry.state(entry)) {
      case NOMAP, CPU -> settled(GranuleEntry.restored(entry));
      case EVICTED -> settled(GranuleEntry.CPU);
      case SHARED ->
          write
              ? moved(NONE, GranuleEntry.devices(entry), GranuleEntry.CPU)
              : settled(GranuleEntry.restored(entry));
      case DEVICE ->
          write || !GranuleEntry.keepsCopy(entry)
              ? fromOwner(entry, GranuleEntry.CPU)
              : keeping(entry);
      case UNMAPPED, FILE -> null;
    };
  }

  /** The owner lets others read, and keeps a copy. */
  private static Plan keeping(long entry) {
    long shared = GranuleEntry.shared(GranuleEntry.devices(entry));
    return new Plan(false, false, GranuleEntry.owner(entry), true, 0, Mapping.NONE, shared, shared);
  }

  /** What only its owner has comes home; what that has not written is there. */
  private static Plan fromOwner(long entry, long result) {
    return GranuleEntry.onHost(entry)
        ? moved(NONE, GranuleEntry.devices(entry), result)
        : moved(GranuleEntry.owner(entry), 0, result);
  }

  private static Plan toDevice(long entry, Goal.ToDevice wish) {
    int slot = wish.slot().index();
    boolean own = wish.own();
    PageState state = GranuleEntry.state(entry);
    boolean blank = GranuleEntry.blank(entry);
    boolean mapped = GranuleEntry.onDevice(entry, slot);
    boolean untouched = mapped && GranuleEntry.clean(entry);
    boolean enough = state == PageState.DEVICE ? !blank || wish.overwrite() : !own;
    if (mapped && enough && !(untouched && wish.writes())) {
      return null;
    }
    int others = GranuleEntry.devices(entry);
    long owner = GranuleEntry.device(slot);
    long mine =
        wish.overwrite()
            ? GranuleEntry.blanked(owner)
            : wish.writes() ? owner : GranuleEntry.cleaned(owner);
    if (untouched) {
      return settled(mine); // it has the bytes, and may write them from now on
    }
    long result = own ? mine : GranuleEntry.shared(others | 1 << slot);
    Mapping copy = wish.overwrite() ? Mapping.OVERWRITE : Mapping.COPY;
    return switch (state) {
      case NOMAP -> {
        Mapping zero = wish.overwrite() ? Mapping.OVERWRITE : Mapping.COPY_IF_TOUCHED;
        yield new Plan(own, true, NONE, false, 0, zero, entry, result);
      }
      case CPU, EVICTED -> new Plan(own, true, NONE, false, 0, copy, entry, result);
      case SHARED -> {
        if (!own) {
          yield new Plan(false, false, NONE, false, 0, copy, entry, result);
        }
        boolean replica = GranuleEntry.onDevice(entry, slot);
        int drop = others & ~(1 << slot);
        long home = replica ? GranuleEntry.shared(1 << slot) : GranuleEntry.CPU;
        Mapping how = replica ? Mapping.UPGRADE : copy;
        yield new Plan(true, true, NONE, false, drop, how, home, result);
      }
      case DEVICE -> {
        // Also if it is overwritten: should that fail, the host has what was there before.
        boolean keep = !own && GranuleEntry.keepsCopy(entry);
        Plan home = keep ? keeping(entry) : fromOwner(entry, GranuleEntry.EVICTED);
        long replica = own || keep ? result : GranuleEntry.shared(1 << slot);
        yield new Plan(false, false, home.copyOutOf, keep, home.drop, copy, home.result, replica);
      }
      case UNMAPPED, FILE -> null;
    };
  }

  private static Plan inPlace(long entry, boolean own) {
    return switch (GranuleEntry.state(entry)) {
      case NOMAP, CPU, EVICTED, UNMAPPED, FILE -> null;
      case SHARED -> own ? moved(NONE, GranuleEntry.devices(entry), GranuleEntry.CPU) : null;
      case DEVICE ->
          own || !GranuleEntry.keepsCopy(entry)
              ? fromOwner(entry, GranuleEntry.CPU)
              : keeping(entry);
    };
  }

  private static Plan home(long entry) {
    return switch (GranuleEntry.state(entry)) {
      case NOMAP, CPU, SHARED, UNMAPPED, FILE -> null;
      case EVICTED -> settled(GranuleEntry.CPU);
      case DEVICE ->
          GranuleEntry.keepsCopy(entry) ? keeping(entry) : fromOwner(entry, GranuleEntry.CPU);
    };
  }

  private static Plan drop(long entry, long home, long result) {
    int devices = GranuleEntry.devices(entry);
    return new Plan(true, true, NONE, false, devices, Mapping.NONE, home, result);
  }

  private static Plan leave(long entry) {
    boolean owned = !GranuleEntry.onHost(entry);
    return new Plan(
        true,
        true,
        owned ? GranuleEntry.owner(entry) : NONE,
        false,
        owned ? 0 : GranuleEntry.devices(entry),
        Mapping.NONE,
        GranuleEntry.EVICTED,
        GranuleEntry.EVICTED);
  }

  /** Whoever has the valid copy is to be written there, and nobody keeps another. */
  private static Plan written(long entry) {
    return switch (GranuleEntry.state(entry)) {
      case NOMAP, CPU -> settled(GranuleEntry.CPU);
      case EVICTED -> settled(entry);
      case SHARED -> moved(NONE, GranuleEntry.devices(entry), GranuleEntry.CPU);
      case DEVICE ->
          GranuleEntry.onHost(entry) ? fromOwner(entry, GranuleEntry.EVICTED) : settled(entry);
      case UNMAPPED, FILE -> null;
    };
  }

  private static Plan evict(long entry, int slot) {
    if (!GranuleEntry.onDevice(entry, slot)) {
      return null;
    }
    if (GranuleEntry.state(entry) == PageState.DEVICE) {
      return fromOwner(entry, GranuleEntry.EVICTED);
    }
    int rest = GranuleEntry.devices(entry) & ~(1 << slot);
    return moved(NONE, 1 << slot, rest == 0 ? GranuleEntry.CPU : GranuleEntry.shared(rest));
  }

  private static Plan release(long entry) {
    int devices = GranuleEntry.devices(entry);
    return devices == 0 ? null : moved(NONE, devices, GranuleEntry.EVICTED);
  }

  /** The host's frame is written to the file, while nobody writes to it. */
  private static Plan flush(long entry) {
    if (!GranuleEntry.onHost(entry)) {
      Plan home =
          GranuleEntry.keepsCopy(entry) ? keeping(entry) : fromOwner(entry, GranuleEntry.EVICTED);
      return new Plan(
          false,
          false,
          home.copyOutOf,
          home.keep,
          0,
          Mapping.NONE,
          home.home,
          filed(home.result, true));
    }
    long valid = GranuleEntry.unclaimed(GranuleEntry.withHints(entry, Hints.NONE));
    return new Plan(false, true, NONE, false, 0, Mapping.NONE, valid, filed(valid, true));
  }

  private static Plan settled(long result) {
    return moved(NONE, 0, result);
  }

  private static Plan moved(int copyOutOf, int drop, long result) {
    return new Plan(false, false, copyOutOf, false, drop, Mapping.NONE, result, result);
  }

  /**
   * Tells whether a device must be called.
   *
   * @return false if only the table changes
   */
  boolean callsDevices() {
    return copyOutOf != NONE || drop != 0 || mapping != Mapping.NONE;
  }

  /**
   * Tells whether somebody loses a right by it.
   *
   * @return false if it only gives
   */
  boolean takesAway() {
    return revokeWrite || copyOutOf != NONE && !keep || drop != 0;
  }

  /**
   * Tells whether all that is to be done is to take what one device owns to another.
   *
   * @return true if it need not go by way of the host
   */
  boolean movesBetweenDevices() {
    return mapping == Mapping.COPY
        && copyOutOf != NONE
        && !keep
        && GranuleEntry.state(result) == PageState.DEVICE;
  }

  /**
   * Tells whether the run takes new room on the device that the goal names.
   *
   * @return true if it does
   */
  boolean takesRoom() {
    return mapping != Mapping.NONE && mapping != Mapping.UPGRADE;
  }
}
