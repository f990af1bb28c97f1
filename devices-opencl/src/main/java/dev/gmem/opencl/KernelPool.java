package dev.gmem.opencl;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jocl.cl_kernel;
import org.jocl.cl_program;

/**
 * Kernel objects of one kernel. Arguments belong to the object, so each launch under way has one
 * for itself; as many are made as launches have ever overlapped. Threads: any.
 */
final class KernelPool {
  private final Cl cl;
  private final cl_program program;
  private final Deque<PooledKernel> free = new ArrayDeque<>();
  private String name;
  private boolean closed;

  /**
   * Makes one.
   *
   * @param program where more come from
   * @param first belongs to the pool
   */
  KernelPool(Cl cl, cl_program program, cl_kernel first) {
    this.cl = cl;
    this.program = program;
    free.add(new PooledKernel(first));
  }

  synchronized void name(String value) {
    name = value;
  }

  /** Takes an object; the most recently used one, which most likely has the right arguments. */
  synchronized PooledKernel take() {
    if (closed) {
      throw new IllegalStateException("the kernel's program is closed: kernel=" + name);
    }
    PooledKernel kernel = free.pollLast();
    return kernel == null ? new PooledKernel(cl.createKernel(program, name)) : kernel;
  }

  synchronized void give(PooledKernel kernel) {
    if (closed) {
      release(kernel);
    } else {
      free.addLast(kernel);
    }
  }

  synchronized void close() {
    closed = true;
    while (!free.isEmpty()) {
      release(free.pollLast());
    }
  }

  private void release(PooledKernel kernel) {
    try (Releases releases = new Releases()) {
      releases.add(() -> cl.releaseKernel(kernel.handle()));
    }
  }
}
