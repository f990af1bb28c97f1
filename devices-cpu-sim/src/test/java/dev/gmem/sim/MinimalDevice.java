package dev.gmem.sim;

import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** An example for authors of devices: memory without kernels, one byte array per granule. */
final class MinimalDevice implements GmDevice, GmMmu {
  private final Map<Long, MemorySegment> pages = new HashMap<>();
  private int granuleBytes;

  @Override
  public String id() {
    return "minimal0";
  }

  @Override
  public GmMmu mmu() {
    return this;
  }

  @Override
  public long memoryBytes() {
    return 4 << 20;
  }

  @Override
  public synchronized void attach(GmAttachment attachment) {
    granuleBytes = attachment.granuleBytes();
  }

  @Override
  public synchronized GmStatus peerMap(GmMapping mapping) {
    List<Long> run = granules(mapping.range());
    if (run.stream().anyMatch(pages::containsKey)) {
      return GmStatus.PAGE_EXIST;
    }
    if ((long) (pages.size() + run.size()) * granuleBytes > memoryBytes()) {
      return GmStatus.NOMEM;
    }
    for (long address : run) {
      MemorySegment page = MemorySegment.ofArray(new byte[granuleBytes]);
      MemorySegment frame = frame(mapping.host(), mapping.range(), address);
      pages.put(address, mapping.copy() ? page.copyFrom(frame) : page);
    }
    return GmStatus.SUCCESS;
  }

  @Override
  public synchronized GmStatus peerUnmap(GmUnmapping unmapping) {
    List<Long> run = granules(unmapping.range());
    if (!pages.keySet().containsAll(run)) {
      return GmStatus.FAILURE_UNKNOWN;
    }
    for (long address : run) {
      MemorySegment page = pages.remove(address);
      if (unmapping.copy()) {
        frame(unmapping.host(), unmapping.range(), address).copyFrom(page);
      }
    }
    return GmStatus.SUCCESS;
  }

  private MemorySegment frame(MemorySegment host, GmRange run, long address) {
    return host.asSlice(address - run.address(), granuleBytes);
  }

  private List<Long> granules(GmRange run) {
    return LongStream.iterate(run.address(), a -> a < run.end(), a -> a + granuleBytes)
        .boxed()
        .toList();
  }
}
