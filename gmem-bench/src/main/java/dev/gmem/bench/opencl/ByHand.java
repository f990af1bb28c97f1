package dev.gmem.bench.opencl;

import dev.gmem.bench.BenchmarkException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;
import org.jocl.cl_program;

/**
 * OpenCL as one would write it with JOCL: one in-order queue without profiling, blocking transfers,
 * one {@code clFinish} to wait. Segments are below 2 GiB. Belongs to one thread.
 */
final class ByHand implements AutoCloseable {
  private final Deque<Runnable> releases = new ArrayDeque<>();
  private final cl_device_id device;
  private final cl_context context;
  private final cl_command_queue queue;
  private final cl_program program;

  /** Takes the first device. */
  // The queue that OpenCL 1.2 has.
  @SuppressWarnings("deprecation")
  ByHand(String source) {
    CL.setExceptionsEnabled(true);
    cl_platform_id[] platforms = new cl_platform_id[1];
    CL.clGetPlatformIDs(1, platforms, null);
    cl_device_id[] devices = new cl_device_id[1];
    CL.clGetDeviceIDs(platforms[0], CL.CL_DEVICE_TYPE_ALL, 1, devices, null);
    device = devices[0];
    cl_context_properties properties = new cl_context_properties();
    properties.addProperty(CL.CL_CONTEXT_PLATFORM, platforms[0]);
    context = CL.clCreateContext(properties, 1, devices, null, null, null);
    releases.push(() -> CL.clReleaseContext(context));
    queue = CL.clCreateCommandQueue(context, device, 0, null);
    releases.push(() -> CL.clReleaseCommandQueue(queue));
    program = CL.clCreateProgramWithSource(context, 1, new String[] {source}, null, null);
    releases.push(() -> CL.clReleaseProgram(program));
    CL.clBuildProgram(program, 0, null, "", null, null);
  }

  /** Requires the other side to be on the same device, by what that says of itself. */
  void requireDevice(String description) {
    byte[] name = new byte[1024];
    long[] length = new long[1];
    CL.clGetDeviceInfo(device, CL.CL_DEVICE_NAME, name.length, Pointer.to(name), length);
    String text = new String(name, 0, (int) length[0] - 1, StandardCharsets.UTF_8).strip();
    BenchmarkException.require(
        description.startsWith(text), "both sides need the same device: " + text);
  }

  cl_kernel kernel(String name) {
    cl_kernel kernel = CL.clCreateKernel(program, name, null);
    releases.push(() -> CL.clReleaseKernel(kernel));
    return kernel;
  }

  cl_mem buffer(long bytes) {
    cl_mem buffer = CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, bytes, null, null);
    releases.push(() -> CL.clReleaseMemObject(buffer));
    return buffer;
  }

  /** A buffer over a segment; the caller releases it. */
  cl_mem over(MemorySegment segment) {
    long flags = CL.CL_MEM_READ_WRITE | CL.CL_MEM_USE_HOST_PTR;
    return CL.clCreateBuffer(context, flags, segment.byteSize(), pointer(segment), null);
  }

  private static Pointer pointer(MemorySegment segment) {
    return Pointer.to(segment.asByteBuffer());
  }

  void write(cl_mem buffer, MemorySegment source) {
    long bytes = source.byteSize();
    CL.clEnqueueWriteBuffer(queue, buffer, true, 0, bytes, pointer(source), 0, null, null);
  }

  void read(cl_mem buffer, long offset, MemorySegment target) {
    long bytes = target.byteSize();
    CL.clEnqueueReadBuffer(queue, buffer, true, offset, bytes, pointer(target), 0, null, null);
  }

  /** Lets the host use a buffer over its memory. */
  ByteBuffer map(cl_mem buffer, long flags, long bytes) {
    return CL.clEnqueueMapBuffer(queue, buffer, true, flags, 0, bytes, 0, null, null, null);
  }

  void unmap(cl_mem buffer, ByteBuffer mapped) {
    CL.clEnqueueUnmapMemObject(queue, buffer, mapped, 0, null, null);
  }

  void enqueue(cl_kernel kernel, long items, cl_mem... buffers) {
    for (int i = 0; i < buffers.length; i++) {
      CL.clSetKernelArg(kernel, i, Sizeof.cl_mem, Pointer.to(buffers[i]));
    }
    CL.clEnqueueNDRangeKernel(queue, kernel, 1, null, new long[] {items}, null, 0, null, null);
  }

  void finish() {
    CL.clFinish(queue);
  }

  @Override
  public void close() {
    releases.forEach(Runnable::run);
  }
}
