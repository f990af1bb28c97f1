package dev.gmem;

/**
 * Where the valid copy of a granule is. The table of transitions stands in ARCHITECTURE.md; the
 * names follow the logical page table of Linux's GMEM RFC.
 */
public enum PageState {
  /** No device ever held it; the host frame is filled with zeros by the operating system. */
  NOMAP,
  /** The host frame is the only valid copy; the CPU reads and writes it freely. */
  CPU,
  /** The host frame and at least one device hold the same bytes; everyone may read. */
  SHARED,
  /** One device holds the only valid copy. */
  DEVICE,
  /** The host frame holds the only valid copy, written back by a device, and nobody maps it. */
  EVICTED,
  /** The program has given it back: there is no copy, and every access throws. */
  UNMAPPED,
  /** Only the file that it is mapped from has it; the first access reads it. */
  FILE
}
