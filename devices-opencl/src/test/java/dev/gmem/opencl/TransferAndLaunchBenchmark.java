package dev.gmem.opencl;

import dev.gmem.Access;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.jocl.cl_program;

/**
 * Pairs of what one would write by hand, as the floor, and the same through the device. Run {@link
 * #main}; rounds of the two alternate, and the median round counts.
 */
final class TransferAndLaunchBenchmark implements AutoCloseable {
  private static final int ROUNDS = 31;
  private static final int LAUNCHES = 200;
  private static final long BYTES = 64L << 20;
  private static final String SOURCE =
      "__kernel void k(__global const int* a, __global int* b) {"
          + " b[get_global_id(0)] = a[get_global_id(0)] + 1; }";

  private final Setup setup;
  private final cl_context context;
  private final cl_command_queue queue;
  private final cl_program program;
  private final cl_kernel kernel;

  // The queue that OpenCL 1.2 has.
  @SuppressWarnings("deprecation")
  private TransferAndLaunchBenchmark(OpenClDevice device) {
    setup = new Setup(device);
    cl_device_id handle = device.facts().handle();
    context = CL.clCreateContext(null, 1, new cl_device_id[] {handle}, null, null, null);
    queue = CL.clCreateCommandQueue(context, handle, CL.CL_QUEUE_PROFILING_ENABLE, null);
    program = CL.clCreateProgramWithSource(context, 1, new String[] {SOURCE}, null, null);
    CL.clBuildProgram(program, 0, null, "", null, null);
    kernel = CL.clCreateKernel(program, "k", null);
  }

  public static void main(String[] arguments) {
    try (TransferAndLaunchBenchmark discrete =
            new TransferAndLaunchBenchmark(TestDevices.withoutHostAccess(TestDevices.cl()));
        TransferAndLaunchBenchmark zeroCopy =
            new TransferAndLaunchBenchmark(TestDevices.device(TestDevices.zeroCopy()))) {
      discrete.launches("discrete");
      zeroCopy.launches("zero-copy");
      discrete.pipelined();
    }
    try (TransferAndLaunchBenchmark large =
        new TransferAndLaunchBenchmark(
            TestDevices.device(
                new OpenClSettings(OpenClMode.DISCRETE, Long.MAX_VALUE, true),
                TestDevices.cl(),
                seen -> HostAccess.none("for a measurement")))) {
      large.transfers();
      large.granules();
    }
  }

  private static void pair(String what, String unit, LongSupplier floor, LongSupplier measured) {
    long[] floors = new long[ROUNDS];
    long[] values = new long[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      floors[i] = floor.getAsLong();
      values[i] = measured.getAsLong();
    }
    Arrays.sort(floors);
    Arrays.sort(values);
    double by = unit.equals("µs") ? 1e3 : 1e6;
    System.out.printf(
        "%-44s by hand %8.1f %s (min %.1f)   device %8.1f %s (min %.1f)   ratio %.2f%n",
        what,
        floors[ROUNDS / 2] / by,
        unit,
        floors[0] / by,
        values[ROUNDS / 2] / by,
        unit,
        values[0] / by,
        (double) values[ROUNDS / 2] / floors[ROUNDS / 2]);
  }

