package dev.gmem.core.engine;

import dev.gmem.PageState;
import dev.gmem.UnmappedMemoryException;
import dev.gmem.core.engine.Claim.Failure;
import dev.gmem.core.engine.Claim.Step;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.table.Hints;
import dev.gmem.spi.GmRange;

/**
 * Gives parts of allocations back, and moves contents from one range of the space to another. Works
 * in whole granules. Any thread may call any method; all may block.
 *
 * <p>What moves comes home first, so that a device that fails leaves everything as it was. Then the
 * frames go piece by piece, each while its old and its new place are claimed: an access finds the
 * bytes at the one or at the other, and no write is lost between them.
 */
public final class Remapper {
  private final FaultEngine engine;
  private final HostPlatform platform;
  private final DeviceTable devices;
  private final Claims claims;
  private final Migrator migrator;
  private final long pinTimeoutNanos;

  Remapper(
      FaultEngine engine,
      HostPlatform platform,
      DeviceTable devices,
      Claims claims,
      Migrator migrator,
      long pinTimeoutNanos) {
    this.engine = engine;
    this.platform = platform;
    this.devices = devices;
    this.claims = claims;
    this.migrator = migrator;
    this.pinTimeoutNanos = pinTimeoutNanos;
  }

  /**
   * Granules of a VMA.
   *
   * @param vma where they are
   * @param first the first
   * @param end the one after the last
   */
  public record Range(Vma vma, long first, long end) {
    Range part(long from, long granules) {
      return new Range(vma, first + from, first + from + granules);
    }

    GmRange addresses() {
      return vma.run(first, end);
    }
  }

  /**
   * Gives a range back: takes it off the devices without a copy, and its frames away. Parts that
   * have gone already are left alone.
   *
   * @param range what to give back
   * @return bytes that have come home: what a file has yet to get is written first
   * @throws dev.gmem.DeviceException if a device does not let go of some of it, which stays as it
   *     was
   * @throws IllegalStateException if the VMA is closed
   */
  public long unmap(Range range) {
    Vma vma = range.vma();
    long bytes = vma.isFlushed() ? 0 : engine.flushWhatIsLeft(vma, range.first(), range.end());
    return bytes + engine.serve(vma, range.first(), range.end(), new Goal.Unmap());
  }

  /**
   * Moves contents. The old range is unmapped then.
   *
   * @param target where to; what it held is lost
   * @param source where from, as long, of granules as large; does not overlap the target
   * @return bytes that have come home from devices
   * @throws UnmappedMemoryException if some of either range is not there
   * @throws dev.gmem.PinnedMemoryException if some of either range is pinned
   * @throws dev.gmem.DeviceException if a device fails
   * @throws IllegalStateException if one of the VMAs is closed
   */
  public long move(Range target, Range source) {
    check(target);
    check(source);
    long bytes = engine.serve(source.vma(), source.first(), source.end(), new Goal.Home());
    Move move = new Move(target, source);
    long granules = source.end() - source.first();
    for (long done = 0; done < granules; ) {
      done += move.piece(done, granules - done);
    }
    return bytes;
  }

  /** Looks for what is in the way before anything changes. */
  private void check(Range range) {
    range.vma().monitor().lock();
    try {
      range
          .vma()
          .table()
          .forEachRun(range.first(), range.end(), (from, to, entry) -> check(range, from, entry));
    } finally {
      range.vma().monitor().unlock();
    }
  }

  private void check(Range range, long granule, long entry) {
    if (GranuleEntry.unmapped(entry)) {
      throw unmapped(range.vma(), granule);
    }
    if (GranuleEntry.hints(entry).pinned() != Hints.NOWHERE) {
      throw PinRules.exception(
          "memory that is pinned by advice would have to move; unpin it first",
          range.vma().run(granule, granule + 1),
          GranuleEntry.hints(entry).pinned(),
          devices);
    }
  }

