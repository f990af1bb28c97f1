package dev.gmem.sim;

import dev.gmem.spi.GmRange;

/**
 * Addresses with pages of one size: an allocation, or what belongs to none.
 *
 * @param address of its first byte
 * @param end first address after it
 * @param pageShift binary logarithm of the size of a page
 * @param table where the entries of its pages are; shared with all regions of that size
 */
record SimRegion(long address, long end, int pageShift, PageTable table) {
  long pageBytes() {
    return 1L << pageShift;
  }

  boolean contains(long at) {
    return address <= at && at < end;
  }

  /** Returns the number of the page of an address, which is its key in the table. */
  long page(long at) {
    return at >>> pageShift;
  }

  long offsetInPage(long at) {
    return at & pageBytes() - 1;
  }

  long bytesToPageEnd(long at) {
    return pageBytes() - offsetInPage(at);
  }

  /** Returns the length of a run, which must consist of whole pages. */
  int pages(GmRange range) {
    if (((range.address() | range.bytes()) & pageBytes() - 1) != 0 || range.end() > end) {
      throw new IllegalArgumentException(
          "a run must consist of whole granules of one allocation: address=0x"
              + Long.toHexString(range.address())
              + " bytes="
              + range.bytes()
              + " granuleBytes="
              + pageBytes());
    }
    return Math.toIntExact(range.bytes() >>> pageShift);
  }
}
