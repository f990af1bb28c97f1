package dev.gmem.core.space;

import dev.gmem.core.engine.Remapper.Range;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.launch.Transfers;
import java.lang.foreign.MemorySegment;

/** Checks what programs give back and remap, and has it done. */
final class Remaps {
  private final Space space;
  private final Transfers transfers;

  Remaps(Space space, Transfers transfers) {
    this.space = space;
    this.transfers = transfers;
  }

  void unmap(MemorySegment segment) {
    Range range = range(segment, "what is given back");
    try {
      transfers.unmap(range).join();
    } finally {
      space.allocations().uncharge(range.vma());
    }
  }

  void remap(MemorySegment target, MemorySegment source) {
    Range to = range(target, "the target");
    Range from = range(source, "the source");
    check(target, source, to.vma(), from.vma());
    try {
      transfers.remap(to, from).join();
    } finally {
      space.allocations().uncharge(from.vma());
    }
  }

  private static void check(MemorySegment target, MemorySegment source, Vma to, Vma from) {
    Files.checkAnonymous(to, "remap");
    Files.checkAnonymous(from, "remap");
    if (target.byteSize() != source.byteSize() || to.granuleBytes() != from.granuleBytes()) {
      throw new IllegalArgumentException(
          "source and target must have the same length, and granules of the same size: source="
              + source.byteSize()
              + " target="
              + target.byteSize()
              + " sourceGranuleBytes="
              + from.granuleBytes()
              + " targetGranuleBytes="
              + to.granuleBytes());
    }
    if (target.asOverlappingSlice(source).isPresent()) {
      throw new IllegalArgumentException(
          "source and target must not overlap: source=" + source + " target=" + target);
    }
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("the target must not be read-only: " + target);
    }
  }

  /** The granules of a segment, which must be whole. */
  private Range range(MemorySegment segment, String what) {
    Vma vma = space.resolve(segment, what);
    long start = segment.address() - vma.address();
    long end = start + segment.byteSize();
    long granule = vma.granuleBytes();
    boolean whole = start % granule == 0 && (end % granule == 0 || end == vma.usedBytes());
    if (!whole) {
      throw new IllegalArgumentException(
          what
              + " must consist of whole granules, from a multiple of the granule to another one or"
              + " to the end of the allocation; requests smaller than a granule share one:"
              + " offset="
              + start
              + " bytes="
              + segment.byteSize()
              + " granuleBytes="
              + granule);
    }
    return new Range(
        vma,
        vma.granuleOf(segment.address()),
        vma.granuleEnd(segment.address(), segment.byteSize()));
  }
}
