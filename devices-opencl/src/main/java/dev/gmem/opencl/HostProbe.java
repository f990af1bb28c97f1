package dev.gmem.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_event;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.jocl.cl_program;

/**
 * Finds out how a device reaches host memory, by having it do so.
 *
 * <p>What a device says of itself is not enough: a driver may copy what is called zero-copy, and
 * that a kernel may follow a host's pointer is said by system SVM only, although it is true of most
 * CPU devices. Each step risks no more than the one before has proved: addresses are handed out
 * only to CPU devices that were seen to write into host memory, and to devices with system SVM. A
 * context of its own is used, so that a device that fails it is not harmed.
 */
final class HostProbe implements AutoCloseable {
  private static final String SOURCE =
      """
      __kernel void gmem_probe(__global const long* in, __global long* out) {
        out[0] = in[0] + 1;
        if (in[1] != 0) {
          out[1] = ((__global const long*) (size_t) in[1])[0];
        }
      }
      """;

  private static final long PAGE_BYTES = 4096;

  /** Beyond any alignment that a driver could ask of an address, but that of a long. */
  private static final long ODD_BYTES = 24;

  private final Cl cl;
  private final DeviceFacts facts;
  private final Arena arena = Arena.ofShared();
  private final Releases releases = new Releases();
  private final cl_context context;
  private final cl_command_queue queue;
  private final cl_kernel kernel;
  private final MemorySegment in = arena.allocate(PAGE_BYTES, PAGE_BYTES);
  private final MemorySegment out = arena.allocate(PAGE_BYTES, PAGE_BYTES);
  private final MemorySegment far = arena.allocate(PAGE_BYTES, PAGE_BYTES);

  private HostProbe(Cl cl, DeviceFacts facts) {
    this.cl = cl;
    this.facts = facts;
    releases.add(arena::close);
    boolean done = false;
    try {
      context = cl.createContext(facts.platform(), facts.handle());
      releases.add(() -> cl.releaseContext(context));
      queue = cl.createQueue(context, facts.handle(), false);
      releases.add(() -> cl.releaseQueue(queue));
      cl_program program = cl.createProgram(context, SOURCE);
      releases.add(() -> cl.releaseProgram(program));
      cl.buildProgram(program, facts.handle(), "");
      kernel = cl.createKernel(program, "gmem_probe");
      releases.add(() -> cl.releaseKernel(kernel));
      done = true;
    } finally {
      if (!done) {
        releases.close();
      }
    }
  }

  /** Probes a device. A device that fails is one that cannot. */
  static HostAccess probe(Cl cl, DeviceFacts facts) {
    try (HostProbe probe = new HostProbe(cl, facts)) {
      return probe.run();
    } catch (ClException e) {
      return HostAccess.none("it failed the probe: " + e.getMessage());
    }
  }

  private HostAccess run() {
    if (!facts.hasSystemSvm() && !seesBuffers()) {
      return HostAccess.none("its buffers over host memory are copies");
    }
    boolean buffers = !facts.hasSystemSvm() || seesBuffers();
    if (!facts.isCpu() && !facts.hasSystemSvm()) {
      return new HostAccess(buffers, false, false, "it has no system SVM");
    }
    boolean addresses = seesAddresses();
    boolean pointers = addresses ? followsByAddress() : followsByBuffer();
    return new HostAccess(
        buffers, addresses, pointers, pointers ? "" : "a stored pointer was not followed");
  }

  /** Two rounds with the same buffers: what the host writes in between must be seen. */
  private boolean seesBuffers() {
    cl_mem input = cl.createHostBuffer(context, HostPointers.of(in), PAGE_BYTES);
    releases.add(() -> cl.releaseBuffer(input));
    cl_mem output = cl.createHostBuffer(context, HostPointers.of(out), PAGE_BYTES);
    releases.add(() -> cl.releaseBuffer(output));
    cl.setBuffer(kernel, 0, input);
    cl.setBuffer(kernel, 1, output);
    return increments(out, 41) && increments(out, 98);
  }

  private boolean seesAddresses() {
    try {
      cl.setPointer(kernel, 0, HostPointers.of(in.address()));
      cl.setPointer(kernel, 1, HostPointers.of(out.address() + ODD_BYTES));
    } catch (ClException | UnsupportedOperationException e) {
      return false;
    }
    return increments(out.asSlice(ODD_BYTES), 7);
  }

  private boolean followsByAddress() {
    return follows(out.asSlice(ODD_BYTES));
  }

  private boolean followsByBuffer() {
    return seesBuffers() && follows(out);
  }

  private boolean follows(MemorySegment target) {
    long value = 0x1122_3344_5566_7788L;
    far.set(ValueLayout.JAVA_LONG, ODD_BYTES, value);
    in.setAtIndex(ValueLayout.JAVA_LONG, 1, far.address() + ODD_BYTES);
    boolean ran = increments(target, 3);
    in.setAtIndex(ValueLayout.JAVA_LONG, 1, 0);
    return ran && target.getAtIndex(ValueLayout.JAVA_LONG, 1) == value;
  }

  private boolean increments(MemorySegment target, long value) {
    in.setAtIndex(ValueLayout.JAVA_LONG, 0, value);
    target.setAtIndex(ValueLayout.JAVA_LONG, 0, 0);
    target.setAtIndex(ValueLayout.JAVA_LONG, 1, 0);
    if (facts.hasSystemSvm()) {
      cl.allowSystemPointers(kernel);
    }
    cl_event event = cl.enqueueKernel(queue, kernel, new long[] {1}, null);
    try {
      cl.finish(queue);
      return cl.status(event) == ClCode.SUCCESS
          && target.getAtIndex(ValueLayout.JAVA_LONG, 0) == value + 1;
    } finally {
      cl.releaseEvent(event);
    }
  }

  @Override
  public void close() {
    releases.close();
  }
}
