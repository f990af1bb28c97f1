package dev.gmem.core.engine;

import dev.gmem.Access;
import dev.gmem.core.engine.Claim.Failure;
import dev.gmem.core.engine.Claim.Step;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.sync.RankedMonitor;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Does the work of a claim: handshake, copies out, drops, maps, in this order, each phase for all
 * runs at once. Holds no monitor. A run that fails keeps the last entry it reached; the others go
 * on.
 */
final class Migrator {
  private final HostPlatform platform;
  private final DeviceTable devices;

  Migrator(HostPlatform platform, DeviceTable devices) {
    this.platform = platform;
    this.devices = devices;
  }

  /** A call under way. */
  private record Call(
      Step step, DeviceSlot slot, CompletionStage<GmStatus> stage, Throwable thrown) {
    GmStatus status() {
      if (stage == null) {
        return GmStatus.FAILURE_UNKNOWN;
      }
      GmStatus status = stage.toCompletableFuture().join();
      return status == null ? GmStatus.FAILURE_UNKNOWN : status;
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
    copyOut(claim);
    drop(claim);
    if (claim.goal() instanceof Goal.ToDevice wish) {
      map(claim, wish);
    }
    for (Step step : claim.steps()) {
      if (!step.stopped()) {
        step.reached(step.plan().result());
      }
    }
  }

  private void copyOut(Claim claim) {
    List<Call> calls = new ArrayList<>();
    for (Step step : claim.steps()) {
      if (step.plan().copyOutOf() != Plan.NONE) {
        DeviceSlot slot = devices.slot(step.plan().copyOutOf());
        calls.add(unmap(claim, step, slot, true));
      }
    }
    await(
        claim,
        calls,
        false,
        (step, slot) -> {
          long bytes = claim.vma().bytesOf(step.first(), step.end());
          slot.giveBack(bytes);
          slot.countOut(bytes);
          step.copyOut();
          step.reached(step.plan().home());
        });
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
          (dropped, slot) -> {
            slot.giveBack(claim.vma().bytesOf(dropped.first(), dropped.end()));
            dropped.reached(without(dropped.after(), slot.index()));
          });
      if (!step.stopped()) {
        step.reached(step.plan().home());
      }
    }
  }

  /** The entry once one of its replicas is gone. */
  private static long without(long entry, int slot) {
    int rest = GranuleEntry.devices(entry) & ~(1 << slot);
    return rest == 0 ? GranuleEntry.EVICTED : GranuleEntry.shared(rest);
  }

  private Call unmap(Claim claim, Step step, DeviceSlot slot, boolean copy) {
    GmRange run = claim.vma().run(step.first(), step.end());
    GmUnmapping unmapping = new GmUnmapping(run, host(run), copy);
    return call(step, slot, () -> slot.device().mmu().peerUnmapAsync(unmapping));
  }

  private void map(Claim claim, Goal.ToDevice wish) {
    DeviceSlot slot = wish.slot();
    List<Call> calls = new ArrayList<>();
    for (Step step : claim.steps()) {
      if (!step.stopped()) {
        Call call = map(claim, step, slot, wish.own());
        if (call != null) {
          calls.add(call);
        } else if (step.plan().takesRoom() && step.stopped()) {
          slot.giveBack(claim.vma().bytesOf(step.first(), step.end()));
        }
      } else if (step.plan().takesRoom()) {
        slot.giveBack(claim.vma().bytesOf(step.first(), step.end()));
      }
    }
    for (Call call : calls) {
      boolean done =
          await(claim, List.of(call), true, (step, ignored) -> mapped(claim, step, slot));
      if (!done && call.step().plan().takesRoom()) {
        slot.giveBack(claim.vma().bytesOf(call.step().first(), call.step().end()));
      }
    }
  }

  private static void mapped(Claim claim, Step step, DeviceSlot slot) {
    if (step.copiedIn()) {
      slot.countIn(claim.vma().bytesOf(step.first(), step.end()));
    }
  }

  private Call map(Claim claim, Step step, DeviceSlot slot, boolean own) {
    GmRange run = claim.vma().run(step.first(), step.end());
    Access access = own ? Access.READ_WRITE : Access.READ;
    return switch (step.plan().mapping()) {
      case NONE -> null;
      case UPGRADE -> upgrade(claim, step, slot, run);
      case COPY -> map(step, slot, run, true, access);
      case COPY_IF_TOUCHED ->
          map(step, slot, run, platform.touched(run.address(), run.bytes()), access);
      case OVERWRITE -> map(step, slot, run, false, Access.OVERWRITE);
    };
  }

  private Call map(Step step, DeviceSlot slot, GmRange run, boolean copy, Access access) {
    GmMapping mapping = new GmMapping(run, host(run), copy, access);
    if (copy) {
      step.copyIn();
    }
    return call(step, slot, () -> slot.device().mmu().peerMapAsync(mapping));
  }

  /** Makes a replica the owner: by protection where the device can, else by mapping it anew. */
  private Call upgrade(Claim claim, Step step, DeviceSlot slot, GmRange run) {
    Call protect =
        call(
            step,
            slot,
            () ->
                CompletableFuture.completedFuture(
                    slot.device().mmu().peerProtect(run, Access.READ_WRITE)));
    if (protect.thrown() != null || protect.status() != GmStatus.UNIMPLEMENTED) {
      return protect;
    }
    Call unmap = unmap(claim, step, slot, false);
    boolean unmapped =
        await(
            claim,
            List.of(unmap),
            false,
            (dropped, ignored) -> dropped.reached(GranuleEntry.EVICTED));
    if (!unmapped) {
      return null;
    }
    Call map = map(step, slot, run, true, Access.READ_WRITE);
    boolean remapped =
        await(claim, List.of(map), true, (done, ignored) -> mapped(claim, done, slot));
    if (!remapped) {
      slot.giveBack(claim.vma().bytesOf(step.first(), step.end()));
    }
    return null;
  }

  private MemorySegment host(GmRange run) {
    return platform.raw(run.address(), run.bytes());
  }

  private static Call call(
      Step step, DeviceSlot slot, Supplier<CompletionStage<GmStatus>> operation) {
    try {
      return new Call(step, slot, operation.get(), null);
    } catch (RuntimeException | LinkageError e) {
      return new Call(step, slot, null, e);
    }
  }

  /** Waits for calls; applies what succeeded; notes what failed. Returns whether all succeeded. */
  private static boolean await(Claim claim, List<Call> calls, boolean mapping, Success success) {
    boolean all = true;
    for (Call call : calls) {
      GmStatus status;
      Throwable cause = call.thrown();
      try {
        status = call.status();
      } catch (CompletionException e) {
        status = GmStatus.FAILURE_UNKNOWN;
        cause = e.getCause();
      } catch (RuntimeException e) {
        status = GmStatus.FAILURE_UNKNOWN;
        cause = e;
      }
      if (status == GmStatus.SUCCESS) {
        success.apply(call.step(), call.slot());
      } else {
        claim.fail(new Failure(call.slot(), status, cause, call.step(), mapping));
        all = false;
      }
    }
    return all;
  }
}
