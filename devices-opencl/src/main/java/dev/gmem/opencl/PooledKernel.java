package dev.gmem.opencl;

import org.jocl.cl_kernel;
import org.jocl.cl_mem;

/**
 * A kernel object and what its arguments are set to, so that a launch like the one before need not
 * set them again. Belongs to one launch at a time.
 */
final class PooledKernel {
  private final cl_kernel handle;
  private Object[] bound = new Object[0];

  PooledKernel(cl_kernel handle) {
    this.handle = handle;
  }

  cl_kernel handle() {
    return handle;
  }

  /**
   * Sets an argument if it is another than before.
   *
   * @param index which
   * @param count how many there are
   * @param value what it is to be: a buffer, or something that is equal if and only if the argument
   *     is; null if it cannot be told
   * @param set sets it
   */
  void bind(int index, int count, Object value, Runnable set) {
    if (bound.length != count) {
      bound = new Object[count];
    }
    if (value != null && isSame(value, bound[index])) {
      return;
    }
    bound[index] = null;
    set.run();
    bound[index] = value;
  }

  /** Buffers are equal if their handles are, and a handle may be that of a buffer that is gone. */
  private static boolean isSame(Object wanted, Object before) {
    return wanted == before || !(wanted instanceof cl_mem) && wanted.equals(before);
  }

  /** Takes nothing for granted any more, after a failure. */
  void forget() {
    bound = new Object[0];
  }
}
