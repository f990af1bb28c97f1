package dev.gmem.sim;

import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

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
      movedBytes += page.hasFrame() ? source.pageBytes() : 0;
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
    PageRuns.forEach(
        taken,
        (from, frames, count) -> {
          if (frames == null) {
            for (int i = from; i < from + count; i++) {
              filled[i] = taken[i].protect(true);
            }
          } else {
            PageRuns.fill(filled, from, count, to.frames(), target.pageShift(), true);
            copy(frames.content(), Arrays.copyOfRange(filled, from, from + count));
          }
        });
  }

  @Override
  void commit() {
    target.table().install(first, filled);
    PageRuns.give(taken, from.frames());
    from.frames().release(range.bytes());
    device.counters().bytesBetweenDevices.add(movedBytes);
    device.counters().maps.increment();
    peer.counters().unmaps.increment();
  }

  @Override
  void undo() {
    if (filled != null) {
      PageRuns.give(filled, to.frames());
    }
    to.frames().release(range.bytes());
    source.table().install(first, taken);
  }

  private void copy(MemorySegment content, Page[] copies) {
    PageRuns.forEach(
        copies,
        (from, frames, count) -> {
          MemorySegment copy = frames.content();
          copy.copyFrom(content.asSlice(from * target.pageBytes(), copy.byteSize()));
        });
  }
}
