package dev.gmem.spi;

import java.lang.foreign.MemorySegment;

/**
 * What {@link GmMmu#copy} is asked to do: move bytes without changing any mapping (the RFC's {@code
 * peer_hmemcpy}). Addresses need no alignment. Ranges do not overlap.
 */
public sealed interface GmCopy {
  /**
   * Returns how much to copy.
   *
   * @return bytes, positive
   */
  long bytes();

  /**
   * From host memory to a range that is mapped on this device.
   *
   * @param source bytes to copy
   * @param destination unified address, mapped writable on this device
   */
  record HostToDevice(MemorySegment source, long destination) implements GmCopy {
    @Override
    public long bytes() {
      return source.byteSize();
    }
  }

  /**
   * From a range that is mapped on this device to host memory.
   *
   * @param source unified address, mapped on this device
   * @param destination where to
   */
  record DeviceToHost(long source, MemorySegment destination) implements GmCopy {
    @Override
    public long bytes() {
      return destination.byteSize();
    }
  }

  /**
   * Between two ranges on this device, or from a peer if both have {@link GmCapability#PEER_COPY}.
   *
   * @param from device that holds the source; this one, or a peer
   * @param source unified address, mapped on {@code from}
   * @param destination unified address, mapped writable on this device
   * @param bytes how much
   */
  record DeviceToDevice(GmDevice from, long source, long destination, long bytes)
      implements GmCopy {}

  /**
   * Between two ranges of host memory, by the device's copy engine.
   *
   * @param source bytes to copy
   * @param destination where to, of the same length
   */
  record HostToHost(MemorySegment source, MemorySegment destination) implements GmCopy {
    @Override
    public long bytes() {
      return source.byteSize();
    }
  }
}
