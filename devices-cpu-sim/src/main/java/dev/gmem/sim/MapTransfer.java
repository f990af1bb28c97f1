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
  private final long first;
  private final int pages;
  private final Page[] filled;
  private long arrivalNanos;

  MapTransfer(SimDevice device, GmMapping mapping) {
    this.device = device;
    this.mapping = mapping;
    space = device.space();
    first = space.firstPage(mapping.range());
    pages = space.pages(mapping.range());
    filled = mapping.copy() ? new Page[pages] : null;
    SimSpace.checkHost(mapping.range(), mapping.host());
  }

  @Override
  GmStatus begin() {
    if (space.table().countMapped(first, pages) != 0) {
      return GmStatus.PAGE_EXIST;
    }
    if (!space.frames().reserve(pages)) {
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
    int pageBytes = space.pageBytes();
    boolean writable = isWritable();
    for (int i = 0; i < pages; i++) {
      long[] frame = space.frames().takeAny();
      MemorySegment.copy(
          mapping.host(), (long) i * pageBytes, MemorySegment.ofArray(frame), 0, pageBytes);
      filled[i] = Page.of(frame, writable);
    }
  }

  @Override
  void commit() {
    if (filled != null) {
      space.table().install(first, filled);
      device.counters().bytesToDevice.add(mapping.range().bytes());
    } else {
      Page unwritten =
          mapping.access() == Access.OVERWRITE
              ? Page.BLANK
              : isWritable() ? Page.ZEROS : Page.ZEROS_READ_ONLY;
      space.table().install(first, pages, unwritten);
    }
    device.counters().maps.increment();
  }

  @Override
  void undo() {
    if (filled != null) {
      for (Page page : filled) {
        if (page != null) {
          space.frames().give(page.frame());
        }
      }
    }
    space.frames().release(pages);
  }

  private boolean isWritable() {
    return mapping.access().writes()
        || !device.capabilities().contains(GmCapability.READ_ONLY_MAPPING);
  }
}
