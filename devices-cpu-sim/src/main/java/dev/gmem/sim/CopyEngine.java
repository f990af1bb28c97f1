package dev.gmem.sim;

import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;

/**
 * Copies between host memory and mapped pages. It checks all of a range before it writes any of it.
 *
 * <p>It takes no {@link Shootdown} section: the core never unmaps what it is copying.
 */
final class CopyEngine {
  private final SimDevice device;
  private final SimSpace space;

  CopyEngine(SimDevice device) {
    this.device = device;
    space = device.space();
  }

  GmStatus copy(GmCopy copy) {
    GmStatus status =
        switch (copy) {
          case GmCopy.HostToDevice in -> copyIn(in);
          case GmCopy.DeviceToHost out -> copyOut(out);
          case GmCopy.DeviceToDevice across -> copyAcross(across);
          case GmCopy.HostToHost host -> copyHost(host);
        };
    if (status == GmStatus.SUCCESS) {
      device.counters().copies.increment();
    }
    return status;
  }

  private GmStatus copyIn(GmCopy.HostToDevice copy) {
    long bytes = copy.bytes();
    if (!space.isReachable(copy.destination(), bytes, true)) {
      return GmStatus.DMA_ERROR;
    }
    long arrivalNanos = device.link().begin(SimLink.Lane.TO_DEVICE, bytes);
    for (long done = 0; done < bytes; ) {
      long address = copy.destination() + done;
      MemorySegment frame = space.frameToWrite(address);
      long piece = Math.min(bytes - done, frame.byteSize());
      MemorySegment.copy(copy.source(), done, frame, 0, piece);
      done += piece;
    }
    SimLink.await(arrivalNanos);
    device.counters().bytesToDevice.add(bytes);
    return GmStatus.SUCCESS;
  }

  private GmStatus copyOut(GmCopy.DeviceToHost copy) {
    long bytes = copy.bytes();
    if (!space.isReachable(copy.source(), bytes, false)) {
      return GmStatus.DMA_ERROR;
    }
    long arrivalNanos = device.link().begin(SimLink.Lane.TO_HOST, bytes);
    for (long done = 0; done < bytes; ) {
      long address = copy.source() + done;
      MemorySegment frame = space.frameToRead(address);
      long piece = Math.min(bytes - done, frame.byteSize());
      MemorySegment.copy(frame, 0, copy.destination(), done, piece);
      done += piece;
    }
    SimLink.await(arrivalNanos);
    device.counters().bytesToHost.add(bytes);
    return GmStatus.SUCCESS;
  }

  private GmStatus copyAcross(GmCopy.DeviceToDevice copy) {
    if (!(copy.from() instanceof SimDevice from) || !device.reaches(from)) {
      return GmStatus.UNIMPLEMENTED;
    }
    SimSpace source = from.space();
    long bytes = copy.bytes();
    if (!source.isReachable(copy.source(), bytes, false)
        || !space.isReachable(copy.destination(), bytes, true)) {
      return GmStatus.DMA_ERROR;
    }
    long arrivalNanos =
        from == device ? System.nanoTime() : device.link().begin(SimLink.Lane.TO_DEVICE, bytes);
    for (long done = 0; done < bytes; ) {
      MemorySegment read = source.frameToRead(copy.source() + done);
      MemorySegment write = space.frameToWrite(copy.destination() + done);
      long piece = Math.min(bytes - done, Math.min(read.byteSize(), write.byteSize()));
      MemorySegment.copy(read, 0, write, 0, piece);
      done += piece;
    }
    SimLink.await(arrivalNanos);
    device.counters().bytesBetweenDevices.add(bytes);
    return GmStatus.SUCCESS;
  }

  private static GmStatus copyHost(GmCopy.HostToHost copy) {
    if (copy.source().byteSize() != copy.destination().byteSize()) {
      throw new IllegalArgumentException(
          "source and destination must have the same length: source="
              + copy.source().byteSize()
              + " destination="
              + copy.destination().byteSize());
    }
    MemorySegment.copy(copy.source(), 0, copy.destination(), 0, copy.bytes());
    return GmStatus.SUCCESS;
  }
}
