package dev.gmem.sim;

import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.lang.foreign.MemorySegment;

/**
 * A run on its way from the device. It is unreachable for kernels from {@link #begin} on, and its
 * room is free after {@link #commit}.
 */
final class UnmapTransfer extends Transfer {
  private final SimDevice device;
  private final SimSpace space;
  private final GmUnmapping unmapping;
  private final SimRegion region;
  private final long first;
  private final int pages;
  private Page[] taken;
  private long movedBytes;
  private long arrivalNanos;

  UnmapTransfer(SimDevice device, GmUnmapping unmapping) {
    this.device = device;
    this.unmapping = unmapping;
    space = device.space();
    region = space.region(unmapping.range().address());
    first = region.page(unmapping.range().address());
    pages = region.pages(unmapping.range());
    if (unmapping.copy()) {
      SimSpace.checkHost(unmapping.range(), unmapping.host());
    }
  }

  @Override
  GmStatus begin() {
    if (region.table().countMapped(first, pages) != pages) {
      return GmStatus.FAILURE_UNKNOWN;
    }
    taken = region.table().take(first, pages);
    space.shootdown().flushAndWait();
    if (unmapping.copy()) {
      for (Page page : taken) {
        movedBytes += page.hasFrame() ? region.pageBytes() : 0;
      }
    }
    arrivalNanos =
        movedBytes == 0 ? System.nanoTime() : device.link().begin(SimLink.Lane.TO_HOST, movedBytes);
    return GmStatus.SUCCESS;
  }

  @Override
  long arrivalNanos() {
    return arrivalNanos;
  }

  @Override
  void move() {
    if (!unmapping.copy()) {
      return;
    }
    PageRuns.forEach(
        taken,
        (from, frames, count) -> {
          MemorySegment host =
              unmapping.host().asSlice(from * region.pageBytes(), count * region.pageBytes());
          if (frames == null) {
            host.fill((byte) 0);
          } else {
            host.copyFrom(frames.content());
          }
        });
  }

  @Override
  void commit() {
    PageRuns.give(taken, space.frames());
    space.frames().release(unmapping.range().bytes());
    device.counters().bytesToHost.add(movedBytes);
    device.counters().unmaps.increment();
  }

  @Override
  void undo() {
    region.table().install(first, taken);
  }
}
