package dev.gmem.core.engine;

import dev.gmem.core.engine.Claim.Failure;
import dev.gmem.core.engine.Claim.Step;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.table.Hints;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Copies bytes between places where they live, without moving granules (the RFC's {@code hmemcpy}).
 *
 * <p>It goes piece by piece. A piece lies in one run of the source and in one of the destination,
 * each of which is claimed meanwhile, the lower address first. Where a device does not copy, the
 * granules come home, and the piece is copied there. Overlapping ranges are copied in the direction
 * that never reads what it has overwritten.
 */
public final class Copier {
  private static final long PIECE_BYTES_MAX = 4 << 20;
  private static final long BOUNCE_BYTES_MAX = 1 << 20;

  private final FaultEngine engine;
  private final HostPlatform platform;
  private final DeviceTable devices;
  private final Claims claims;
  private final Migrator migrator;

  Copier(
      FaultEngine engine,
      HostPlatform platform,
      DeviceTable devices,
      Claims claims,
      Migrator migrator) {
    this.engine = engine;
    this.platform = platform;
    this.devices = devices;
    this.claims = claims;
    this.migrator = migrator;
  }

  /**
   * One end of a copy.
   *
   * @param vma where it is; null if it is no unified memory
   * @param segment all of it
   */
  public record Side(Vma vma, MemorySegment segment) {
    long address() {
      return segment.address();
    }

    long granule(long offset) {
      return vma.granuleOf(address() + offset);
    }
  }

  /** A claimed run of one side, or nothing for a side that is no unified memory. */
  private record Part(Request request, Claim claim) {
    static final Part PLAIN = new Part(null, null);

    Step step() {
      return claim.steps().getFirst();
    }

    /** How many bytes from an address on lie in the run. */
    long bytesFrom(long address) {
      return claim == null
          ? Long.MAX_VALUE
          : claim.vma().run(step().first(), step().end()).end() - address;
    }

    /** The device whose bytes are the valid ones, or null for the host. */
    DeviceSlot owner(DeviceTable devices) {
      return claim == null || GranuleEntry.onHost(step().after())
          ? null
          : devices.slot(GranuleEntry.owner(step().after()));
    }
  }

  /**
   * Copies.
   *
   * @param to where to
   * @param from where from, of the same length
   * @return bytes that have gone from one node to another
   * @throws dev.gmem.DeviceException if a device fails; what has been copied by then stays
   */
  public long copy(Side to, Side from) {
    long bytes = from.segment().byteSize();
    boolean same = to.vma() != null && to.vma() == from.vma();
    long distance = to.address() - from.address();
    boolean backward = same && distance > 0 && distance < bytes;
    Run run = new Run(to, from, backward, same && Math.abs(distance) < bytes);
    for (long done = 0; done < bytes; ) {
      done += backward ? run.backward(bytes - done) : run.forward(done, bytes - done);
    }
    return run.moved;
  }

  /** One copy from beginning to end. */
  private final class Run {
    private final Side to;
    private final Side from;
    private final boolean backward;
    private final boolean overlaps;
    private final Attempts attempts = new Attempts(0);
    private MemorySegment bounce;
    private long moved;

    /** Whether the last piece went from device to device without the host. */
    private boolean direct;

    Run(Side to, Side from, boolean backward, boolean overlaps) {
      this.to = to;
      this.from = from;
      this.backward = backward;
      this.overlaps = overlaps;
    }

    /** Copies a piece at an offset; returns its length. */
    long forward(long at, long bytes) {
      long lost = lostFrom(at, Math.min(bytes, PIECE_BYTES_MAX));
      return lost > 0 ? renew(at, lost) : piece(at, Math.min(bytes, PIECE_BYTES_MAX));
    }

    /** Copies a piece that ends at an offset; returns its length. */
    long backward(long end) {
      long last = to.granule(end - 1);
      long start = to.vma().run(last, last + 1).address() - to.address();
      if (start >= 0 && lostFrom(start, end - start) > 0) {
        return renew(start, end - start);
      }
      long bytes = Math.min(end, Math.min(inGranule(to, end - 1), inGranule(from, end - 1)));
      return piece(end - bytes, bytes);
    }

    /** How many bytes lie in the granule of an offset, up to and with it. */
    private long inGranule(Side side, long offset) {
      return side.address()
          + offset
          - side.vma().run(side.granule(offset), side.granule(offset) + 1).address()
          + 1;
    }

    private long piece(long at, long bytes) {
      settlePins(at);
      Part target = Part.PLAIN;
      Part source = Part.PLAIN;
      Failure failure = null;
      boolean home = false;
      boolean sourceAway = false;
      boolean targetFirst = from.vma() == null || to.address() <= from.address();
      try {
        if (sharesGranule(at)) {
          target = claim(to, at, at + 1, true);
          source = target;
        } else if (targetFirst) {
          target = claim(to, at, limit(to, from, at, bytes), true);
          source = claim(from, at, limit(from, to, at, bytes), false);
        } else {
          source = claim(from, at, limit(from, to, at, bytes), false);
          target = claim(to, at, limit(to, from, at, bytes), true);
        }
        if (needsPinned(target)) {
          return 0; // its node has a copy only; once more
        }
        failure = prepare(target);
        if (failure == null && source != target) {
          failure = prepare(source);
        }
        if (failure == null) {
          long length =
              Math.min(
                  bytes,
                  Math.min(
                      target.bytesFrom(to.address() + at), source.bytesFrom(from.address() + at)));
          Answer answer = transfer(target, source, at, length);
          if (answer.isSuccess()) {
            return length;
          }
          home = answer.status() == GmStatus.UNIMPLEMENTED;
          sourceAway = source.owner(devices) != null;
          failure = home ? null : failure(target, source, answer);
        }
      } finally {
        commit(source);
        if (target != source) {
          commit(target);
        }
      }
      if (failure != null) {
        attempts.recover(failure);
      }
      if (home && sourceAway) {
        bringHome(from, at);
      } else if (home) {
        refusePinned(at);
        bringHome(to, at);
      }
      return 0;
    }

    /** What is pinned keeps its copy when it comes home, so that it would be back here for ever. */
    private void refusePinned(long at) {
      long granule = to.granule(at);
      Hints hints = GranuleEntry.hints(to.vma().table().get(granule));
      if (hints.pinned() > Hints.HOST) {
        throw PinRules.exception(
            "the device that the memory is pinned to does not copy; unpin it for the time of the"
                + " copy",
            to.vma().run(granule, granule + 1),
            hints.pinned(),
            devices);
      }
    }

    /**
     * How many bytes from an offset on are to be written to granules that are lost, all of each.
     */
    private long lostFrom(long at, long bytes) {
      Vma vma = to.vma();
      if (vma == null) {
        return 0;
      }
      long first = to.granule(at);
      long end = WholeGranules.end(vma, to.address() + at, bytes);
      return first == WholeGranules.first(vma, to.address() + at)
              && first < end
              && GranuleEntry.poisoned(vma.table().get(first))
          ? Math.min(bytes, vma.bytesOf(first, Claims.runEnd(vma, first, end)))
          : 0;
    }

    /**
     * Overwrites granules that are lost. All that is to be written there is read before the loss is
     * forgotten, as pieces of a copy need not be of whole granules, and may fail.
     */
    private long renew(long at, long bytes) {
      MemorySegment read = MemorySegment.ofArray(new byte[(int) bytes]);
      MemorySegment source = from.segment().asSlice(at, bytes);
      if (from.vma() == null) {
        read.copyFrom(source);
      } else {
        moved += Copier.this.copy(new Side(null, read), new Side(from.vma(), source));
      }
      Vma vma = to.vma();
      long first = to.granule(at);
      long end = vma.granuleEnd(to.address() + at, bytes);
      Request request = new Request(vma, first, end, new Goal.Renew(), false);
      Claim claim = claims.take(request);
      if (claim == null) {
        return 0; // somebody else has written it; once more
      }
      if (claim.obstacle() != null) {
        claims.drop(claim);
        attempts.awaitPins(vma, claim.pins());
        return 0;
      }
      try {
        migrator.execute(claim);
        if (claim.succeeded()) {
          GmRange run = vma.run(claim.first(), claim.end());
          long offset = run.address() - to.address() - at;
          long length = Math.min(run.bytes(), bytes - offset);
          MemorySegment.copy(read, offset, platform.raw(run.address(), length), 0, length);
        }
      } finally {
        claims.commit(claim, request);
      }
      if (!claim.succeeded()) {
        attempts.recover(claim.failure());
        return 0;
      }
      return claim.first() == first ? Math.min(bytes, vma.bytesOf(first, claim.end())) : 0;
    }

    private boolean sharesGranule(long at) {
      return to.vma() == from.vma() && to.vma() != null && to.granule(at) == from.granule(at);
    }

    /**
     * The offset at which a claim of a side must end: it must not reach the other side's granule.
     */
    private long limit(Side side, Side other, long at, long bytes) {
      if (side.vma() == null || side.vma() != other.vma()) {
        return at + bytes;
      }
      long gap = other.vma().run(other.granule(at), other.granule(at) + 1).address();
      long end = gap - side.address();
      return end > at ? Math.min(at + bytes, end) : at + bytes;
    }

    /** What is pinned to a device is written there. */
    private void settlePins(long at) {
      if (to.vma() == null) {
        return;
      }
      long granule = to.granule(at);
      long entry = to.vma().table().get(granule);
      if (isPinnedCopy(entry)) {
        DeviceSlot slot = devices.slot(GranuleEntry.hints(entry).pinned() - 1);
        if (slot != null && !slot.isLost()) {
          engine.prefetch(slot, to.vma(), granule, granule + 1, true);
        }
      }
    }

    private boolean needsPinned(Part target) {
      return target.claim() != null && isPinnedCopy(target.step().before());
    }

    private static boolean isPinnedCopy(long entry) {
      return GranuleEntry.hints(entry).pinned() > Hints.HOST && GranuleEntry.onHost(entry);
    }

    /** Invalidates replicas of what is to be written, and reads what only a file has. */
    private Failure prepare(Part target) {
      if (target.claim() == null) {
        return null;
      }
      migrator.execute(target.claim());
      return target.claim().failure();
    }

    private Part claim(Side side, long at, long end, boolean write) {
      if (side.vma() == null) {
        return Part.PLAIN;
      }
      Vma vma = side.vma();
      long first = side.granule(at);
      long last = Claims.runEnd(vma, first, side.granule(end - 1) + 1); // more is of no use
      Request request = new Request(vma, first, last, new Goal.Stay(write), false);
      return new Part(request, Objects.requireNonNull(claims.take(request), "a claim"));
    }

    private void commit(Part part) {
      if (part.claim() != null) {
        claims.commit(part.claim(), part.request());
      }
    }

    private Failure failure(Part target, Part source, Answer answer) {
      DeviceSlot here = source.owner(devices);
      boolean lost = here != null && here.isLost();
      boolean mapping = target.owner(devices) != null && !lost;
      Part guilty = mapping ? target : source;
      return new Failure(
          guilty.claim().vma(), guilty.owner(devices), answer, guilty.step(), mapping);
    }

    private void bringHome(Side side, long at) {
      if (side.vma() != null) {
        long granule = side.granule(at);
        engine.serve(side.vma(), granule, granule + 1, new Goal.Home());
      }
    }

    // ---- one piece, claimed ----

    private Answer transfer(Part target, Part source, long at, long bytes) {
      DeviceSlot there = target.owner(devices);
      DeviceSlot here = source.owner(devices);
      if (there != null && here == null && holds(source, there)) {
        here = there; // it has a replica
      }
      direct = false;
      if (there == null && here == null) {
        MemorySegment.copy(host(from, at, bytes), 0, host(to, at, bytes), 0, bytes);
        return Answer.SUCCESS;
      }
      Answer answer =
          there != null && here != null
              ? across(there, here, at, bytes)
              : there != null ? in(there, at, bytes) : out(here, at, bytes);
      if (answer.isSuccess() && there != here) {
        moved += bytes;
        count(there, here, bytes);
      }
      return answer;
    }

    private void count(DeviceSlot there, DeviceSlot here, long bytes) {
      if (direct) {
        there.countFromPeer(bytes);
        return;
      }
      if (there != null) {
        there.countIn(bytes);
      }
      if (here != null) {
        here.countOut(bytes);
      }
    }

    private boolean holds(Part source, DeviceSlot slot) {
      return source.claim() != null && GranuleEntry.onDevice(source.step().after(), slot.index());
    }

    private Answer in(DeviceSlot there, long at, long bytes) {
      if (from.vma() != null) {
        return copy(there, new GmCopy.HostToDevice(host(from, at, bytes), to.address() + at));
      }
      return staged(
          at,
          bytes,
          (offset, middle) -> {
            middle.copyFrom(from.segment().asSlice(offset, middle.byteSize()));
            return copy(there, new GmCopy.HostToDevice(middle, to.address() + offset));
          });
    }

    private Answer out(DeviceSlot here, long at, long bytes) {
      if (to.vma() != null) {
        return copy(here, new GmCopy.DeviceToHost(from.address() + at, host(to, at, bytes)));
      }
      return staged(
          at,
          bytes,
          (offset, middle) -> {
            Answer answer = copy(here, new GmCopy.DeviceToHost(from.address() + offset, middle));
            if (answer.isSuccess()) {
              to.segment().asSlice(offset, middle.byteSize()).copyFrom(middle);
            }
            return answer;
          });
    }

    private Answer across(DeviceSlot there, DeviceSlot here, long at, long bytes) {
      direct = there == here ? !overlaps : there.isPeer() && here.isPeer();
      if (direct) {
        Answer answer =
            copy(
                there,
                new GmCopy.DeviceToDevice(
                    here.device(), from.address() + at, to.address() + at, bytes));
        if (answer.status() != GmStatus.UNIMPLEMENTED) {
          return answer;
        }
        direct = false;
      }
      return staged(
          at,
          bytes,
          (offset, middle) -> {
            Answer read = copy(here, new GmCopy.DeviceToHost(from.address() + offset, middle));
            return read.isSuccess()
                ? copy(there, new GmCopy.HostToDevice(middle, to.address() + offset))
                : read;
          });
    }

    /** Copies through memory of our own, in parts, in the direction of the whole. */
    private Answer staged(long at, long bytes, Stage stage) {
      if (bounce == null || bounce.byteSize() < Math.min(bytes, BOUNCE_BYTES_MAX)) {
        bounce = MemorySegment.ofArray(new byte[(int) Math.min(bytes, BOUNCE_BYTES_MAX)]);
      }
      for (long done = 0; done < bytes; ) {
        long part = Math.min(bounce.byteSize(), bytes - done);
        long offset = backward ? at + bytes - done - part : at + done;
        Answer answer = stage.copy(offset, bounce.asSlice(0, part));
        if (!answer.isSuccess()) {
          return answer;
        }
        done += part;
      }
      return Answer.SUCCESS;
    }

    private MemorySegment host(Side side, long at, long bytes) {
      return side.vma() == null
          ? side.segment().asSlice(at, bytes)
          : platform.raw(side.address() + at, bytes);
    }

    private static Answer copy(DeviceSlot slot, GmCopy copy) {
      return slot.fate().ask(() -> slot.device().mmu().copy(copy));
    }
  }

  /** Copies a part of a piece through a buffer. */
  @FunctionalInterface
  private interface Stage {
    Answer copy(long offset, MemorySegment middle);
  }
}
