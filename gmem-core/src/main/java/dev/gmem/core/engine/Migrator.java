package dev.gmem.core.engine;

import dev.gmem.Access;
import dev.gmem.AddressSpaceExhaustedException;
import dev.gmem.FileBackingException;
import dev.gmem.core.engine.Claim.Failure;
import dev.gmem.core.engine.Claim.Step;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.sync.RankedMonitor;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.spi.GmAttachMode;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmMove;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Does the work of a claim: handshake, moves between devices, copies out, drops, maps, in this
 * order, each phase for all runs at once. Holds no monitor. A run that fails keeps the last entry
 * it reached; the others go on.
 */
final class Migrator {
  private final HostPlatform platform;
  private final DeviceTable devices;
  private final Frames frames;

  Migrator(HostPlatform platform, DeviceTable devices, Frames frames) {
    this.frames = frames;
    this.platform = platform;
    this.devices = devices;
  }

  /**
   * A call under way.
   *
   * @param answered its answer if it never was
   * @param drops whether it lets go of what nobody needs: with a device that is lost it is gone
   */
  private record Call(
      Step step, DeviceSlot slot, CompletionStage<GmStatus> stage, Answer answered, boolean drops) {
    Answer answer() {
      Answer answer = slot.fate().heard(answered == null ? Answer.end(stage) : answered);
      return drops && slot.isLost() ? Answer.SUCCESS : answer;
    }
  }

  /** What a successful call changes. */
  private interface Success {
    void apply(Step step, DeviceSlot slot);
  }

  void execute(Claim claim) {
    assert RankedMonitor.noneHeld();
    if (claim.handshake()) {
      claim.vma().region().quiesce();
    }
    fill(claim);
    if (claim.goal() instanceof Goal.ToDevice wish) {
      moveAcross(claim, wish.slot());
    }
    copyOut(claim);
    drop(claim);
    if (claim.goal() instanceof Goal.Flush) {
      store(claim);
    }
    if (Claims.dropsContents(claim.goal())) {
      clear(claim);
    }
    if (claim.goal() instanceof Goal.ToDevice wish) {
      map(claim, wish);
    }
    for (Step step : claim.steps()) {
      if (!step.stopped()) {
        step.finish();
      }
    }
    frames.workDone(claim);
  }

  /** Reads what only the file has. What cannot be read at the front of a claim is told. */
  private void fill(Claim claim) {
    if (claim.vma().backing() == null || Claims.dropsContents(claim.goal())) {
      return;
    }
    for (Step step : claim.steps()) {
      if (!GranuleEntry.unread(step.before())) {
        continue;
      }
      GmRange run = claim.vma().run(step.first(), step.end());
      try {
        claim.vma().backing().read(run.address() - claim.vma().address(), host(run));
      } catch (FileBackingException e) {
        if (claim.hasAlong()) {
          claim.withdraw(); // what is needed may be there
          return;
        }
        if (step == claim.steps().getFirst()) {
          throw e;
        }
        claim.cutShort(step);
        return;
      }
    }
  }

  /** Writes to the file what it does not hold; nobody else writes meanwhile. */
  private void store(Claim claim) {
    for (Step step : claim.steps()) {
      if (!step.stopped()) {
        GmRange run = claim.vma().run(step.first(), step.end());
        claim.vma().backing().write(run.address() - claim.vma().address(), host(run));
        step.finish();
      }
    }
  }

  /**
   * Takes over from peers what the device can take without the host. What it cannot goes the other
   * way, unless it is to be tried again: the owner's own answer counts, not what a peer says of it.
   */
  private void moveAcross(Claim claim, DeviceSlot to) {
    List<Call> calls = new ArrayList<>();
    for (Step step : claim.steps()) {
      if (step.plan().movesBetweenDevices() && !step.stopped() && to.isPeer()) {
        DeviceSlot from = devices.slot(step.plan().copyOutOf());
        if (from.isPeer() && !from.isLost()) {
          GmMove move = new GmMove(claim.vma().run(step.first(), step.end()), from.device());
          calls.add(call(step, to, () -> to.device().mmu().peerMoveAsync(move)));
        }
      }
    }
    for (Call call : calls) {
      Answer answer = call.answer();
      if (answer.isSuccess()) {
        call.step().move();
        to.countFromPeer(claim.vma().bytesOf(call.step().first(), call.step().end()));
      } else if (answer.status() == GmStatus.NOMEM || answer.status() == GmStatus.MIGRATING) {
        claim.fail(new Failure(claim.vma(), to, answer, call.step(), true));
      }
    }
  }

