package dev.gmem.sim;

import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmRange;
import java.lang.foreign.MemorySegment;

/** What a simulated device holds while it is attached: page table, frames, and the shootdown. */
final class SimSpace {
  private final GmAttachment attachment;
  private final int pageShift;
  private final PageTable table = new PageTable();
  private final FramePool frames;
  private final Shootdown shootdown;
  private final long[] zeroFrame;

  SimSpace(GmAttachment attachment, long memoryBytes, boolean shootdownWaits) {
    int granuleBytes = attachment.granuleBytes();
    if (Integer.bitCount(granuleBytes) != 1 || granuleBytes < Long.BYTES) {
      throw new IllegalArgumentException(
          "a granule must be a power of two of at least 8 bytes: granuleBytes=" + granuleBytes);
    }
    this.attachment = attachment;
    pageShift = Integer.numberOfTrailingZeros(granuleBytes);
    frames = new FramePool(memoryBytes, granuleBytes);
    shootdown = new Shootdown(shootdownWaits);
    zeroFrame = new long[granuleBytes / Long.BYTES];
  }

  GmAttachment attachment() {
    return attachment;
  }

  int pageBytes() {
    return attachment.granuleBytes();
  }

  int pageShift() {
    return pageShift;
  }

  PageTable table() {
    return table;
  }

  FramePool frames() {
    return frames;
  }

  Shootdown shootdown() {
    return shootdown;
  }

  /** Returns the frame that reads of never-written pages see. Nobody writes it. */
  long[] zeroFrame() {
    return zeroFrame;
  }

  long mappedBytes() {
    return frames.usedPages() << pageShift;
  }

  long frameBytes() {
    return frames.frames() << pageShift;
  }

  long firstPage(GmRange range) {
    return range.address() >>> pageShift;
  }

  /** Returns the length of a run, which must consist of whole pages. */
  int pages(GmRange range) {
    if (((range.address() | range.bytes()) & (pageBytes() - 1)) != 0) {
      throw new IllegalArgumentException(
          "a run must consist of whole granules: address=0x"
              + Long.toHexString(range.address())
              + " bytes="
              + range.bytes()
              + " granuleBytes="
              + pageBytes());
    }
    return Math.toIntExact(range.bytes() >>> pageShift);
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

  /**
   * Gives a page that was never written a frame.
   *
   * @param page its number
   * @param unwritten its entry, writable and without a frame
   * @return the new entry, or null if the entry is no longer the page's
   */
  Page materialise(long page, Page unwritten) {
    long[] frame = unwritten == Page.BLANK ? frames.takeAny() : frames.takeZeroed();
    Page written = Page.of(frame, true);
    if (table.replace(page, unwritten, written)) {
      return written;
    }
    frames.give(frame);
    return null;
  }

  /** Tells whether all of a range is mapped, and writable if asked. */
  boolean isReachable(long address, long bytes, boolean write) {
    long last = address + bytes - 1 >>> pageShift;
    for (long number = address >>> pageShift; number <= last; number++) {
      Page page = table.find(number);
      if (page == null || write && !page.writable()) {
        return false;
      }
    }
    return true;
  }

  long offsetInPage(long address) {
    return address & (pageBytes() - 1);
  }

  long bytesToPageEnd(long address) {
    return pageBytes() - offsetInPage(address);
  }

  /** Returns what a mapped page holds. */
  MemorySegment frameToRead(long address) {
    long[] frame = table.find(address >>> pageShift).frame();
    return MemorySegment.ofArray(frame == null ? zeroFrame : frame);
  }

  /** Returns the frame of a mapped, writable page. */
  MemorySegment frameToWrite(long address) {
    long number = address >>> pageShift;
    Page page = table.find(number);
    while (page.frame() == null) {
      Page written = materialise(number, page);
      page = written != null ? written : table.find(number);
    }
    return MemorySegment.ofArray(page.frame());
  }
}
