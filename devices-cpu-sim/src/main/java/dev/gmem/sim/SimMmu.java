package dev.gmem.sim;

import dev.gmem.Access;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmMove;
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
 * <p>Mappings, moves and unmappings are {@link Transfer}s, made on the caller's thread. The
 * asynchronous forms leave it where there is something to wait for: a link that takes time.
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
    device.space().announce(range, granuleBytes);
    return GmStatus.SUCCESS;
  }

  @Override
  public GmStatus peerVaFree(GmRange range) {
    device.space().forget(range);
    return GmStatus.SUCCESS;
  }

  @Override
  public GmStatus peerMap(GmMapping mapping) {
    return new MapTransfer(device, mapping).run();
  }

  @Override
  public GmStatus peerUnmap(GmUnmapping unmapping) {
    return new UnmapTransfer(device, unmapping).run();
  }

  @Override
  public CompletionStage<GmStatus> peerMapAsync(GmMapping mapping) {
    return start(() -> new MapTransfer(device, mapping));
  }

  @Override
  public CompletionStage<GmStatus> peerUnmapAsync(GmUnmapping unmapping) {
    return start(() -> new UnmapTransfer(device, unmapping));
  }

  @Override
  public GmStatus peerMove(GmMove move) {
    return takesFrom(move.from())
        ? new MoveTransfer(device, move.range(), (SimDevice) move.from()).run()
        : GmStatus.UNIMPLEMENTED;
  }

  @Override
  public CompletionStage<GmStatus> peerMoveAsync(GmMove move) {
    return takesFrom(move.from())
        ? start(() -> new MoveTransfer(device, move.range(), (SimDevice) move.from()))
        : CompletableFuture.completedFuture(GmStatus.UNIMPLEMENTED);
  }

  private boolean takesFrom(GmDevice other) {
    return other != device && other instanceof SimDevice peer && device.reaches(peer);
  }

  private CompletionStage<GmStatus> start(Supplier<Transfer> transfer) {
    CompletableFuture<GmStatus> result = new CompletableFuture<>();
    try {
      transfer.get().start(device.copyThreads(), result);
    } catch (Throwable t) {
      result.completeExceptionally(t);
    }
    return result;
  }

  @Override
  public GmStatus peerProtect(GmRange range, Access access) {
    boolean writable = access.writes();
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
    return new CopyEngine(device).copy(copy);
  }

  @Override
  public GmStatus tlbInvalidate(List<GmRange> ranges) {
    if (!ranges.isEmpty()) {
      device.space().shootdown().flushAndWait();
    }
    return GmStatus.SUCCESS;
  }
}