  private void copyOut(Claim claim) {
    List<Call> calls = new ArrayList<>();
    for (Step step : claim.steps()) {
      if (step.plan().copyOutOf() != Plan.NONE && !step.stopped()) {
        DeviceSlot slot = devices.slot(step.plan().copyOutOf());
        if (step.plan().keep() && slot.mode() != GmAttachMode.REPLICATE) {
          step.keepsNoCopy(claim.goal());
        }
        if (!step.plan().keep()) {
          calls.add(unmap(claim, step, slot, true));
        } else if (!share(claim, step, slot)) {
          remap(claim, step, slot);
        }
      }
    }
    await(claim, calls, false, (step, slot) -> copiedOut(claim, step, slot, step.plan().home()));
  }

  private static void copiedOut(Claim claim, Step step, DeviceSlot slot, long reached) {
    slot.countOut(claim.vma().bytesOf(step.first(), step.end()));
    step.copyOut();
    step.reached(reached);
  }

  /**
   * Copies out what its owner goes on reading. From the protection on no kernel of it writes, so
   * the copy is whole; if there is none, the owner gets its right back.
   *
   * @return false if the device does not do it that way; then nothing has changed
   */
  private boolean share(Claim claim, Step step, DeviceSlot slot) {
    GmRange run = claim.vma().run(step.first(), step.end());
    Answer answer = slot.fate().ask(() -> slot.device().mmu().peerProtect(run, Access.READ));
    if (answer.isSuccess()) {
      GmCopy out = new GmCopy.DeviceToHost(run.address(), host(run));
      answer = slot.fate().ask(() -> slot.device().mmu().copy(out));
      if (answer.isSuccess()) {
        copiedOut(claim, step, slot, step.plan().home());
        return true;
      }
      Answer undone =
          slot.fate().ask(() -> slot.device().mmu().peerProtect(run, Access.READ_WRITE));
      if (!undone.isSuccess()) {
        return false;
      }
    }
    if (answer.status() == GmStatus.UNIMPLEMENTED) {
      return false;
    }
    claim.fail(new Failure(claim.vma(), slot, answer, step, false));
    return true;
  }

  /** The same by an unmapping and a mapping. If the device does not map it, it keeps no copy. */
  private void remap(Claim claim, Step step, DeviceSlot slot) {
    long shared = step.plan().home();
    boolean gone =
        await(
            claim,
            List.of(unmap(claim, step, slot, true)),
            false,
            (done, from) -> copiedOut(claim, done, from, GranuleEntry.EVICTED));
    if (!gone) {
      return;
    }
    GmRange run = claim.vma().run(step.first(), step.end());
    GmMapping mapping = new GmMapping(run, host(run), true, Access.READ);
    if (slot.fate().ask(() -> slot.device().mmu().peerMap(mapping)).isSuccess()) {
      slot.countIn(claim.vma().bytesOf(step.first(), step.end()));
      step.reached(shared);
    } else {
      step.keepsNoCopy(claim.goal());
    }
  }

  private void drop(Claim claim) {
    for (Step step : claim.steps()) {
      List<Call> calls = new ArrayList<>();
      if (step.stopped()) {
        continue;
      }
      for (int rest = step.plan().drop(); rest != 0; rest &= rest - 1) {
        DeviceSlot slot = devices.slot(Integer.numberOfTrailingZeros(rest));
        calls.add(unmap(claim, step, slot, false));
      }
      await(
          claim,
          calls,
          false,
          (dropped, slot) -> dropped.reached(without(dropped.after(), slot.index())));
      if (!step.stopped()) {
        step.reached(step.plan().home());
      }
    }
  }

  /** What nobody maps any more, and nobody can be reaching, reads as zero from now on. */
  private void clear(Claim claim) {
    for (Step step : claim.steps()) {
      if (!step.stopped()) {
        clear(claim.vma().run(step.first(), step.end()), claim.goal());
        step.finish();
      }
    }
  }

  private void clear(GmRange run, Goal goal) {
    try {
      platform.discard(run.address(), run.bytes());
    } catch (AddressSpaceExhaustedException e) {
      if (goal instanceof Goal.Unmap) {
        throw e; // nobody sees these frames any more, but whoever gives them back is told
      }
      // The system keeps the frames. What they held before is older than what was dropped.
      host(run).fill((byte) 0);
    }
  }

