package dev.gmem.sim;

import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmRange;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * What a simulated device holds while it is attached: page tables, frames, and the shootdown.
 *
 * <p>A page is as large as the granule of its allocation; what was never announced has pages of the
 * attachment's granule. TLBs work in units of the smallest page that there is ({@link #tlbShift}),
 * so that a look-up needs no page size: an entry is a part of a page.
 */
final class SimSpace {
  private final GmAttachment attachment;
  private final ConcurrentSkipListMap<Long, SimRegion> regions = new ConcurrentSkipListMap<>();
  private final SimRegion elsewhere;

  /** Page tables, and frames of zeros, by the binary logarithm of the size of a page. */
  private final PageTable[] tables = new PageTable[Integer.SIZE];

  private final long[][] zeroFrames = new long[Integer.SIZE][];
  private final FramePool frames;
  private final Shootdown shootdown;
  private volatile int tlbShift = Integer.SIZE - 1;

  SimSpace(GmAttachment attachment, long memoryBytes, boolean shootdownWaits) {
    int granuleBytes = attachment.granuleBytes();
    checkGranule(granuleBytes);
    this.attachment = attachment;
    frames = new FramePool(memoryBytes);
    shootdown = new Shootdown(shootdownWaits);
    elsewhere = region(0, Long.MAX_VALUE, granuleBytes);
  }

  private static void checkGranule(int granuleBytes) {
    if (Integer.bitCount(granuleBytes) != 1 || granuleBytes < Long.BYTES) {
      throw new IllegalArgumentException(
          "a granule must be a power of two of at least 8 bytes: granuleBytes=" + granuleBytes);
    }
  }

  GmAttachment attachment() {
    return attachment;
  }

  FramePool frames() {
    return frames;
  }

  Shootdown shootdown() {
    return shootdown;
  }

  long mappedBytes() {
    return frames.usedBytes();
  }

  long frameBytes() {
    return frames.frameBytes();
  }

  // ---- regions ----

  /** Takes note of an allocation. Nothing of it is mapped, and no kernel knows of it yet. */
  void announce(GmRange range, int granuleBytes) {
    checkGranule(granuleBytes);
    SimRegion region = region(range.address(), range.end(), granuleBytes);
    region.pages(range);
    regions.put(range.address(), region);
  }

  /** Forgets an allocation. */
  void forget(GmRange range) {
    regions.remove(range.address());
  }

  private SimRegion region(long address, long end, int granuleBytes) {
    int shift = Integer.numberOfTrailingZeros(granuleBytes);
    synchronized (tables) {
      if (tables[shift] == null) {
        tables[shift] = new PageTable();
        zeroFrames[shift] = new long[granuleBytes / Long.BYTES];
      }
      return new SimRegion(address, end, shift, tables[shift]);
    }
  }

  /** Returns the region of an address. */
  SimRegion region(long address) {
    Map.Entry<Long, SimRegion> before = regions.floorEntry(address);
    return before != null && before.getValue().contains(address) ? before.getValue() : elsewhere;
  }

  /**
   * Returns the region of a run that is to be mapped. From then on all TLBs work in units that are
   * not larger than its pages.
   */
  SimRegion regionToMap(GmRange range) {
    SimRegion region = region(range.address());
    if (region.pageShift() < tlbShift) {
      synchronized (this) {
        if (region.pageShift() < tlbShift) {
          tlbShift = region.pageShift();
          shootdown.refill();
        }
      }
    }
    return region;
  }

  /** Returns the binary logarithm of the unit of TLBs. Read after the epoch that it belongs to. */
  int tlbShift() {
    return tlbShift;
  }

  /** Returns the frame that reads of never-written pages see. Nobody writes it. */
  long[] zeroFrame(SimRegion region) {
    return zeroFrames[region.pageShift()];
  }

  static void checkHost(GmRange range, MemorySegment host) {
    if (host.byteSize() != range.bytes()) {
      throw new IllegalArgumentException(
          "the host frames must be as long as the run: host="
              + host.byteSize()
              + " run="
              + range.bytes());
    }
  }

  // ---- pages ----

  /**
   * Gives a page that was never written a frame.
   *
   * @param region where it is
   * @param page its number
   * @param unwritten its entry, writable and without a frame
   * @return the new entry, or null if the entry is no longer the page's
   */
  Page materialise(SimRegion region, long page, Page unwritten) {
    int shift = region.pageShift();
    FramePool.Run frame =
        unwritten == Page.BLANK ? frames.take(shift, 1).getFirst() : frames.takeZeroed(shift);
    Page written = Page.of(frame.slab(), frame.first(), true);
    if (region.table().replace(page, unwritten, written)) {
      return written;
    }
    frames.give(frame);
    return null;
  }

  /** Tells whether all of a range is mapped, and writable if asked. */
  boolean isReachable(long address, long bytes, boolean write) {
    for (long at = address; at < address + bytes; ) {
      SimRegion region = region(at);
      Page page = region.table().find(region.page(at));
      if (page == null || write && !page.writable()) {
        return false;
      }
      at += region.bytesToPageEnd(at);
    }
    return true;
  }

  /** Returns what a mapped page holds, from an address to its end. */
  MemorySegment frameToRead(long address) {
    SimRegion region = region(address);
    Page page = region.table().find(region.page(address));
    MemorySegment content =
        page.hasFrame() ? page.frames(1).content() : MemorySegment.ofArray(zeroFrame(region));
    return content.asSlice(region.offsetInPage(address));
  }

  /** Returns the frame of a mapped, writable page, from an address to its end. */
  MemorySegment frameToWrite(long address) {
    SimRegion region = region(address);
    long number = region.page(address);
    Page page = region.table().find(number);
    while (!page.hasFrame()) {
      Page written = materialise(region, number, page);
      page = written != null ? written : region.table().find(number);
    }
    return page.frames(1).content().asSlice(region.offsetInPage(address));
  }
}
