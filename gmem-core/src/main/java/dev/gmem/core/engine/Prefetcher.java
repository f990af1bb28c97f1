package dev.gmem.core.engine;

import dev.gmem.PrefetchPolicy;
import dev.gmem.PrefetchPolicy.Span;
import dev.gmem.core.engine.Claim.Step;
import dev.gmem.core.table.GranuleEntry;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Asks policies what is to come along with faults, and lets come what can. One per space.
 *
 * <p>A policy's answer is a wish: whatever it is, the fault is served. A policy that throws or
 * answers nonsense is told of once. One of the program's own is asked with no monitor held; if it
 * faults itself, it is not asked about that.
 */
final class Prefetcher {
  /** How many ranges a policy may name. */
  static final int SPANS_MAX = 512;

  /** How many policies are remembered that have been told of: more are as if they had been. */
  private static final int TOLD_MAX = 64;

  private static final Logger LOG = System.getLogger("dev.gmem.prefetch");

  private final ThreadLocal<Boolean> asking = new ThreadLocal<>();
  private final Set<PrefetchPolicy> told =
      Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));

  /**
   * Begins a fault that turns out not to be spurious: counts it, and asks GMEM's own policies. The
   * VMA's monitor is held.
   *
   * @return true if the program's policy is to be asked, once the monitor has been left
   */
  boolean open(Request request) {
    if (!request.count()) {
      return false;
    }
    VmaOptions options = request.vma().options();
    if (options.prefetch() == PrefetchPolicy.none()) {
      return false;
    }
    if (options.asksOwnPolicy()) {
      request.see(new FaultSight(request));
      choose(request, options.prefetch().choose(request.sight()));
      return false;
    }
    if (asking.get() != null) {
      return false;
    }
    request.see(new FaultSight(request));
    return true;
  }

  /** Asks the program's policy. No monitor is held. */
  List<Span> ask(Request request) {
    PrefetchPolicy policy = request.vma().options().prefetch();
    asking.set(true);
    try {
      List<Span> spans = List.copyOf(policy.choose(request.sight()));
      if (spans.size() <= SPANS_MAX) {
        return spans;
      }
      tell(policy, "it names too many ranges: spans=" + spans.size() + " max=" + SPANS_MAX, null);
    } catch (Throwable e) {
      // Whatever it is, it is not the access's fault.
      tell(policy, "it throws, or returns null", e);
    } finally {
      asking.remove();
    }
    return List.of();
  }

  private void tell(PrefetchPolicy policy, String what, Throwable thrown) {
    if (told.size() < TOLD_MAX && told.add(policy)) {
      LOG.log(
          Level.WARNING,
          "a prefetch policy is ignored where "
              + what
              + "; what it is asked for comes alone. This is said once: policy="
              + policy.getClass().getName(),
          thrown);
    }
  }

  /** Makes runs of granules of an answer: clipped, in order, apart. The VMA's monitor is held. */
  void choose(Request request, List<Span> answer) {
    Vma vma = request.vma();
    long granule = vma.granuleBytes();
    List<Span> sorted = new ArrayList<>(answer);
    sorted.sort(Comparator.comparingLong(Span::from));
    List<Run> runs = new ArrayList<>();
    for (Span span : sorted) {
      long first = span.from() <= 0 ? 0 : span.from() / granule;
      long end = span.to() >= vma.bytes() ? vma.granules() : (span.to() + granule - 1) / granule;
      Run last = runs.isEmpty() ? null : runs.getLast();
      if (last != null && first <= last.end()) {
        runs.set(runs.size() - 1, new Run(last.first(), Math.max(last.end(), end)));
      } else if (first < end) {
        runs.add(new Run(first, end));
      }
    }
    for (Run run : runs) {
      if (run.first() <= request.end() && run.end() >= request.first()) {
        request.sight().came(run.first(), run.end());
      }
    }
    request.along(runs);
  }

  /** Granules that are to come along, or are needed. */
  record Run(long first, long end) {}

  /**
   * Adds to a claim what can come along with it: nearest to what is needed first, and what comes
   * after that before what comes ahead of it. The VMA's monitor is held.
   */
  void join(Request request, Claim claim) {
    List<Run> runs = request.along();
    if (runs.isEmpty() || claim.isEmpty() || claim.end() < request.end()) {
      return;
    }
    Step model = claim.steps().getLast();
    for (Run run : runs) {
      joining(claim, model, Math.max(run.first(), claim.end()), run.end()).forEach(claim::addAlong);
    }
    for (Run run : runs.reversed()) {
      List<Step> ahead = joining(claim, model, run.first(), Math.min(run.end(), claim.first()));
      ahead.reversed().forEach(claim::addAlong);
    }
  }

  /** What can come along of a range, in order. */
  private static List<Step> joining(Claim claim, Step model, long first, long end) {
    Vma vma = claim.vma();
    List<Step> steps = new ArrayList<>();
    for (long at = first; at < end; ) {
      long entry = vma.table().get(at);
      long runEnd = vma.table().runEnd(at, end);
      Plan plan = planOf(entry, model, claim.goal());
      if (plan == null) {
        at = runEnd;
        continue;
      }
      long held = vma.heldFrom(at, runEnd, entry, claim.goal());
      if (held > at) {
        steps.add(Step.along(at, held, entry, plan));
      }
      at = held < runEnd ? vma.nextHoldEdge(held, runEnd) : runEnd;
    }
    return steps;
  }

  /** How a granule comes along; null if it does not. */
  private static Plan planOf(long entry, Step model, Goal goal) {
    long needed = model.before();
    boolean samePlace =
        GranuleEntry.devices(entry) == GranuleEntry.devices(needed)
            && GranuleEntry.unread(entry) == GranuleEntry.unread(needed)
            && GranuleEntry.blank(entry) == GranuleEntry.blank(needed)
            && GranuleEntry.isShared(entry) == GranuleEntry.isShared(needed)
            && GranuleEntry.withHintsOf(entry, needed) == entry;
    if (!samePlace || GranuleEntry.busy(entry) || GranuleEntry.poisoned(entry)) {
      return null;
    }
    Plan plan = Plan.of(entry, goal);
    return plan != null && takes(entry, plan) <= takes(needed, model.plan()) ? plan : null;
  }

  /** What a plan takes from the CPU: nothing, the right to write, or to read, too. */
  private static int takes(long entry, Plan plan) {
    if (plan.revokeRead() && GranuleEntry.admits(entry, false)) {
      return 2;
    }
    return plan.revokeWrite() && GranuleEntry.admits(entry, true) ? 1 : 0;
  }
}
