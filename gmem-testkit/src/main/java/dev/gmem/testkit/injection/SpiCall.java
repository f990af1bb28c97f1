package dev.gmem.testkit.injection;

/** The calls of the SPI that an {@link Injection} can disturb. */
public enum SpiCall {
  /** {@link dev.gmem.spi.GmDevice#attach}. */
  ATTACH,
  /** {@link dev.gmem.spi.GmDevice#detach}. */
  DETACH,
  /** {@link dev.gmem.spi.GmDevice#close}. */
  CLOSE,
  /** {@link dev.gmem.spi.GmMmu#peerVaAlloc}. */
  PEER_VA_ALLOC,
  /** {@link dev.gmem.spi.GmMmu#peerVaFree}. */
  PEER_VA_FREE,
  /** {@link dev.gmem.spi.GmMmu#peerMap} and its asynchronous form. */
  PEER_MAP,
  /** {@link dev.gmem.spi.GmMmu#peerUnmap} and its asynchronous form. */
  PEER_UNMAP,
  /** {@link dev.gmem.spi.GmMmu#peerMove} and its asynchronous form. */
  PEER_MOVE,
  /** {@link dev.gmem.spi.GmMmu#peerProtect}. */
  PEER_PROTECT,
  /** {@link dev.gmem.spi.GmMmu#copy}. */
  COPY,
  /** {@link dev.gmem.spi.GmMmu#tlbInvalidate}. */
  TLB_INVALIDATE,
  /** {@link dev.gmem.spi.GmMmu#copyTimes}. */
  COPY_TIMES,
  /** {@link dev.gmem.spi.GmCompute#compile}. */
  COMPILE,
  /** {@link dev.gmem.spi.GmProgram#close}. */
  CLOSE_PROGRAM,
  /** {@link dev.gmem.spi.GmKernel#validate}. */
  VALIDATE,
  /** {@link dev.gmem.spi.GmKernel#launch}. */
  LAUNCH,
  /**
   * {@link dev.gmem.spi.GmFaultHandler#devFault}: the one call that a device makes. Here it is the
   * core that fails or keeps the device waiting.
   */
  DEV_FAULT;

  /** Tells whether the call is for letting a device go, or asks nothing of it. */
  boolean outlivesDevice() {
    return switch (this) {
      case DETACH, CLOSE, CLOSE_PROGRAM, COPY_TIMES, DEV_FAULT -> true;
      default -> false;
    };
  }

  /**
   * Tells whether the call comes to a status.
   *
   * @return false if it can only succeed or throw
   */
  public boolean hasStatus() {
    return switch (this) {
      case PEER_VA_ALLOC,
          PEER_VA_FREE,
          PEER_MAP,
          PEER_UNMAP,
          PEER_MOVE,
          PEER_PROTECT,
          COPY,
          TLB_INVALIDATE ->
          true;
      default -> false;
    };
  }
}
