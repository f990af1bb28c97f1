package dev.gmem.core.testing;

import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

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

  /** Takes over what another device owns. */
  static GmStatus move(FakeDevice to, FakeDevice from, GmRange range) {
    if (!to.fits(range)) {
      return GmStatus.NOMEM;
    }
    List<byte[]> contents = to.movesEarly ? copies(from, range) : from.withdraw(range);
    to.schedule().point(to.id() + " takes over " + Long.toHexString(range.address()));
    if (to.movesEarly) {
      from.withdraw(range);
    }
    to.publish(range, contents, true);
    return GmStatus.SUCCESS;
  }

  private static List<byte[]> copies(FakeDevice from, GmRange range) {
    List<byte[]> contents = new ArrayList<>();
    for (long at = range.address(); at < range.end(); at += from.granuleBytes()) {
      contents.add(from.content(at, false).clone());
    }
    return contents;
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
