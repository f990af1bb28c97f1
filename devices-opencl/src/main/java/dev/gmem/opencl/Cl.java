package dev.gmem.opencl;

import java.util.List;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;
import org.jocl.cl_program;

/**
 * All of OpenCL that is used, one method per function.
 *
 * <p><b>Guarantees.</b> A function that fails throws {@link ClException}, and has then made nothing
 * that would have to be released. Commands do not block, but those that are told to. What {@code
 * create…} and {@code enqueue…} return belongs to the caller, who releases it once.
 *
 * <p><b>Threads.</b> Any, except that arguments of one kernel are set by one thread at a time.
 */
interface Cl {
  List<cl_platform_id> platforms();

  /** Devices of all types; empty if the platform has none. */
  List<cl_device_id> devices(cl_platform_id platform);

  String platformName(cl_platform_id platform);

  /** The bytes of {@code clGetDeviceInfo}. */
  byte[] deviceInfo(cl_device_id device, int name);

  cl_context createContext(cl_platform_id platform, cl_device_id device);

  void releaseContext(cl_context context);

  /** An in-order queue, whose commands are profiled if asked. */
  cl_command_queue createQueue(cl_context context, cl_device_id device, boolean profiled);

  void flush(cl_command_queue queue);

  void finish(cl_command_queue queue);

  void releaseQueue(cl_command_queue queue);

  /** Device memory, uninitialised, read and written by kernels. */
  cl_mem createBuffer(cl_context context, long bytes);

  /** A buffer over host memory, which must stay valid until it is released. */
  cl_mem createHostBuffer(cl_context context, Pointer host, long bytes);

  cl_mem createSubBuffer(cl_mem buffer, long offset, long bytes);

  void releaseBuffer(cl_mem buffer);

  /**
   * Copies from a direct buffer, which must stay valid until the command has ended.
   *
   * @param blocking whether to return when that has happened
   */
  cl_event enqueueWrite(
      cl_command_queue queue,
      cl_mem buffer,
      boolean blocking,
      long offset,
      long bytes,
      Pointer source);

  /** Copies to a direct buffer; the rest is as above. */
  cl_event enqueueRead(
      cl_command_queue queue,
      cl_mem buffer,
      boolean blocking,
      long offset,
      long bytes,
      Pointer target);

  /** Fills with zeros. Offset and length are multiples of 16. */
  cl_event enqueueZeros(cl_command_queue queue, cl_mem buffer, long offset, long bytes);

  /** Copies within the device. */
  cl_event enqueueCopy(
      cl_command_queue queue, cl_mem from, long fromOffset, cl_mem to, long toOffset, long bytes);

  /** Runs a kernel; {@code local} may be null. */
  cl_event enqueueKernel(cl_command_queue queue, cl_kernel kernel, long[] global, long[] local);

  /** Blocks until a command has ended; throws if it, or the waiting, failed. */
  void await(cl_event event);

  /** The execution status of a command: 0 when complete, negative when failed. */
  int status(cl_event event);

  /** How long a command of a profiled queue ran. */
  long nanos(cl_event event);

  void releaseEvent(cl_event event);

  cl_program createProgram(cl_context context, String source);

  void buildProgram(cl_program program, cl_device_id device, String options);

  String buildLog(cl_program program, cl_device_id device);

  void releaseProgram(cl_program program);

  /** One kernel object for each kernel of a program. */
  List<cl_kernel> createKernels(cl_program program);

  cl_kernel createKernel(cl_program program, String name);

  void releaseKernel(cl_kernel kernel);

  /** The bytes of {@code clGetKernelInfo}. */
  byte[] kernelInfo(cl_kernel kernel, int name);

  /** The bytes of {@code clGetKernelArgInfo}. */
  byte[] argumentInfo(cl_kernel kernel, int index, int name);

  /** The bytes of {@code clGetKernelWorkGroupInfo}. */
  byte[] workGroupInfo(cl_kernel kernel, cl_device_id device, int name);

  void setBuffer(cl_kernel kernel, int index, cl_mem buffer);

  /** Sets a scalar, in the device's layout. */
  void setScalar(cl_kernel kernel, int index, byte[] value);

  void setLocal(cl_kernel kernel, int index, long bytes);

  /** Sets an address that the device can reach as it is. */
  void setPointer(cl_kernel kernel, int index, Pointer pointer);

  /** Tells the driver that a kernel may follow any pointer. */
  void allowSystemPointers(cl_kernel kernel);
}