  /** A pin opens all of a VMA, so all of it must be there. The monitor is held. */
  static void checkWhole(Vma vma) {
    long gone = vma.counts().inState(PageState.UNMAPPED) * vma.granuleBytes();
    if (gone > 0) {
      throw new UnmappedMemoryException(
          "native code and I/O pin whole allocations, and parts of this one were given back; copy"
              + " what they are to use, or remap it to an allocation of its own: address=0x"
              + Long.toHexString(vma.address())
              + " bytes="
              + vma.bytes()
              + " unmappedBytes="
              + gone);
    }
  }

  static UnmappedMemoryException unmapped(Vma vma, long granule) {
    GmRange run = vma.run(granule, granule + 1);
    return new UnmappedMemoryException(
        "this part of the allocation was given back by unmap or remap; use the parts that are left:"
            + " address=0x"
            + Long.toHexString(run.address())
            + " bytes="
            + run.bytes()
            + " state="
            + PageState.UNMAPPED);
  }

  /** One move from beginning to end. */
  private final class Move {
    private final Range target;
    private final Range source;
    private final Attempts attempts = new Attempts(pinTimeoutNanos);
    private long granulesMax = Long.MAX_VALUE;

    Move(Range target, Range source) {
      this.target = target;
      this.source = source;
    }

    /** A claimed part of a range. */
    private record Part(Range range, Request request, Claim claim) {
      boolean isTaken() {
        return claim != null && claim.obstacle() == null;
      }

      long granules() {
        return claim.end() - range.first();
      }
    }

    /** Moves a piece; returns its granules, 0 if it is to be tried again. */
    long piece(long at, long granules) {
      long wanted = Math.min(granules, granulesMax);
      Range to = target.part(at, wanted);
      Range from = source.part(at, wanted);
      boolean targetFirst = to.addresses().address() < from.addresses().address();
      // Whoever waits for a claim holds none above it.
      Part lower = targetFirst ? take(to, new Goal.Replace()) : take(from, new Goal.Leave());
      if (!lower.isTaken()) {
        return again(lower);
      }
      Part upper = null;
      Failure failure = null;
      long moved = 0;
      try {
        wanted = lower.granules();
        upper =
            targetFirst
                ? take(source.part(at, wanted), new Goal.Leave())
                : take(target.part(at, wanted), new Goal.Replace());
        if (upper.isTaken() && upper.granules() == wanted) {
          Claim arriving = (targetFirst ? lower : upper).claim();
          Claim leaving = (targetFirst ? upper : lower).claim();
          failure = move(arriving, leaving);
          moved = failure == null ? wanted : 0;
        } else if (upper.isTaken()) {
          granulesMax = upper.granules(); // a piece is as long as the shorter of the two
        }
      } finally {
        if (upper != null && upper.isTaken()) {
          claims.commit(upper.claim(), upper.request());
        }
        claims.commit(lower.claim(), lower.request());
      }
      if (failure != null) {
        attempts.recover(failure);
      }
      if (!upper.isTaken()) {
        return again(upper);
      }
      granulesMax = moved > 0 ? Long.MAX_VALUE : granulesMax;
      return moved;
    }

    private Part take(Range range, Goal goal) {
      Request request = new Request(range.vma(), range.first(), range.end(), goal, false);
      return new Part(range, request, claims.take(request));
    }

    /** No claim is held. */
    private long again(Part part) {
      claims.drop(part.claim());
      attempts.awaitPins(part.range().vma(), part.claim().pins());
      return 0;
    }

    private Failure move(Claim arriving, Claim leaving) {
      attempts.unpinned();
      migrator.execute(arriving);
      if (arriving.failure() != null) {
        return arriving.failure();
      }
      migrator.execute(leaving);
      if (leaving.failure() != null) {
        return leaving.failure();
      }
      GmRange from = leaving.vma().run(leaving.first(), leaving.end());
      GmRange to = arriving.vma().run(arriving.first(), arriving.end());
      platform.moveFrames(from.address(), to.address(), from.bytes());
      for (Step step : leaving.steps()) {
        step.reached(GranuleEntry.UNMAPPED);
      }
      return null;
    }
  }
}
