package dev.gmem.opencl;

import static org.jocl.CL.CL_CONTEXT_PLATFORM;
import static org.jocl.CL.CL_DEVICE_TYPE_ALL;
import static org.jocl.CL.CL_EVENT_COMMAND_EXECUTION_STATUS;
import static org.jocl.CL.CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM;
import static org.jocl.CL.CL_MEM_READ_WRITE;
import static org.jocl.CL.CL_MEM_USE_HOST_PTR;
import static org.jocl.CL.CL_PLATFORM_NAME;
import static org.jocl.CL.CL_PROFILING_COMMAND_END;
import static org.jocl.CL.CL_PROFILING_COMMAND_START;
import static org.jocl.CL.CL_PROGRAM_BUILD_LOG;
import static org.jocl.CL.CL_QUEUE_PROFILING_ENABLE;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_buffer_region;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;
import org.jocl.cl_program;

/**
 * OpenCL as JOCL binds it. Making one loads JOCL's native library and the OpenCL loader, and throws
 * a {@link LinkageError} where one of them is missing.
 */
final class JoclCl implements Cl {
  private static final int ZEROS_PATTERN_BYTES = 16;

  private static final ThreadLocal<Answer> ANSWERS = ThreadLocal.withInitial(Answer::make);

  private final DriverThread driver = DriverThread.ofThisProcess();

  /** Devices whose compiler has run: a driver may load it when it is first asked. */
  private final Set<cl_device_id> compiled = ConcurrentHashMap.newKeySet();

  private final NativeTransfers transfers;

  JoclCl() {
    driver.call(JoclCl::load);
    transfers = new NativeTransfers();
  }

  private static Void load() {
    JoclLibrary.requireLoader();
    JoclLibrary.extract();
    CL.setExceptionsEnabled(false);
    return null;
  }

  private static void check(String function, int code) {
    if (code != ClCode.SUCCESS) {
      throw new ClException(function, code);
    }
  }

  /** A query of a value of unknown size. */
  @FunctionalInterface
  private interface Query {
    int ask(long bytes, Pointer value, long[] bytesReturned);
  }

  private static byte[] query(String function, Query query) {
    long[] bytes = new long[1];
    check(function, query.ask(0, null, bytes));
    byte[] value = new byte[Math.toIntExact(bytes[0])];
    if (value.length > 0) {
      check(function, query.ask(value.length, Pointer.to(value), null));
    }
    return value;
  }

  // ---- platforms and devices ----

  @Override
  public List<cl_platform_id> platforms() {
    int[] count = new int[1];
    int code = driver.call(() -> CL.clGetPlatformIDs(0, null, count));
    if (code == ClCode.PLATFORM_NOT_FOUND || code == ClCode.SUCCESS && count[0] == 0) {
      return List.of();
    }
    check("clGetPlatformIDs", code);
    cl_platform_id[] platforms = new cl_platform_id[count[0]];
    check("clGetPlatformIDs", CL.clGetPlatformIDs(platforms.length, platforms, null));
    return List.of(platforms);
  }