  private void launches(String mode) {
    GmRange a = setup.mapped(setup.numbered(1));
    GmRange b = setup.mapped(setup.numbered(1));
    List<GmArgument> arguments =
        List.of(Setup.buffer(a, Access.READ), Setup.buffer(b, Access.OVERWRITE));
    GmKernel ours = setup.kernel(SOURCE);
    NdRange range = NdRange.of(1_024);
    cl_mem in = CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, a.bytes(), null, null);
    cl_mem out = CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, b.bytes(), null, null);
    pair(
        mode + ": launch and wait, nothing to move",
        "µs",
        () -> {
          long start = System.nanoTime();
          for (int i = 0; i < LAUNCHES; i++) {
            byHand(in, out, new cl_event());
            CL.clFinish(queue);
          }
          return (System.nanoTime() - start) / LAUNCHES;
        },
        () -> {
          long start = System.nanoTime();
          for (int i = 0; i < LAUNCHES; i++) {
            ours.validate(range, arguments);
            ours.launch(range, arguments).toCompletableFuture().join();
          }
          return (System.nanoTime() - start) / LAUNCHES;
        });
    CL.clReleaseMemObject(in);
    CL.clReleaseMemObject(out);
    setup.home(a);
    setup.home(b);
  }

  private void byHand(cl_mem in, cl_mem out, cl_event event) {
    CL.clSetKernelArg(kernel, 0, Sizeof.cl_mem, Pointer.to(in));
    CL.clSetKernelArg(kernel, 1, Sizeof.cl_mem, Pointer.to(out));
    CL.clEnqueueNDRangeKernel(queue, kernel, 1, null, new long[] {1_024}, null, 0, null, event);
    CL.clReleaseEvent(event);
  }

  private void pipelined() {
    GmRange a = setup.mapped(setup.numbered(1));
    GmRange b = setup.mapped(setup.numbered(1));
    List<GmArgument> arguments =
        List.of(Setup.buffer(a, Access.READ), Setup.buffer(b, Access.OVERWRITE));
    GmKernel ours = setup.kernel(SOURCE);
    NdRange range = NdRange.of(1_024);
    cl_mem in = CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, a.bytes(), null, null);
    cl_mem out = CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, b.bytes(), null, null);
    pair(
        "discrete: " + LAUNCHES + " launches, then wait, each",
        "µs",
        () -> {
          long start = System.nanoTime();
          for (int i = 0; i < LAUNCHES; i++) {
            byHand(in, out, new cl_event());
          }
          CL.clFinish(queue);
          return (System.nanoTime() - start) / LAUNCHES;
        },
        () -> {
          long start = System.nanoTime();
          List<CompletableFuture<Long>> all = new ArrayList<>();
          for (int i = 0; i < LAUNCHES; i++) {
            ours.validate(range, arguments);
            all.add(ours.launch(range, arguments).toCompletableFuture());
          }
          all.forEach(CompletableFuture::join);
          return (System.nanoTime() - start) / LAUNCHES;
        });
    CL.clReleaseMemObject(in);
    CL.clReleaseMemObject(out);
    setup.home(a);
    setup.home(b);
  }

  private void transfers() {
    GmRange range = setup.numbered(BYTES / Setup.GRANULE_BYTES);
    ByteBuffer host = setup.space().host(range).asByteBuffer();
    cl_mem buffer = CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, BYTES, null, null);
    CL.clEnqueueWriteBuffer(queue, buffer, true, 0, BYTES, Pointer.to(host), 0, null, null);
    GmRange rest = setup.space().allocate(1);
    setup.mapped(rest);
    GmRange whole = setup.space().allocate(BYTES / Setup.GRANULE_BYTES + 1);
    GmRange keep = setup.mapped(setup.space().part(whole, BYTES / Setup.GRANULE_BYTES, 1));
    GmRange moved = setup.space().part(whole, 0, BYTES / Setup.GRANULE_BYTES);
    setup.space().host(moved).fill((byte) 1);
    setup.home(setup.mapped(moved));
    pair(
        "64 MiB to the device",
        "ms",
        () -> {
          long start = System.nanoTime();
          CL.clEnqueueWriteBuffer(queue, buffer, true, 0, BYTES, Pointer.to(host), 0, null, null);
          return System.nanoTime() - start;
        },
        () -> {
          long start = System.nanoTime();
          setup.mapped(moved);
          long end = System.nanoTime();
          setup.space().unmap(moved, false);
          return end - start;
        });
    pair(
        "64 MiB to the host",
        "ms",
        () -> {
          long start = System.nanoTime();
          CL.clEnqueueReadBuffer(queue, buffer, true, 0, BYTES, Pointer.to(host), 0, null, null);
          return System.nanoTime() - start;
        },
        () -> {
          setup.mapped(moved);
          long start = System.nanoTime();
          setup.home(moved);
          return System.nanoTime() - start;
        });
    CL.clReleaseMemObject(buffer);
    setup.home(keep);
    setup.home(rest);
  }

  /** Many runs of one granule, as after scattered faults: by hand each blocks. */
  private void granules() {
    int runs = 128;
    GmRange all = setup.numbered(2L * runs + 1);
    GmRange keep = setup.mapped(setup.space().part(all, 2L * runs, 1));
    cl_mem buffer = CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, all.bytes(), null, null);
    ByteBuffer host = setup.space().host(all).asByteBuffer();
    pair(
        runs + " runs of 64 KiB to the device, each",
        "µs",
        () -> {
          long start = System.nanoTime();
          for (int i = 0; i < runs; i++) {
            long offset = 2L * i * Setup.GRANULE_BYTES;
            CL.clEnqueueWriteBuffer(
                queue,
                buffer,
                true,
                offset,
                Setup.GRANULE_BYTES,
                Pointer.to(host).withByteOffset(offset),
                0,
                null,
                null);
          }
          return (System.nanoTime() - start) / runs;
        },
        () -> {
          long start = System.nanoTime();
          List<CompletableFuture<GmStatus>> maps = new ArrayList<>();
          for (int i = 0; i < runs; i++) {
            maps.add(
                setup
                    .space()
                    .mapAsync(setup.space().part(all, 2L * i, 1), true, Access.READ_WRITE));
          }
          maps.forEach(CompletableFuture::join);
          long nanos = (System.nanoTime() - start) / runs;
          for (int i = 0; i < runs; i++) {
            setup.space().unmap(setup.space().part(all, 2L * i, 1), false);
          }
          return nanos;
        });
    CL.clReleaseMemObject(buffer);
    setup.home(keep);
  }

  @Override
  public void close() {
    CL.clReleaseKernel(kernel);
    CL.clReleaseProgram(program);
    CL.clReleaseCommandQueue(queue);
    CL.clReleaseContext(context);
    setup.close();
  }
}
