package dev.gmem.core.space;

import dev.gmem.Transfer;
import dev.gmem.core.engine.Copier.Side;
import dev.gmem.core.launch.Transfers;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Checks what is to be copied. */
final class Copies {
  /** A thread of nobody: what it may access, all may. */
  private static final Thread ANY = new Thread(() -> {}, "gmem-any");

  private final Space space;
  private final Transfers transfers;

  Copies(Space space, Transfers transfers) {
    this.space = space;
    this.transfers = transfers;
  }

  Transfer copy(MemorySegment destination, MemorySegment source, boolean here) {
    Objects.requireNonNull(destination, "destination");
    Objects.requireNonNull(source, "source");
    if (destination.byteSize() != source.byteSize()) {
      throw new IllegalArgumentException(
          "source and destination must have the same length: source="
              + source.byteSize()
              + " destination="
              + destination.byteSize());
    }
    if (destination.isReadOnly()) {
      throw new IllegalArgumentException("the destination must not be read-only: " + destination);
    }
    if (!space.contains(destination) && !space.contains(source)) {
      throw new IllegalArgumentException(
          "source or destination must be unified memory of this space; use MemorySegment.copy for"
              + " other memory: source="
              + source
              + " destination="
              + destination);
    }
    Side to = side(destination, "the destination", here);
    Side from = side(source, "the source", here);
    return transfers.copy(to, from, here);
  }

  private Side side(MemorySegment segment, String what, boolean here) {
    if (space.contains(segment)) {
      return new Side(space.resolve(segment, what), segment);
    }
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("Already closed");
    }
    if (!here && !segment.isAccessibleBy(ANY)) {
      throw new IllegalArgumentException(
          what
              + " is confined to a thread, and copied by another one; use copy, or a shared arena:"
              + " segment="
              + segment);
    }
    return new Side(null, segment);
  }
}
