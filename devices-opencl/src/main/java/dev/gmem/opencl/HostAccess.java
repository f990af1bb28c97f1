package dev.gmem.opencl;

/**
 * How kernels of a device reach host memory, as far as it has been seen to work.
 *
 * @param buffers a buffer over host memory is that memory: both sides see what the other wrote,
 *     without a transfer
 * @param addresses any host address may be an argument
 * @param pointers any host address may be stored in memory and followed by a kernel
 * @param note why not, for what is false
 */
record HostAccess(boolean buffers, boolean addresses, boolean pointers, String note) {
  static HostAccess none(String note) {
    return new HostAccess(false, false, false, note);
  }

  boolean any() {
    return buffers || addresses;
  }
}
