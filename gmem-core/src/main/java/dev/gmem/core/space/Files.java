package dev.gmem.core.space;

import dev.gmem.core.engine.Vma;
import dev.gmem.core.launch.Transfers;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;

/** Checks what programs map from files and flush to them, and has it done. */
final class Files {
  private final Space space;
  private final Transfers transfers;

  Files(Space space, Transfers transfers) {
    this.space = space;
    this.transfers = transfers;
  }

  MemorySegment map(SpaceArena arena, Path path, MapMode mode, long position, long byteSize) {
    boolean known =
        mode == MapMode.READ_ONLY || mode == MapMode.READ_WRITE || mode == MapMode.PRIVATE;
    int granuleBytes = arena.granuleBytes();
    if (!known
        || position < 0
        || byteSize <= 0
        || byteSize > Long.MAX_VALUE - position - granuleBytes) {
      throw new IllegalArgumentException(
          "a file is mapped READ_ONLY, READ_WRITE or PRIVATE, from a position that is not negative,"
              + " with a size that is positive: mode="
              + mode
              + " position="
              + position
              + " byteSize="
              + byteSize);
    }
    MappedFile file = MappedFile.open(path, mode == MapMode.READ_WRITE, position, byteSize);
    MemorySegment segment = null;
    try {
      segment = arena.map(file, byteSize);
    } finally {
      if (segment == null) {
        file.close();
      }
    }
    return mode == MapMode.READ_ONLY ? segment.asReadOnly() : segment;
  }

  void flush(MemorySegment segment) {
    Vma vma = space.resolve(segment, "the segment");
    if (vma.backing() == null) {
      throw new IllegalArgumentException(
          "only memory that is mapped from a file can be flushed to it: segment=" + segment);
    }
    if (vma.backing().isShared()) {
      transfers.flush(vma, segment.address(), segment.byteSize()).join();
    }
  }

  /** Refuses what makes no sense for memory that a file has. */
  static void checkAnonymous(Vma vma, String what) {
    if (vma.backing() != null) {
      throw new UnsupportedOperationException(
          what
              + " is not for memory that is mapped from a file; copy it to other memory, or unmap"
              + " it");
    }
  }
}
