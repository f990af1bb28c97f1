package dev.gmem.opencl;

import java.lang.foreign.MemorySegment;
import org.jocl.Pointer;

/**
 * Host memory as JOCL takes it. A {@code ByteBuffer} spans at most 2 GiB, so longer runs are
 * transferred in pieces.
 */
final class HostPointers {
  /** Largest piece of a transfer. */
  static final long PIECE_BYTES_MAX = 1L << 30;

  private HostPointers() {}

  /** The first byte of a native segment and what follows, up to a piece. */
  static Pointer of(MemorySegment segment) {
    long bytes = Math.min(segment.byteSize(), PIECE_BYTES_MAX);
    return Pointer.to(segment.asSlice(0, bytes).asByteBuffer());
  }

  /** An address. */
  static Pointer of(long address) {
    return Pointer.to(MemorySegment.ofAddress(address).reinterpret(1).asByteBuffer());
  }
}
