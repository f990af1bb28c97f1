package dev.gmem.core.space;

import dev.gmem.core.engine.Backing;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.engine.VmaOptions;
import dev.gmem.core.sync.LockRank;
import dev.gmem.core.sync.Monitor;
import dev.gmem.spi.GmRange;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * An arena of unified memory.
 *
 * <p>Requests of at least a granule get a VMA each, so that they move independently. Smaller ones
 * are cut from slabs: VMAs that start at a granule and double up to {@value #SLAB_GRANULES_MAX}, so
 * that a list of a million nodes costs a handful of sessions.
 */
final class SpaceArena implements Arena {
  private static final int SLAB_GRANULES_MAX = 16;

  private final Space space;
  private final Monitor monitor;
  private final Arena root = Arena.ofShared();
  private final List<Vma> vmas = new ArrayList<>();
  private final VmaOptions options;
  private final int granuleBytes;
  private Vma slab;
  private long slabUsed;
  private int slabGranules = 1;
  private boolean closing;
  private boolean closed;
  private boolean finished;

  SpaceArena(Space space, VmaOptions options, Monitor.Factory monitors) {
    this.space = space;
    this.options = options;
    this.granuleBytes = options.granuleBytes();
    this.monitor = monitors.create(LockRank.ARENA);
  }

  @Override
  public MemorySegment.Scope scope() {
    return root.scope();
  }

  @Override
  public MemorySegment allocate(long byteSize, long byteAlignment) {
    if (byteSize <= 0 || byteSize > Long.MAX_VALUE - granuleBytes) {
      throw new IllegalArgumentException(
          "byteSize must be positive and must not overflow when rounded to granules: byteSize="
              + byteSize
              + " granuleBytes="
              + granuleBytes);
    }
    if (byteAlignment <= 0 || Long.bitCount(byteAlignment) != 1) {
      throw new IllegalArgumentException(
          "byteAlignment must be a power of two: byteAlignment=" + byteAlignment);
    }
    if (byteSize < granuleBytes && byteAlignment <= granuleBytes) {
      return allocateSmall(byteSize, byteAlignment);
    }
    long bytes = (byteSize + granuleBytes - 1) & -granuleBytes;
    long alignment = Math.max(byteAlignment, granuleBytes);
    Vma vma = newVma(() -> space.allocations().allocate(bytes, alignment, options, null));
    vma.usedBytes(byteSize);
    return vma.region().segment().asSlice(0, byteSize, byteAlignment);
  }

  private MemorySegment allocateSmall(long byteSize, long byteAlignment) {
    while (true) {
      int granules;
      monitor.lock();
      try {
        checkOpen();
        if (slab != null) {
          long start = (slabUsed + byteAlignment - 1) & -byteAlignment;
          if (start + byteSize <= slab.bytes()) {
            slabUsed = start + byteSize;
            return slab.region().segment().asSlice(start, byteSize, byteAlignment);
          }
        }
        granules = slabGranules;
      } finally {
        monitor.unlock();
      }
      long bytes = (long) granules * granuleBytes;
      Vma fresh = newVma(() -> space.allocations().allocate(bytes, granuleBytes, options, null));
      monitor.lock();
      slab = fresh;
      slabUsed = 0;
      slabGranules = Math.min(2 * granules, SLAB_GRANULES_MAX);
      monitor.unlock();
    }
  }

  /** Allocates at a given place; see {@link Space#allocateAt}. */
  MemorySegment allocateAt(long address, long byteSize) {
    long reserved = space.reservedAddress();
    long reservedBytes = space.options().reservedBytes();
    boolean fits =
        address >= reserved
            && address % granuleBytes == 0
            && byteSize > 0
            && byteSize <= reservedBytes - (address - reserved);
    if (!fits) {
      throw new IllegalArgumentException(
          "a fixed allocation must have a positive size, begin at a multiple of the granule, and"
              + " lie in the addresses that the space has reserved: address=0x"
              + Long.toHexString(address)
              + " byteSize="
              + byteSize
              + " granuleBytes="
              + granuleBytes
              + " reservedAddress=0x"
              + Long.toHexString(reserved)
              + " reservedBytes="
              + reservedBytes);
    }
    long bytes = (byteSize + granuleBytes - 1) & -granuleBytes;
    Vma vma = newVma(() -> space.allocations().allocateAt(new GmRange(address, bytes), options));
    vma.usedBytes(byteSize);
    return vma.region().segment().asSlice(0, byteSize);
  }

  /** Allocates what a file has; see {@link Space#map}. The file is closed with the arena. */
  MemorySegment map(Backing file, long byteSize) {
    long bytes = (byteSize + granuleBytes - 1) & -granuleBytes;
    Vma vma = newVma(() -> space.allocations().allocate(bytes, granuleBytes, options, file));
    vma.usedBytes(byteSize);
    return vma.region().segment().asSlice(0, byteSize);
  }

  int granuleBytes() {
    return granuleBytes;
  }

  boolean isOf(Space other) {
    return space == other;
  }

  private Vma newVma(Supplier<Vma> allocation) {
    monitor.lock();
    try {
      checkOpen();
    } finally {
      monitor.unlock();
    }
    Vma vma = allocation.get();
    boolean late;
    monitor.lock();
    try {
      late = !isOpen();
      if (!late) {
        vmas.add(vma);
      }
    } finally {
      monitor.unlock();
    }
    if (late) {
      space.engine().beginClose(vma);
      space.allocations().free(vma);
      throw alreadyClosed();
    }
    return vma;
  }

  /** Closes the arena, or waits until somebody else has. */
  void closeIfOpen() {
    List<Vma> mine = beginClosing();
    if (mine != null) {
      close(mine);
      return;
    }
    monitor.lock();
    try {
      while (!finished) {
        monitor.await();
      }
    } finally {
      monitor.unlock();
    }
  }

  @Override
  public void close() {
    List<Vma> mine = beginClosing();
    if (mine == null) {
      throw alreadyClosed();
    }
    close(mine);
  }

  /** Lets nobody else close the arena; returns what is to be closed, or null if it is closed. */
  private List<Vma> beginClosing() {
    monitor.lock();
    try {
      if (!isOpen()) {
        return null;
      }
      closing = true;
      return List.copyOf(vmas);
    } finally {
      monitor.unlock();
    }
  }

  private void close(List<Vma> mine) {
    boolean begun = false;
    try {
      begin(mine);
      begun = true;
    } finally {
      monitor.lock();
      closing = false;
      closed = begun;
      monitor.signalAll();
      monitor.unlock();
    }
    try {
      finish(mine);
    } finally {
      monitor.lock();
      finished = true;
      monitor.signalAll();
      monitor.unlock();
      space.forget(this);
    }
  }

  /** Makes sure that nothing is pinned, and that nothing can be from now on; or changes nothing. */
  private void begin(List<Vma> mine) {
    List<Vma> begun = new ArrayList<>();
    boolean done = false;
    try {
      for (Vma vma : mine) {
        int pins = space.engine().beginClose(vma);
        if (pins != 0) {
          throw new IllegalStateException("Session is acquired by " + pins + " clients");
        }
        begun.add(vma);
      }
      root.close();
      done = true;
    } finally {
      if (!done) {
        begun.forEach(space.engine()::abortClose);
      }
    }
  }

  private void finish(List<Vma> mine) {
    mine.forEach(Vma::freed); // whoever enters the queue from now on is not waited for
    space.launches().awaitUsers(mine);
    RuntimeException failure = null;
    for (Vma vma : mine) {
      try {
        space.allocations().free(vma);
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Waits for the outcome of a close that has begun. The monitor is held, and no other. */
  private boolean isOpen() {
    while (closing) {
      monitor.await();
    }
    return !closed;
  }

  private void checkOpen() {
    if (!isOpen()) {
      throw alreadyClosed();
    }
  }

  private static IllegalStateException alreadyClosed() {
    return new IllegalStateException("Already closed");
  }
}
