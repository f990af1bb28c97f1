package dev.gmem.sim;

/** The calls of the SPI that a {@link SimInjection} can disturb. */
public enum SimCall {
  /** {@link dev.gmem.spi.GmDevice#attach}. */
  ATTACH,
  /** {@link dev.gmem.spi.GmDevice#detach}. */
  DETACH,
  /** {@link dev.gmem.spi.GmMmu#peerVaAlloc}. */
  PEER_VA_ALLOC,
  /** {@link dev.gmem.spi.GmMmu#peerVaFree}. */
  PEER_VA_FREE,
  /** {@link dev.gmem.spi.GmMmu#peerMap} and its asynchronous form. */
  PEER_MAP,
  /** {@link dev.gmem.spi.GmMmu#peerUnmap} and its asynchronous form. */
  PEER_UNMAP,
  /** {@link dev.gmem.spi.GmMmu#peerProtect}. */
  PEER_PROTECT,
  /** {@link dev.gmem.spi.GmMmu#copy}. */
  COPY,
  /** {@link dev.gmem.spi.GmMmu#tlbInvalidate}. */
  TLB_INVALIDATE,
  /** {@link dev.gmem.spi.GmCompute#compile}. */
  COMPILE,
  /** {@link dev.gmem.spi.GmKernel#launch}. */
  LAUNCH;

  /** Tells whether the call returns a status. */
  boolean hasStatus() {
    return compareTo(PEER_VA_ALLOC) >= 0 && compareTo(TLB_INVALIDATE) <= 0;
  }
}
