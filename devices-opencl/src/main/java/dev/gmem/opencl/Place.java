package dev.gmem.opencl;

import org.jocl.cl_mem;

/**
 * Where a kernel finds an argument.
 *
 * @param buffer the buffer it lies in, or null if it is reached by its unified address
 * @param offset of its first byte in the buffer
 */
record Place(cl_mem buffer, long offset) {
  static final Place BY_ADDRESS = new Place(null, 0);

  boolean byAddress() {
    return buffer == null;
  }
}
