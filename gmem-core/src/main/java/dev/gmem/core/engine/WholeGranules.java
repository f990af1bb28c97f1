package dev.gmem.core.engine;

/**
 * Which granules lie wholly in a range of bytes. What is behind the last byte that a program has of
 * an allocation is nobody's, so the last granule counts as whole without it.
 */
public final class WholeGranules {
  private WholeGranules() {}

  /**
   * Returns the first.
   *
   * @param vma the VMA
   * @param address first byte
   * @return the granule; may be beyond the end
   */
  public static long first(Vma vma, long address) {
    return vma.granuleOf(address + vma.granuleBytes() - 1);
  }

  /**
   * Returns the granule after the last.
   *
   * @param vma the VMA
   * @param address first byte
   * @param bytes how many, positive
   * @return the granule; not after {@link #first} if there are none
   */
  public static long end(Vma vma, long address, long bytes) {
    long end = address + bytes;
    return end >= vma.address() + vma.usedBytes()
        ? vma.granuleEnd(address, bytes)
        : vma.granuleOf(end);
  }
}
