package dev.gmem.core.testing;

import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;

/** How a {@link FakeDevice} copies what is mapped. */
final class FakeCopies {
  private FakeCopies() {}

  static GmStatus perform(FakeDevice device, GmCopy copy) {
    return switch (copy) {
      case GmCopy.HostToDevice(MemorySegment source, long destination) -> {
        write(device, destination, source);
        yield GmStatus.SUCCESS;
      }
      case GmCopy.DeviceToHost(long source, MemorySegment destination) -> {
        read(device, source, destination);
        yield GmStatus.SUCCESS;
      }
      case GmCopy.DeviceToDevice across -> {
        if (!(across.from() instanceof FakeDevice from)) {
          yield GmStatus.UNIMPLEMENTED;
        }
        MemorySegment middle = MemorySegment.ofArray(new byte[(int) across.bytes()]);
        read(from, across.source(), middle);
        write(device, across.destination(), middle);
        yield GmStatus.SUCCESS;
      }
      case GmCopy.HostToHost(MemorySegment source, MemorySegment destination) -> {
        destination.copyFrom(source);
        yield GmStatus.SUCCESS;
      }
    };
  }

  private static void write(FakeDevice device, long address, MemorySegment source) {
    device.schedule().point(device.id() + " copies to " + Long.toHexString(address));
    for (long done = 0; done < source.byteSize(); ) {
      long at = address + done;
      long granule = at & -device.granuleBytes();
      long piece = Math.min(source.byteSize() - done, granule + device.granuleBytes() - at);
      MemorySegment content = MemorySegment.ofArray(device.content(granule, true));
      MemorySegment.copy(source, done, content, at - granule, piece);
      done += piece;
    }
  }

  private static void read(FakeDevice device, long address, MemorySegment destination) {
    device.schedule().point(device.id() + " copies from " + Long.toHexString(address));
    device.touchHost(address, destination.byteSize(), true);
    for (long done = 0; done < destination.byteSize(); ) {
      long at = address + done;
      long granule = at & -device.granuleBytes();
      long piece = Math.min(destination.byteSize() - done, granule + device.granuleBytes() - at);
      MemorySegment content = MemorySegment.ofArray(device.content(granule, false));
      MemorySegment.copy(content, at - granule, destination, done, piece);
      done += piece;
    }
  }
}
