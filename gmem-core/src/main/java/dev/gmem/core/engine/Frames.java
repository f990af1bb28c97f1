package dev.gmem.core.engine;

import dev.gmem.AddressSpaceExhaustedException;
import dev.gmem.core.engine.Claim.Step;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.spi.GmRange;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Gives host frames back that nobody needs. One per space.
 *
 * <p>A granule is <em>away</em> when its only valid copy is on a device. Its host frame then holds
 * bytes that nobody will read: coming home writes all of it. Frames of granules that are away are
 * retained, so that coming home costs no page faults, up to a limit. When a granule goes away, and
 * more than that limit is away then, its frame goes, too, before anybody else can claim the
 * granule. So what is retained was away together at a time when all that was away was within the
 * limit, and never is more than that.
 *
 * <p>Nothing fails because of it: the system has promised these frames when they were allocated,
 * and gives others when the granule comes home. Frames of granules that are clean, blank, shared or
 * evicted are valid, and stay. So do those of what a device owns that may have chosen them for its
 * memory ({@link DeviceSlot#mayUseHostFrames}): it does not say where it has.
 */
public final class Frames {
  private final HostPlatform platform;
  private final DeviceTable devices;
  private final long retainedBytesMax;
  private final AtomicLong awayBytes = new AtomicLong();
  private final LongAdder bytesGivenBack = new LongAdder();

  Frames(HostPlatform platform, DeviceTable devices, long retainedBytesMax) {
    this.platform = platform;
    this.devices = devices;
    this.retainedBytesMax = retainedBytesMax;
  }

  /**
   * Returns what has been given back.
   *
   * @return bytes so far
   */
  public long bytesGivenBack() {
    return bytesGivenBack.sum();
  }

  private boolean keepsAll() {
    return retainedBytesMax == Long.MAX_VALUE;
  }

  /** To be called when the work of a claim has been done, before it is committed. */
  void workDone(Claim claim) {
    if (keepsAll()) {
      return;
    }
    List<GmRange> gone = new ArrayList<>();
    long bytes = 0;
    for (Step step : claim.steps()) {
      if (GranuleEntry.onHost(step.before()) && !GranuleEntry.onHost(step.after())) {
        GmRange run = claim.vma().run(step.first(), step.end());
        bytes += run.bytes();
        if (!devices.slot(GranuleEntry.owner(step.after())).mayUseHostFrames()) {
          gone.add(run);
        }
      }
    }
    if (bytes > 0) {
      claim.tookAway(bytes);
      giveBackBeyondLimit(awayBytes.addAndGet(bytes), gone);
    }
  }

  private void giveBackBeyondLimit(long away, List<GmRange> gone) {
    if (away > retainedBytesMax) {
      gone.forEach(this::giveBack);
    }
  }

  private void giveBack(GmRange run) {
    try {
      platform.giveBack(run.address(), run.bytes());
      bytesGivenBack.add(run.bytes());
    } catch (AddressSpaceExhaustedException e) {
      // The system keeps them: nobody sees what they hold.
    }
  }

  /**
   * The table of a VMA has changed. With its monitor.
   *
   * @param counted what of it {@link #workDone} has counted already, in bytes
   */
  void settled(Vma vma, long counted) {
    if (!keepsAll()) {
      long before = vma.awayBytes + counted;
      vma.awayBytes = vma.counts().away() * vma.granuleBytes();
      awayBytes.addAndGet(vma.awayBytes - before);
    }
  }

  /** A VMA is gone. With its monitor. */
  void closed(Vma vma) {
    awayBytes.addAndGet(-vma.awayBytes);
    vma.awayBytes = 0;
  }

  /**
   * What a kernel has overwritten is valid on its device from now on. Called with the VMA's
   * monitor, which is held on return and left in between, while a hold keeps everybody else away.
   */
  void written(Hold hold) {
    Vma vma = hold.vma();
    boolean keeps = keepsAll() || hold.slot().mayUseHostFrames();
    List<GmRange> gone = keeps ? List.of() : blank(hold);
    vma.table().update(hold.overwriteFirst(), hold.overwriteEnd(), GranuleEntry::written);
    if (gone.isEmpty()) {
      return;
    }
    settled(vma, 0);
    vma.monitor().unlock();
    try {
      giveBackBeyondLimit(awayBytes.get(), gone);
    } finally {
      vma.monitor().lock();
    }
  }

  /**
   * What a kernel has overwritten in the host's frames is valid, though it was lost. With the VMA's
   * monitor.
   */
  void writtenOnHost(Hold hold) {
    Vma vma = hold.vma();
    vma.table().update(hold.overwriteFirst(), hold.overwriteEnd(), GranuleEntry::writtenOnHost);
    settled(vma, 0);
  }

  private static List<GmRange> blank(Hold hold) {
    List<GmRange> blank = new ArrayList<>();
    hold.vma()
        .table()
        .forEachRun(
            hold.overwriteFirst(),
            hold.overwriteEnd(),
            (first, end, entry) -> {
              if (GranuleEntry.blank(entry)) {
                blank.add(hold.vma().run(first, end));
              }
            });
    return blank;
  }
}
