package dev.gmem.opencl;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jocl.cl_mem;

/**
 * Buffers of allocations of which nothing is mapped at the moment. What left a device often comes
 * back, and a new buffer costs more than the transfer: its pages have to be made first (measured on
 * PoCL with 64 MiB: 30 ms against 10).
 *
 * <p>They take room that nobody has asked for, so they go, the least recently used one first, when
 * mapped memory and idle buffers together exceed the limit, and all of them when the driver is out
 * of memory. Threads: any.
 */
final class IdleBuffers {
  private record Idle(cl_mem buffer, long bytes) {}

  private final Cl cl;
  private final Room room;
  private final Map<Store, Idle> idle = new LinkedHashMap<>();
  private long idleBytes;

  /**
   * Makes one without buffers.
   *
   * @param cl OpenCL
   * @param room what bounds mapped memory
   */
  IdleBuffers(Cl cl, Room room) {
    this.cl = cl;
    this.room = room;
  }

  /** Takes back the buffer of a store; null if it is gone. */
  synchronized cl_mem take(Store owner) {
    Idle found = idle.remove(owner);
    if (found == null) {
      return null;
    }
    idleBytes -= found.bytes();
    return found.buffer();
  }

  /** Keeps a buffer until its store takes it back, or somebody needs the room. */
  synchronized void keep(Store owner, cl_mem buffer, long bytes) {
    idle.put(owner, new Idle(buffer, bytes));
    idleBytes += bytes;
    trim();
  }

  /** Makes way for memory that has been mapped. */
  synchronized void trim() {
    while (idleBytes > 0 && room.usedBytes() + idleBytes > room.limitBytes()) {
      release(idle.keySet().iterator().next());
    }
  }

  /** Releases all; returns whether there was any. */
  synchronized boolean releaseAll() {
    boolean any = !idle.isEmpty();
    while (!idle.isEmpty()) {
      release(idle.keySet().iterator().next());
    }
    return any;
  }

  /** Releases the buffer of a store that is gone, if there is one. */
  synchronized void release(Store owner) {
    cl_mem buffer = take(owner);
    if (buffer != null) {
      try (Releases releases = new Releases()) {
        releases.add(() -> cl.releaseBuffer(buffer));
      }
    }
  }
}
