package dev.gmem.core.engine;

import java.lang.foreign.MemorySegment;

/**
 * The file that a VMA is mapped from. Any thread may call any method; a method may block, and is
 * not interrupted.
 */
public interface Backing {
  /**
   * Tells whether what is written goes back to the file.
   *
   * @return true if so
   */
  boolean isShared();

  /**
   * Reads. What lies after the end of the mapping is zero.
   *
   * @param offset first byte, from the start of the VMA
   * @param into where to
   * @throws dev.gmem.FileBackingException if it cannot, the file having become too short included
   */
  void read(long offset, MemorySegment into);

  /**
   * Writes. What lies after the end of the mapping is left out.
   *
   * @param offset first byte, from the start of the VMA
   * @param from what to write
   * @throws dev.gmem.FileBackingException if it cannot; some of it may have been written
   */
  void write(long offset, MemorySegment from);

  /**
   * Has what was written survive a failure of power.
   *
   * @throws dev.gmem.FileBackingException if it cannot
   */
  void sync();

  /**
   * Lets go of the file.
   *
   * @throws dev.gmem.FileBackingException if the operating system reports an error
   */
  void close();
}
