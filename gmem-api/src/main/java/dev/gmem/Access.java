package dev.gmem;

/**
 * What a kernel, or a fault, does with a range of memory.
 *
 * <p>Wrong answers cost in different ways: a range declared {@link #READ} that is written faults on
 * devices that can fault and is undefined on those that cannot; a range declared {@link #OVERWRITE}
 * that is not wholly written leaves the rest undefined; {@link #READ_WRITE} is always safe.
 */
public enum Access {
  /** Only reads. The range may be replicated. */
  READ,
  /** Writes some of the range; what is not written keeps its old contents. */
  WRITE,
  /** Reads and writes. */
  READ_WRITE,
  /**
   * Writes every byte of the range before reading any: old contents need not be moved, and may be
   * {@linkplain PoisonedMemoryException lost}.
   */
  OVERWRITE;

  /**
   * Tells whether the range may be modified.
   *
   * @return true for everything but {@link #READ}
   */
  public boolean writes() {
    return this != READ;
  }

  /**
   * Tells whether what the range held before must be there.
   *
   * @return true for everything but {@link #OVERWRITE}
   */
  public boolean needsContents() {
    return this != OVERWRITE;
  }
}
