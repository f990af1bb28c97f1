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
  /** It can copy from other devices of its kind without the host. */
  PEER_COPY,
  /**
   * It works on the host frames themselves: nothing is mapped or copied. A launch holds its
   * arguments there until the kernel ends.
   */
  HOST_COHERENT,
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
