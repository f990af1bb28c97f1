package dev.gmem.sim;

import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;

/**
 * A run on its way from one device to another. Kernels of the one cannot reach it from {@link
 * #begin} on, those of the other from {@link #commit} on; whether it has arrived or not, it takes
 * room on both until then.
 */
final class MoveTransfer extends Transfer {
  private final SimDevice device;
  private final GmRange range;
  private final SimDevice peer;
  private final SimSpace from;
  private final SimSpace to;
  private final SimRegion source;
  private final SimRegion target;
  private final long first;
  private final int pages;
  private Page[] taken;
  private Page[] filled;
  private long movedBytes;
  private long arrivalNanos;

  MoveTransfer(SimDevice device, GmRange range, SimDevice peer) {
    this.device = device;
    this.range = range;
    this.peer = peer;
    from = peer.space();
    to = device.space();
    source = from.region(range.address());
    target = to.regionToMap(range);
    first = target.page(range.address());
    pages = target.pages(range);
  }

  @Override
  GmStatus begin() {
    if (source.pageShift() != target.pageShift()) {
      return GmStatus.UNIMPLEMENTED; // they have been told of different allocations
    }
    if (target.table().countMapped(first, pages) != 0) {
      return GmStatus.PAGE_EXIST;
    }
    if (source.table().countMapped(first, pages) != pages) {
      return GmStatus.FAILURE_UNKNOWN;
    }
    if (!to.frames().reserve(range.bytes())) {
      return GmStatus.NOMEM;
    }
    taken = source.table().take(first, pages);
    from.shootdown().flushAndWait();
    for (Page page : taken) {
      movedBytes += page.frame() == null ? 0 : source.pageBytes();
    }
    arrivalNanos =
        movedBytes == 0
            ? System.nanoTime()
            : device.link().begin(SimLink.Lane.TO_DEVICE, movedBytes);
    return GmStatus.SUCCESS;
  }

  @Override
  long arrivalNanos() {
    return arrivalNanos;
  }

  @Override
  void move() {
    filled = new Page[pages];
    for (int i = 0; i < pages; i++) {
      long[] frame = taken[i].frame();
      if (frame == null) {
        filled[i] = taken[i].protect(true);
      } else {
        long[] copy = to.frames().takeAny(target.pageShift());
        MemorySegment.copy(
            MemorySegment.ofArray(frame), 0, MemorySegment.ofArray(copy), 0, target.pageBytes());
        filled[i] = Page.of(copy, true);
      }
    }
  }

  @Override
  void commit() {
    target.table().install(first, filled);
    give(from, taken);
    from.frames().release(range.bytes());
    device.counters().bytesBetweenDevices.add(movedBytes);
    device.counters().maps.increment();
    peer.counters().unmaps.increment();
  }

  @Override
  void undo() {
    if (filled != null) {
      give(to, filled);
    }
    to.frames().release(range.bytes());
    source.table().install(first, taken);
  }

  private static void give(SimSpace space, Page[] pages) {
    for (Page page : pages) {
      if (page != null && page.frame() != null) {
        space.frames().give(page.frame());
      }
    }
  }
}
