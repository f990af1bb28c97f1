package dev.gmem.testkit.injection;

import dev.gmem.Access;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmCopyTimes;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmMove;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;

/** The MMU of an {@link InjectedDevice}. */
final class InjectedMmu implements GmMmu {
  /** What a call comes to that needs a peer that is lost. */
  private static final GmStatus GONE = GmStatus.DMA_ERROR;

  private final Supplier<GmMmu> mmu;
  private final Injector injector;

  InjectedMmu(Supplier<GmMmu> mmu, Injector injector) {
    this.mmu = mmu;
    this.injector = injector;
  }

  private Verdict judge(SpiCall call, GmRange range, boolean copies, Access access) {
    return injector.judge(new SpiEvent(call, range.address(), range.bytes(), copies, access, null));
  }

  private Verdict judge(GmMapping mapping) {
    return judge(SpiCall.PEER_MAP, mapping.range(), mapping.copy(), mapping.access());
  }

  private Verdict judge(GmUnmapping unmapping) {
    return judge(SpiCall.PEER_UNMAP, unmapping.range(), unmapping.copy(), null);
  }

  @Override
  public GmStatus peerVaAlloc(GmRange range) {
    return judge(SpiCall.PEER_VA_ALLOC, range, false, null)
        .around(() -> mmu.get().peerVaAlloc(range));
  }

  @Override
  public GmStatus peerVaAlloc(GmRange range, int granuleBytes) {
    return judge(SpiCall.PEER_VA_ALLOC, range, false, null)
        .around(() -> mmu.get().peerVaAlloc(range, granuleBytes));
  }

  @Override
  public GmStatus peerVaFree(GmRange range) {
    return judge(SpiCall.PEER_VA_FREE, range, false, null)
        .around(() -> mmu.get().peerVaFree(range));
  }

  @Override
  public GmStatus peerMap(GmMapping mapping) {
    return judge(mapping).around(() -> mmu.get().peerMap(mapping));
  }

  @Override
  public GmStatus peerUnmap(GmUnmapping unmapping) {
    return judge(unmapping).around(() -> mmu.get().peerUnmap(unmapping));
  }

  @Override
  public CompletionStage<GmStatus> peerMapAsync(GmMapping mapping) {
    return judge(mapping).aroundAsync(() -> mmu.get().peerMapAsync(mapping), Function.identity());
  }

  @Override
  public CompletionStage<GmStatus> peerUnmapAsync(GmUnmapping unmapping) {
    return judge(unmapping)
        .aroundAsync(() -> mmu.get().peerUnmapAsync(unmapping), Function.identity());
  }

  @Override
  public GmStatus peerMove(GmMove move) {
    return judge(SpiCall.PEER_MOVE, move.range(), true, Access.READ_WRITE)
        .around(() -> isGone(move.from()) ? GONE : mmu.get().peerMove(unwrapped(move)));
  }

  @Override
  public CompletionStage<GmStatus> peerMoveAsync(GmMove move) {
    return judge(SpiCall.PEER_MOVE, move.range(), true, Access.READ_WRITE)
        .aroundAsync(
            () ->
                isGone(move.from())
                    ? CompletableFuture.completedFuture(GONE)
                    : mmu.get().peerMoveAsync(unwrapped(move)),
            Function.identity());
  }

  /** A device says of itself that it is lost, not of a peer. */
  private static boolean isGone(GmDevice peer) {
    return peer instanceof InjectedDevice wrapper && wrapper.injector().isDead();
  }

  private static GmMove unwrapped(GmMove move) {
    return new GmMove(move.range(), InjectedDevice.unwrapped(move.from()));
  }

  @Override
  public GmStatus peerProtect(GmRange range, Access access) {
    return judge(SpiCall.PEER_PROTECT, range, false, access)
        .around(() -> mmu.get().peerProtect(range, access));
  }

  @Override
  public GmStatus copy(GmCopy copy) {
    long address =
        switch (copy) {
          case GmCopy.HostToDevice in -> in.destination();
          case GmCopy.DeviceToHost out -> out.source();
          case GmCopy.DeviceToDevice across -> across.destination();
          case GmCopy.HostToHost ignored -> 0;
        };
    return injector
        .judge(new SpiEvent(SpiCall.COPY, address, copy.bytes(), true, null, null))
        .around(
            () ->
                copy instanceof GmCopy.DeviceToDevice across && isGone(across.from())
                    ? GONE
                    : mmu.get().copy(unwrapped(copy)));
  }

  /** A copy between wrappers is one between their devices. */
  private static GmCopy unwrapped(GmCopy copy) {
    return copy instanceof GmCopy.DeviceToDevice across
        ? new GmCopy.DeviceToDevice(
            InjectedDevice.unwrapped(across.from()),
            across.source(),
            across.destination(),
            across.bytes())
        : copy;
  }

  @Override
  public Optional<GmCopyTimes> copyTimes() {
    return injector.judge(SpiEvent.of(SpiCall.COPY_TIMES)).aroundValue(() -> mmu.get().copyTimes());
  }

  @Override
  public GmStatus tlbInvalidate(List<GmRange> ranges) {
    long bytes = ranges.stream().mapToLong(GmRange::bytes).sum();
    long address = ranges.isEmpty() ? 0 : ranges.getFirst().address();
    return injector
        .judge(new SpiEvent(SpiCall.TLB_INVALIDATE, address, bytes, false, null, null))
        .around(() -> mmu.get().tlbInvalidate(ranges));
  }
}
