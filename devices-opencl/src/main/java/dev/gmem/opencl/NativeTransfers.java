package dev.gmem.opencl;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_event;
import org.jocl.cl_mem;

/**
 * Transfers, beneath JOCL's own methods.
 *
 * <p>Those that return at once start a thread for each transfer, which waits for it so that the
 * buffer is not collected meanwhile. Memory here is kept alive by whoever asks for the transfer, so
 * the native functions beneath are called directly: measured on PoCL with runs of 64 KiB, 6 to 9 µs
 * each instead of 37, and no threads. Where JOCL is another version and they are not found, its own
 * are used.
 */
final class NativeTransfers {
  private static final MethodType NATIVE =
      MethodType.methodType(
          int.class,
          cl_command_queue.class,
          cl_mem.class,
          boolean.class,
          long.class,
          long.class,
          Pointer.class,
          int.class,
          cl_event[].class,
          cl_event.class);

  private final MethodHandle write = find("clEnqueueWriteBuffer");
  private final MethodHandle read = find("clEnqueueReadBuffer");

  private static MethodHandle find(String function) {
    try {
      return MethodHandles.privateLookupIn(CL.class, MethodHandles.lookup())
          .findStatic(CL.class, function + "Native", NATIVE);
    } catch (ReflectiveOperationException e) {
      return published(function);
    }
  }

  private static MethodHandle published(String function) {
    try {
      return MethodHandles.lookup().findStatic(CL.class, function, NATIVE);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("JOCL lacks " + function, e);
    }
  }

  int write(
      cl_command_queue queue,
      cl_mem buffer,
      boolean blocking,
      long offset,
      long bytes,
      Pointer source,
      cl_event event) {
    try {
      return (int)
          write.invokeExact(
              queue, buffer, blocking, offset, bytes, source, 0, (cl_event[]) null, event);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  int read(
      cl_command_queue queue,
      cl_mem buffer,
      boolean blocking,
      long offset,
      long bytes,
      Pointer target,
      cl_event event) {
    try {
      return (int)
          read.invokeExact(
              queue, buffer, blocking, offset, bytes, target, 0, (cl_event[]) null, event);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  private static RuntimeException rethrow(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof RuntimeException e ? e : new IllegalStateException(thrown);
  }
}
