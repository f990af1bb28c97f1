package dev.gmem.sim;

import dev.gmem.Access;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Maps, unmaps and copies.
 *
 * <p>A call is first judged by the {@link Injector}; what is left of it is a {@link Transfer}, made
 * on the caller's thread. The asynchronous forms leave the caller's thread where there is something
 * to wait for: a link that takes time, or an injected stall.
 */
final class SimMmu implements GmMmu {
  private final SimDevice device;

  SimMmu(SimDevice device) {
    this.device = device;
  }

  @Override
  public GmStatus peerVaAlloc(GmRange range) {
    return peerVaAlloc(range, device.space().attachment().granuleBytes());
  }

  @Override
  public GmStatus peerVaAlloc(GmRange range, int granuleBytes) {
    return judged(
        SimCall.PEER_VA_ALLOC,
        range,
        () -> {
          device.space().announce(range, granuleBytes);
          return GmStatus.SUCCESS;
        });
  }

  @Override
  public GmStatus peerVaFree(GmRange range) {
    return judged(
        SimCall.PEER_VA_FREE,
        range,
        () -> {
          device.space().forget(range);
          return GmStatus.SUCCESS;
        });
  }

  @Override
  public GmStatus peerMap(GmMapping mapping) {
    return judged(SimCall.PEER_MAP, mapping.range(), () -> new MapTransfer(device, mapping).run());
  }

  @Override
  public GmStatus peerUnmap(GmUnmapping unmapping) {
    return judged(
        SimCall.PEER_UNMAP, unmapping.range(), () -> new UnmapTransfer(device, unmapping).run());
  }

  @Override
  public CompletionStage<GmStatus> peerMapAsync(GmMapping mapping) {
    return judgedAsync(SimCall.PEER_MAP, mapping.range(), () -> new MapTransfer(device, mapping));
  }

  @Override
  public CompletionStage<GmStatus> peerUnmapAsync(GmUnmapping unmapping) {
    return judgedAsync(
        SimCall.PEER_UNMAP, unmapping.range(), () -> new UnmapTransfer(device, unmapping));
  }

  @Override
  public GmStatus peerProtect(GmRange range, Access access) {
    return judged(SimCall.PEER_PROTECT, range, () -> protect(range, access.writes()));
  }

  private GmStatus protect(GmRange range, boolean writable) {
    if (!device.capabilities().contains(GmCapability.READ_ONLY_MAPPING)) {
      return GmStatus.UNIMPLEMENTED;
    }
    SimSpace space = device.space();
    SimRegion region = space.region(range.address());
    long first = region.page(range.address());
    int pages = region.pages(range);
    if (region.table().countMapped(first, pages) != pages) {
      return GmStatus.FAILURE_UNKNOWN;
    }
    region.table().protect(first, pages, writable);
    if (!writable) {
      space.shootdown().flushAndWait();
    }
    device.counters().protects.increment();
    return GmStatus.SUCCESS;
  }

  @Override
  public GmStatus copy(GmCopy copy) {
    long address =
        switch (copy) {
          case GmCopy.HostToDevice in -> in.destination();
          case GmCopy.DeviceToHost out -> out.source();
          case GmCopy.DeviceToDevice across -> across.destination();
          case GmCopy.HostToHost host -> 0;
        };
    GmStatus injected = device.injector().judge(SimCall.COPY, address, copy.bytes()).apply();
    return injected != null ? injected : new CopyEngine(device).copy(copy);
  }

  @Override
  public GmStatus tlbInvalidate(List<GmRange> ranges) {
    long bytes = 0;
    for (GmRange range : ranges) {
      bytes += range.bytes();
    }
    long address = ranges.isEmpty() ? 0 : ranges.getFirst().address();
    GmStatus injected = device.injector().judge(SimCall.TLB_INVALIDATE, address, bytes).apply();
    if (injected != null) {
      return injected;
    }
    if (!ranges.isEmpty()) {
      device.space().shootdown().flushAndWait();
    }
    return GmStatus.SUCCESS;
  }

  private GmStatus judged(SimCall call, GmRange range, Supplier<GmStatus> operation) {
    GmStatus injected = device.injector().judge(call, range.address(), range.bytes()).apply();
    return injected != null ? injected : operation.get();
  }

  private CompletionStage<GmStatus> judgedAsync(
      SimCall call, GmRange range, Supplier<Transfer> transfer) {
    Injector.Verdict verdict = device.injector().judge(call, range.address(), range.bytes());
    if (verdict.isStalled()) {
      CompletableFuture<GmStatus> result = new CompletableFuture<>();
      Supplier<GmStatus> stalled =
          () -> {
            GmStatus injected = verdict.apply();
            return injected != null ? injected : transfer.get().run();
          };
      Thread.ofVirtual().start(() -> Transfer.complete(result, stalled));
      return result;
    }
    CompletableFuture<GmStatus> result = new CompletableFuture<>();
    try {
      GmStatus injected = verdict.apply();
      if (injected != null) {
        result.complete(injected);
      } else {
        transfer.get().start(device.copyThreads(), result);
      }
    } catch (Throwable t) {
      result.completeExceptionally(t);
    }
    return result;
  }
}
