package dev.gmem.core.space;

import dev.gmem.AddressSpaceExhaustedException;
import java.util.Map;
import java.util.TreeMap;

/** The free addresses of a reservation: first fit, neighbours merged. Not thread safe. */
final class FreeAddresses {
  private final TreeMap<Long, Long> freeBytesByAddress = new TreeMap<>();
  private long freeBytes;

  FreeAddresses(long address, long bytes) {
    freeBytesByAddress.put(address, bytes);
    freeBytes = bytes;
  }

  /**
   * Takes addresses.
   *
   * @param bytes how many
   * @param alignment a power of two
   * @return the first
   * @throws AddressSpaceExhaustedException if no gap is large enough
   */
  long take(long bytes, long alignment) {
    for (Map.Entry<Long, Long> gap : freeBytesByAddress.entrySet()) {
      long gapEnd = gap.getKey() + gap.getValue();
      long address = (gap.getKey() + alignment - 1) & -alignment;
      if (address >= gap.getKey() && address <= gapEnd - bytes) {
        cut(gap.getKey(), gapEnd, address, address + bytes);
        return address;
      }
    }
    throw new AddressSpaceExhaustedException(
        "no gap in the reserved addresses is large enough; free memory, or open the space with more"
            + " reservedBytes: bytes="
            + bytes
            + " alignment="
            + alignment
            + " freeBytes="
            + freeBytes
            + " largestGapBytes="
            + freeBytesByAddress.values().stream().mapToLong(Long::longValue).max().orElse(0));
  }

  /**
   * Takes given addresses.
   *
   * @param address the first
   * @param bytes how many
   * @throws AddressSpaceExhaustedException if some of them are taken
   */
  void takeAt(long address, long bytes) {
    Map.Entry<Long, Long> gap = freeBytesByAddress.floorEntry(address);
    long gapEnd = gap == null ? 0 : gap.getKey() + gap.getValue();
    if (gap == null || gapEnd < address + bytes) {
      throw new AddressSpaceExhaustedException(
          "some of these addresses are taken; close the arena that has them, or choose others:"
              + " address=0x"
              + Long.toHexString(address)
              + " bytes="
              + bytes
              + " firstTaken=0x"
              + Long.toHexString(Math.max(address, gapEnd)));
    }
    cut(gap.getKey(), gapEnd, address, address + bytes);
  }

  private void cut(long gapFirst, long gapEnd, long first, long end) {
    freeBytesByAddress.remove(gapFirst);
    if (gapFirst < first) {
      freeBytesByAddress.put(gapFirst, first - gapFirst);
    }
    if (end < gapEnd) {
      freeBytesByAddress.put(end, gapEnd - end);
    }
    freeBytes -= end - first;
  }

  /**
   * Gives addresses back.
   *
   * @param address the first
   * @param bytes how many
   */
  void giveBack(long address, long bytes) {
    freeBytes += bytes;
    long first = address;
    long end = address + bytes;
    Map.Entry<Long, Long> before = freeBytesByAddress.floorEntry(address);
    if (before != null && before.getKey() + before.getValue() == first) {
      first = before.getKey();
    }
    Long after = freeBytesByAddress.remove(end);
    if (after != null) {
      end += after;
    }
    freeBytesByAddress.put(first, end - first);
  }

  long freeBytes() {
    return freeBytes;
  }
}
