package dev.gmem.spi;

/** What a device can do beyond the four methods that every device has. */
public enum GmCapability {
  /**
   * Its kernels may touch any address: what is not mapped makes a fault, and the access is made
   * again once {@link GmFaultHandler#devFault} returns. Without this, a launch moves its arguments
   * first and holds them until the kernel ends.
   */
  REPLAYABLE_FAULTS,
  /**
   * It honours {@link GmMapping#access()} {@code READ}: a write to such a page makes a fault.
   * Devices without {@link #REPLAYABLE_FAULTS} may also have it: they promise that a kernel does
   * not write what its launch declares as read.
   */
  READ_ONLY_MAPPING,
  /**
   * It can copy from other devices of its kind without the host, as far as {@link GmMmu#copy} and
   * {@link GmMmu#peerMove} are implemented.
   */
  PEER_COPY,
  /**
   * It works on the host frames themselves: nothing is mapped or copied. A launch holds its
   * arguments there until the kernel ends.
   */
  HOST_COHERENT,
  /**
   * What its kernels use of the host frames, they use as threads of the CPU would: at any moment
   * while they run, either side may access a frame, and finds what the other has written. So a CPU
   * access that is in no order with a launch needs not be kept off what that launch uses there: it
   * is a data race of the program, as between two of its threads, and nothing gets lost by it.
   * Accesses that come after the launch wait all the same.
   */
  HOST_CONCURRENT,
  /**
   * It maps in host memory what does not fit its own: {@link GmDevice#memoryBytes} bounds what it
   * keeps in its own, not what may be mapped at a time. It says {@link GmStatus#NOMEM} where room
   * should be made first.
   */
  REMOTE_MAPPING,
  /** Pointers stored inside buffers are valid in its kernels. */
  SHARED_ADDRESSES,
  /**
   * Its kernels follow stored pointers into the host frames, though it has memory of its own. What
   * a launch reaches by them is not mapped, but held in the host frames until the kernel ends; so
   * is what else it uses of the same allocations. See {@link GmKernel#launch(dev.gmem.NdRange,
   * java.util.List, java.util.List)}.
   */
  HOST_ADDRESSES,
  /** It runs kernels. */
  COMPUTE
}
