package dev.gmem.opencl;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jocl.cl_command_queue;
import org.jocl.cl_event;
import org.jocl.cl_mem;

/** Enqueues transfers of any length, in as few commands as JOCL allows. */
final class Transfers {
  private Transfers() {}

  static void write(
      Cl cl,
      cl_command_queue queue,
      List<cl_event> events,
      cl_mem buffer,
      long offset,
      MemorySegment source) {
    for (long at = 0; at < source.byteSize(); at += HostPointers.PIECE_BYTES_MAX) {
      long bytes = Math.min(HostPointers.PIECE_BYTES_MAX, source.byteSize() - at);
      events.add(
          cl.enqueueWrite(
              queue, buffer, offset + at, bytes, HostPointers.of(source.asSlice(at, bytes))));
    }
  }

  static void read(
      Cl cl,
      cl_command_queue queue,
      List<cl_event> events,
      cl_mem buffer,
      long offset,
      MemorySegment target) {
    for (long at = 0; at < target.byteSize(); at += HostPointers.PIECE_BYTES_MAX) {
      long bytes = Math.min(HostPointers.PIECE_BYTES_MAX, target.byteSize() - at);
      events.add(
          cl.enqueueRead(
              queue, buffer, offset + at, bytes, HostPointers.of(target.asSlice(at, bytes))));
    }
  }
}
