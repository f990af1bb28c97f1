package dev.gmem.core.engine;

import dev.gmem.PageState;
import dev.gmem.PrefetchPolicy;
import dev.gmem.PrefetchPolicy.Pattern;
import dev.gmem.PrefetchPolicy.Span;
import dev.gmem.core.table.GranuleEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongPredicate;

/**
 * What a policy sees of a fault. Made under the VMA's monitor; may be asked without it, and then
 * sees the table as it changes.
 */
final class FaultSight implements PrefetchPolicy.Fault {
  private final Vma vma;
  private final DeviceSlot slot;
  private final boolean writes;
  private final long at;
  private final long bytes;
  private final long first;
  private final long end;
  private final LongPredicate here;
  private final long hereMax;
  private final FaultHistory.Expected expected;

  /**
   * Makes one, and takes note of the fault.
   *
   * @param request a fault that is not spurious, by the CPU or by a device that maps
   */
  FaultSight(Request request) {
    vma = request.vma();
    at = Math.max(request.at() - vma.address(), request.first() * vma.granuleBytes());
    bytes = request.accessEnd() - vma.address() - at;
    first = request.first();
    end = request.end();
    switch (request.goal()) {
      case Goal.ToDevice wish -> {
        slot = wish.slot();
        writes = wish.writes();
        boolean own = wish.own();
        here = entry -> isOnDevice(entry, slot.index(), own);
        hereMax = vma.counts().onDevice(slot.index());
      }
      case Goal.ToHost(boolean write) -> {
        slot = null;
        writes = write;
        here = FaultSight::isHome;
        hereMax = vma.counts().inState(PageState.CPU);
      }
      default -> throw new AssertionError(request.goal());
    }
    Goal goal = request.goal();
    expected =
        history().note(at, first, end, granule -> Claims.isDone(vma.table().get(granule), goal));
  }

  private static boolean isOnDevice(long entry, int slot, boolean own) {
    return GranuleEntry.onDevice(entry, slot)
        && !GranuleEntry.busy(entry)
        && !(own && GranuleEntry.state(entry) == PageState.SHARED);
  }

  /** Came home from a device, and is the host's alone. */
  private static boolean isHome(long entry) {
    return GranuleEntry.state(entry) == PageState.CPU && !GranuleEntry.busy(entry);
  }

  private FaultHistory history() {
    return vma.history(slot == null ? Vma.HOST : slot.index());
  }

  /** Takes note of what comes along: a range of granules that touches what is needed. */
  void came(long from, long to) {
    history().came(first, from, to);
  }

  @Override
  public Optional<String> device() {
    return slot == null ? Optional.empty() : Optional.of(slot.device().id());
  }

  @Override
  public boolean writes() {
    return writes;
  }

  @Override
  public Span needed() {
    return span(first, end);
  }

  @Override
  public int granuleBytes() {
    return vma.granuleBytes();
  }

  @Override
  public long allocationBytes() {
    return vma.bytes();
  }

  @Override
  public Pattern pattern() {
    return expected.pattern();
  }

  @Override
  public List<Span> following() {
    return switch (expected.pattern()) {
      case NONE -> List.of();
      case SEQUENTIAL ->
          List.of(span(Math.max(0, expected.first()), Math.min(vma.granules(), expected.end())));
      case STRIDED -> places();
    };
  }

  private List<Span> places() {
    List<Span> places = new ArrayList<>();
    for (long i = 1; i <= expected.places(); i++) {
      long from = at + i * expected.strideBytes();
      if (from < 0 || from + bytes > vma.bytes()) {
        break;
      }
      long granule = vma.granuleBytes();
      places.add(new Span(from & -granule, (from + bytes + granule - 1) & -granule));
    }
    return places;
  }

  @Override
  public Span dense(int percent) {
    if (percent < 1 || percent > 100) {
      throw new IllegalArgumentException("percent must be from 1 to 100: percent=" + percent);
    }
    long base = vma.address() / vma.granuleBytes();
    long mine = end - first;
    long countedFirst = first;
    long countedEnd = end;
    long count = mine;
    long bestFirst = first;
    long bestEnd = end;
    long sizeMax = PrefetchPolicy.BLOCK_BYTES / vma.granuleBytes();
    for (long size = 2; size <= sizeMax; size *= 2) {
      long from = Math.max(0, (base + first & -size) - base);
      long to = Math.min(vma.granules(), (base + end + size - 1 & -size) - base);
      if (100 * (hereMax + mine) <= percent * (to - from)) {
        break; // nor is any that is larger
      }
      count += vma.table().count(from, countedFirst, here);
      count += vma.table().count(countedEnd, to, here);
      countedFirst = from;
      countedEnd = to;
      if (100 * count > percent * (to - from)) {
        bestFirst = from;
        bestEnd = to;
      }
    }
    return span(bestFirst, bestEnd);
  }

  @Override
  public long bytesHere(Span span) {
    long from = Math.max(0, span.from());
    long to = Math.min(vma.bytes(), span.to());
    if (from >= to) {
      return 0;
    }
    long granule = vma.granuleBytes();
    return vma.table().count(from / granule, (to + granule - 1) / granule, here) * granule;
  }

  private Span span(long from, long to) {
    long granule = vma.granuleBytes();
    return new Span(from * granule, to * granule);
  }
}
