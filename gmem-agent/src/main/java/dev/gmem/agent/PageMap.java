package dev.gmem.agent;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.internal.misc.Unsafe;

/**
 * Asks the operating system which pages have been touched. Linux keeps a table of 8 bytes per page
 * in {@code /proc/self/pagemap}; elsewhere every page counts as touched.
 *
 * <p>Any thread may ask; they take turns.
 */
final class PageMap {
  private static final int ENTRY_BYTES = Long.BYTES;
  private static final int BUFFER_BYTES = 1 << 16;

  /** Bit 63: the page is in memory. Bit 62: it is swapped out. */
  private static final long PRESENT_OR_SWAPPED = 3L << 62;

  private static final PageMap SELF = new PageMap();

  private final long pageBytes = Unsafe.getUnsafe().pageSize();
  private final byte[] buffer = new byte[BUFFER_BYTES];

  /** The table, or null where there is none. A plain file, which an interrupt does not close. */
  private final RandomAccessFile table = open();

  private static RandomAccessFile open() {
    try {
      return new RandomAccessFile("/proc/self/pagemap", "r");
    } catch (IOException e) {
      return null; // another system, or no permission: the answer is then always "touched"
    }
  }

  /** Tells whether any page of a range has been touched; true if in doubt. */
  static boolean touched(long address, long bytes) {
    return bytes > 0 && SELF.anyTouched(address, bytes);
  }

  private synchronized boolean anyTouched(long address, long bytes) {
    if (table == null) {
      return true;
    }
    long first = address / pageBytes;
    long endExclusive = (address + bytes - 1) / pageBytes + 1;
    try {
      table.seek(first * ENTRY_BYTES);
      for (long page = first; page < endExclusive; ) {
        int pages = (int) Math.min(BUFFER_BYTES / ENTRY_BYTES, endExclusive - page);
        table.readFully(buffer, 0, pages * ENTRY_BYTES);
        ByteBuffer entries = ByteBuffer.wrap(buffer).order(ByteOrder.nativeOrder());
        for (int i = 0; i < pages; i++) {
          if ((entries.getLong(i * ENTRY_BYTES) & PRESENT_OR_SWAPPED) != 0) {
            return true;
          }
        }
        page += pages;
      }
      return false;
    } catch (IOException e) {
      return true;
    }
  }
}