  @Override
  public List<cl_device_id> devices(cl_platform_id platform) {
    int[] count = new int[1];
    int code = driver.call(() -> CL.clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, null, count));
    if (code == ClCode.DEVICE_NOT_FOUND || code == ClCode.SUCCESS && count[0] == 0) {
      return List.of();
    }
    check("clGetDeviceIDs", code);
    cl_device_id[] devices = new cl_device_id[count[0]];
    check(
        "clGetDeviceIDs",
        CL.clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, devices.length, devices, null));
    return List.of(devices);
  }

  @Override
  public String platformName(cl_platform_id platform) {
    return Bytes.text(
        query(
            "clGetPlatformInfo",
            (size, value, out) ->
                CL.clGetPlatformInfo(platform, CL_PLATFORM_NAME, size, value, out)));
  }

  @Override
  public byte[] deviceInfo(cl_device_id device, int name) {
    return query(
        "clGetDeviceInfo",
        (size, value, out) -> CL.clGetDeviceInfo(device, name, size, value, out));
  }

  @Override
  public cl_context createContext(cl_platform_id platform, cl_device_id device) {
    int[] code = new int[1];
    cl_context_properties properties = new cl_context_properties();
    properties.addProperty(CL_CONTEXT_PLATFORM, platform);
    cl_context context =
        driver.call(
            () -> CL.clCreateContext(properties, 1, new cl_device_id[] {device}, null, null, code));
    check("clCreateContext", code[0]);
    return context;
  }

  @Override
  public void releaseContext(cl_context context) {
    check("clReleaseContext", CL.clReleaseContext(context));
  }

  // ---- queues ----

  // The successor takes a list of properties, and is not in OpenCL 1.2.
  @SuppressWarnings("deprecation")
  @Override
  public cl_command_queue createQueue(cl_context context, cl_device_id device, boolean profiled) {
    int[] code = new int[1];
    long properties = profiled ? CL_QUEUE_PROFILING_ENABLE : 0;
    cl_command_queue queue = CL.clCreateCommandQueue(context, device, properties, code);
    check("clCreateCommandQueue", code[0]);
    return queue;
  }

  @Override
  public void flush(cl_command_queue queue) {
    check("clFlush", CL.clFlush(queue));
  }

  @Override
  public void finish(cl_command_queue queue) {
    check("clFinish", CL.clFinish(queue));
  }

  @Override
  public void releaseQueue(cl_command_queue queue) {
    check("clReleaseCommandQueue", CL.clReleaseCommandQueue(queue));
  }

  // ---- memory ----

  @Override
  public cl_mem createBuffer(cl_context context, long bytes) {
    int[] code = new int[1];
    cl_mem buffer = CL.clCreateBuffer(context, CL_MEM_READ_WRITE, bytes, null, code);
    check("clCreateBuffer", code[0]);
    return buffer;
  }

  @Override
  public cl_mem createHostBuffer(cl_context context, Pointer host, long bytes) {
    int[] code = new int[1];
    long flags = CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR;
    cl_mem buffer = CL.clCreateBuffer(context, flags, bytes, host, code);
    check("clCreateBuffer(CL_MEM_USE_HOST_PTR)", code[0]);
    return buffer;
  }

  @Override
  public cl_mem createSubBuffer(cl_mem buffer, long offset, long bytes) {
    int[] code = new int[1];
    cl_mem part =
        CL.clCreateSubBuffer(
            buffer,
            CL_MEM_READ_WRITE,
            CL.CL_BUFFER_CREATE_TYPE_REGION,
            new cl_buffer_region(offset, bytes),
            code);
    check("clCreateSubBuffer", code[0]);
    return part;
  }

  @Override
  public void releaseBuffer(cl_mem buffer) {
    check("clReleaseMemObject", CL.clReleaseMemObject(buffer));
  }

  // ---- commands ----

  @Override
  public cl_event enqueueWrite(
      cl_command_queue queue,
      cl_mem buffer,
      boolean blocking,
      long offset,
      long bytes,
      Pointer source) {
    cl_event event = new cl_event();
    check(
        "clEnqueueWriteBuffer",
        transfers.write(queue, buffer, blocking, offset, bytes, source, event));
    return event;
  }

  @Override
  public cl_event enqueueRead(
      cl_command_queue queue,
      cl_mem buffer,
      boolean blocking,
      long offset,
      long bytes,
      Pointer target) {
    cl_event event = new cl_event();
    check(
        "clEnqueueReadBuffer",
        transfers.read(queue, buffer, blocking, offset, bytes, target, event));
    return event;
  }

  @Override
  public cl_event enqueueZeros(cl_command_queue queue, cl_mem buffer, long offset, long bytes) {
    cl_event event = new cl_event();
    Pointer pattern = Pointer.to(new byte[ZEROS_PATTERN_BYTES]);
    check(
        "clEnqueueFillBuffer",
        CL.clEnqueueFillBuffer(
            queue, buffer, pattern, ZEROS_PATTERN_BYTES, offset, bytes, 0, null, event));
    return event;
  }

  @Override
  public cl_event enqueueCopy(
      cl_command_queue queue, cl_mem from, long fromOffset, cl_mem to, long toOffset, long bytes) {
    cl_event event = new cl_event();
    check(
        "clEnqueueCopyBuffer",
        CL.clEnqueueCopyBuffer(queue, from, to, fromOffset, toOffset, bytes, 0, null, event));
    return event;
  }

  @Override
  public cl_event enqueueKernel(
      cl_command_queue queue, cl_kernel kernel, long[] global, long[] local) {
    cl_event event = new cl_event();
    check(
        "clEnqueueNDRangeKernel",
        CL.clEnqueueNDRangeKernel(
            queue, kernel, global.length, null, global, local, 0, null, event));
    return event;
  }

  @Override
  public void await(cl_event event) {
    check("clWaitForEvents", CL.clWaitForEvents(1, new cl_event[] {event}));
  }

  @Override
  public int status(cl_event event) {
    int[] status = new int[1];
    check(
        "clGetEventInfo",
        CL.clGetEventInfo(
            event, CL_EVENT_COMMAND_EXECUTION_STATUS, Sizeof.cl_int, Pointer.to(status), null));
    return status[0];
  }

  @Override
  public long nanos(cl_event event) {
    return profiling(event, CL_PROFILING_COMMAND_END)
        - profiling(event, CL_PROFILING_COMMAND_START);
  }

  private static long profiling(cl_event event, int name) {
    Answer answer = ANSWERS.get();
    check(
        "clGetEventProfilingInfo",
        CL.clGetEventProfilingInfo(event, name, Sizeof.cl_ulong, answer.pointer(), null));
    return answer.bytes().getLong(0);
  }

  /**
   * Where a function leaves a number. Outside of the heap, and kept: with an array each question
   * takes JOCL 1.1 µs instead of 0.4, and a launch asks two.
   */
  private record Answer(ByteBuffer bytes, Pointer pointer) {
    static Answer make() {
      ByteBuffer bytes = ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.nativeOrder());
      return new Answer(bytes, Pointer.to(bytes));
    }
  }

  @Override
  public void releaseEvent(cl_event event) {
    check("clReleaseEvent", CL.clReleaseEvent(event));
  }

  // ---- programs and kernels ----

  @Override
  public cl_program createProgram(cl_context context, String source) {
    int[] code = new int[1];
    cl_program program =
        CL.clCreateProgramWithSource(context, 1, new String[] {source}, null, code);
    check("clCreateProgramWithSource", code[0]);
    return program;
  }

  @Override
  public void buildProgram(cl_program program, cl_device_id device, String options) {
    cl_device_id[] devices = {device};
    Supplier<Integer> build = () -> CL.clBuildProgram(program, 1, devices, options, null, null);
    int code = compiled.contains(device) ? build.get() : driver.call(build);
    compiled.add(device);
    check("clBuildProgram", code);
  }

  @Override
  public String buildLog(cl_program program, cl_device_id device) {
    return Bytes.text(
        query(
            "clGetProgramBuildInfo",
            (size, value, out) ->
                CL.clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, size, value, out)));
  }

  @Override
  public void releaseProgram(cl_program program) {
    check("clReleaseProgram", CL.clReleaseProgram(program));
  }

  @Override
  public List<cl_kernel> createKernels(cl_program program) {
    int[] count = new int[1];
    check("clCreateKernelsInProgram", CL.clCreateKernelsInProgram(program, 0, null, count));
    if (count[0] == 0) {
      return List.of();
    }
    cl_kernel[] kernels = new cl_kernel[count[0]];
    check(
        "clCreateKernelsInProgram",
        CL.clCreateKernelsInProgram(program, kernels.length, kernels, null));
    return List.of(kernels);
  }

  @Override
  public cl_kernel createKernel(cl_program program, String name) {
    int[] code = new int[1];
    cl_kernel kernel = CL.clCreateKernel(program, name, code);
    check("clCreateKernel", code[0]);
    return kernel;
  }

  @Override
  public void releaseKernel(cl_kernel kernel) {
    check("clReleaseKernel", CL.clReleaseKernel(kernel));
  }

  @Override
  public byte[] kernelInfo(cl_kernel kernel, int name) {
    return query(
        "clGetKernelInfo",
        (size, value, out) -> CL.clGetKernelInfo(kernel, name, size, value, out));
  }

  @Override
  public byte[] argumentInfo(cl_kernel kernel, int index, int name) {
    return query(
        "clGetKernelArgInfo",
        (size, value, out) -> CL.clGetKernelArgInfo(kernel, index, name, size, value, out));
  }

  @Override
  public byte[] workGroupInfo(cl_kernel kernel, cl_device_id device, int name) {
    return query(
        "clGetKernelWorkGroupInfo",
        (size, value, out) -> CL.clGetKernelWorkGroupInfo(kernel, device, name, size, value, out));
  }

  @Override
  public void setBuffer(cl_kernel kernel, int index, cl_mem buffer) {
    check("clSetKernelArg", CL.clSetKernelArg(kernel, index, Sizeof.cl_mem, Pointer.to(buffer)));
  }

  @Override
  public void setScalar(cl_kernel kernel, int index, byte[] value) {
    check("clSetKernelArg", CL.clSetKernelArg(kernel, index, value.length, Pointer.to(value)));
  }

  @Override
  public void setLocal(cl_kernel kernel, int index, long bytes) {
    check("clSetKernelArg", CL.clSetKernelArg(kernel, index, bytes, null));
  }

  @Override
  public void setPointer(cl_kernel kernel, int index, Pointer pointer) {
    check("clSetKernelArgSVMPointer", CL.clSetKernelArgSVMPointer(kernel, index, pointer));
  }

  @Override
  public void allowSystemPointers(cl_kernel kernel) {
    ByteBuffer yes = ByteBuffer.allocate(Sizeof.cl_int).order(ByteOrder.nativeOrder());
    yes.putInt(0, 1);
    check(
        "clSetKernelExecInfo",
        CL.clSetKernelExecInfo(
            kernel, CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM, Sizeof.cl_int, Pointer.to(yes)));
  }
}