  /** The entry once one of its replicas is gone. */
  private static long without(long entry, int slot) {
    int rest = GranuleEntry.devices(entry) & ~(1 << slot);
    return rest == 0 ? GranuleEntry.EVICTED : GranuleEntry.shared(rest);
  }

  private Call unmap(Claim claim, Step step, DeviceSlot slot, boolean copy) {
    return call(
        step,
        slot,
        !copy,
        () -> {
          GmRange run = claim.vma().run(step.first(), step.end());
          return slot.device().mmu().peerUnmapAsync(new GmUnmapping(run, host(run), copy));
        });
  }

  private void map(Claim claim, Goal.ToDevice wish) {
    DeviceSlot slot = wish.slot();
    List<Call> calls = new ArrayList<>();
    for (Step step : claim.steps()) {
      if (step.stopped()) {
        continue;
      }
      if (step.plan().mapping() == Plan.Mapping.UPGRADE) {
        upgrade(claim, step, slot);
      } else if (step.plan().mapping() != Plan.Mapping.NONE) {
        calls.add(map(claim, step, slot, wish.own()));
      }
    }
    await(claim, calls, true, (step, ignored) -> mapped(claim, step, slot));
  }

  /** From now on the device has the bytes, whatever becomes of the rest of the claim. */
  private static void mapped(Claim claim, Step step, DeviceSlot slot) {
    step.reached(step.plan().result());
    if (step.copiedIn()) {
      slot.countIn(claim.vma().bytesOf(step.first(), step.end()));
    }
  }

  private Call map(Claim claim, Step step, DeviceSlot slot, boolean own) {
    Plan.Mapping how = step.plan().mapping();
    Access access = own ? Access.READ_WRITE : Access.READ;
    return call(
        step,
        slot,
        () -> {
          GmRange run = claim.vma().run(step.first(), step.end());
          boolean copy =
              switch (how) {
                case COPY, UPGRADE -> true;
                case COPY_IF_TOUCHED -> platform.touched(run.address(), run.bytes());
                case OVERWRITE, NONE -> false;
              };
          if (copy) {
            step.copyIn();
          }
          Access wanted = how == Plan.Mapping.OVERWRITE ? Access.OVERWRITE : access;
          return slot.device().mmu().peerMapAsync(new GmMapping(run, host(run), copy, wanted));
        });
  }

  /** Makes a replica the owner: by protection where the device can, else by mapping it anew. */
  private void upgrade(Claim claim, Step step, DeviceSlot slot) {
    Call protect =
        call(
            step,
            slot,
            () -> {
              GmRange run = claim.vma().run(step.first(), step.end());
              return CompletableFuture.completedFuture(
                  slot.device().mmu().peerProtect(run, Access.READ_WRITE));
            });
    if (protect.answer().status() != GmStatus.UNIMPLEMENTED) {
      await(claim, List.of(protect), true, (done, ignored) -> mapped(claim, done, slot));
      return;
    }
    Call unmap = unmap(claim, step, slot, false);
    if (await(
        claim, List.of(unmap), false, (gone, ignored) -> gone.reached(GranuleEntry.EVICTED))) {
      Call map = map(claim, step, slot, true);
      await(claim, List.of(map), true, (done, ignored) -> mapped(claim, done, slot));
    }
  }

  private MemorySegment host(GmRange run) {
    return platform.raw(run.address(), run.bytes());
  }

  private static Call call(
      Step step, DeviceSlot slot, Supplier<CompletionStage<GmStatus>> operation) {
    return call(step, slot, false, operation);
  }

  private static Call call(
      Step step, DeviceSlot slot, boolean drops, Supplier<CompletionStage<GmStatus>> operation) {
    if (slot.isLost()) {
      return new Call(step, slot, null, Answer.LOST, drops);
    }
    try {
      return new Call(step, slot, operation.get(), null, drops);
    } catch (Throwable e) {
      return new Call(step, slot, null, Answer.thrown(e), drops);
    }
  }

  /** Waits for calls; applies what succeeded; notes what failed. Returns whether all succeeded. */
  private static boolean await(Claim claim, List<Call> calls, boolean mapping, Success success) {
    boolean all = true;
    for (Call call : calls) {
      Answer answer = call.answer();
      if (answer.isSuccess()) {
        success.apply(call.step(), call.slot());
      } else {
        claim.fail(new Failure(claim.vma(), call.slot(), answer, call.step(), mapping));
        all = false;
      }
    }
    return all;
  }
}
