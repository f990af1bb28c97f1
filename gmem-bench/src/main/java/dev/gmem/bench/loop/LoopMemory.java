package dev.gmem.bench.loop;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Where loops find their memory, and what has happened in the JVM before they run. */
public interface LoopMemory extends AutoCloseable {
  /** Both sides get the same alignment, so that only the gate is between them. */
  long ALIGNMENT_BYTES = 4096;

  /** What memory the loops run over. */
  enum Kind {
    /** {@code Arena.ofShared()}. */
    RAW,
    /** {@code AddressSpace.arena()}. */
    UNIFIED
  }

  /** What has happened before. */
  enum History {
    /** There is no agent. */
    PLAIN,
    /** There is the agent, and no access ever took the slow path. */
    CLEAN,
    /** Accesses took the slow path, and nothing was done about it. */
    FAULTED,
    /** Accesses took the slow path, and then the agent healed. */
    HEALED
  }

  /**
   * Allocates.
   *
   * @param bytes how many
   * @return a segment of zeros, aligned to {@value #ALIGNMENT_BYTES} bytes
   */
  MemorySegment allocate(long bytes);

  /** Brings about the history. Called once, when the memory is allocated and filled. */
  void makeHistory();

  /** Fails if the loops did not run under the conditions that were asked for. */
  void verify();

  @Override
  void close();

  /**
   * Opens memory.
   *
   * @param kind what memory
   * @param history what is to happen to it in {@link #makeHistory}
   * @return the memory, to be closed by the caller
   */
  static LoopMemory open(Kind kind, History history) {
    return history == History.PLAIN ? new Plain() : new AgentMemory(kind, history);
  }

  /** Memory of the JDK in a JVM without the agent; refers to nothing of GMEM. */
  final class Plain implements LoopMemory {
    private final Arena arena = Arena.ofShared();

    private Plain() {}

    @Override
    public MemorySegment allocate(long bytes) {
      return arena.allocate(bytes, ALIGNMENT_BYTES);
    }

    @Override
    public void makeHistory() {}

    @Override
    public void verify() {}

    @Override
    public void close() {
      arena.close();
    }
  }
}
