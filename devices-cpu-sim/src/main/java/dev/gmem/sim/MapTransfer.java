package dev.gmem.sim;

import dev.gmem.Access;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;

/** A run on its way to the device. */
final class MapTransfer extends Transfer {
  private final SimDevice device;
  private final SimSpace space;
  private final GmMapping mapping;
  private final SimRegion region;
  private final long first;
  private final int pages;
  private final Page[] filled;
  private long arrivalNanos;

  MapTransfer(SimDevice device, GmMapping mapping) {
    this.device = device;
    this.mapping = mapping;
    space = device.space();
    region = space.regionToMap(mapping.range());
    first = region.page(mapping.range().address());
    pages = region.pages(mapping.range());
    filled = mapping.copy() ? new Page[pages] : null;
    SimSpace.checkHost(mapping.range(), mapping.host());
  }

  @Override
  GmStatus begin() {
    if (region.table().countMapped(first, pages) != 0) {
      return GmStatus.PAGE_EXIST;
    }
    if (!space.frames().reserve(mapping.range().bytes())) {
      return GmStatus.NOMEM;
    }
    arrivalNanos =
        mapping.copy()
            ? device.link().begin(SimLink.Lane.TO_DEVICE, mapping.range().bytes())
            : System.nanoTime();
    return GmStatus.SUCCESS;
  }

  @Override
  long arrivalNanos() {
    return arrivalNanos;
  }

  @Override
  void move() {
    if (filled == null) {
      return;
    }
    PageRuns.fill(filled, 0, pages, space.frames(), region.pageShift(), isWritable());
    PageRuns.forEach(
        filled,
        (from, frames, count) -> {
          MemorySegment content = frames.content();
          content.copyFrom(mapping.host().asSlice(from * region.pageBytes(), content.byteSize()));
        });
  }

  @Override
  void commit() {
    if (filled != null) {
      region.table().install(first, filled);
      device.counters().bytesToDevice.add(mapping.range().bytes());
    } else {
      Page unwritten =
          mapping.access() == Access.OVERWRITE
              ? Page.BLANK
              : isWritable() ? Page.ZEROS : Page.ZEROS_READ_ONLY;
      region.table().install(first, pages, unwritten);
    }
    device.counters().maps.increment();
  }

  @Override
  void undo() {
    if (filled != null) {
      PageRuns.give(filled, space.frames());
    }
    space.frames().release(mapping.range().bytes());
  }

  private boolean isWritable() {
    return mapping.access().writes()
        || !device.capabilities().contains(GmCapability.READ_ONLY_MAPPING);
  }
}
