package dev.gmem.core.testing;

import dev.gmem.Access;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmCompute;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmMove;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A device in arrays: a page table from granules to frames. The test makes the accesses of its
 * kernels through {@link #read} and {@link #write}. It checks what the core promised to devices: no
 * monitor is held, runs are of whole granules, nothing is mapped twice, no two calls overlap.
 */
public final class FakeDevice extends FakeFrames implements GmMmu {
  /** What the core asked for. */
  public enum Kind {
    /** Reserve addresses. */
    VA_ALLOC,
    /** Give addresses back. */
    VA_FREE,
    /** Map a run. */
    MAP,
    /** Unmap a run. */
    UNMAP,
    /** Take a run over from another device. */
    MOVE,
    /** Change what kernels may do with a run. */
    PROTECT,
    /** Copy bytes. */
    COPY
  }

  /**
   * A call of the core.
   *
   * @param kind what it asked for
   * @param range where
   * @param copy whether bytes were to be copied
   * @param access what kernels were to be allowed, or null
   */
  public record Call(Kind kind, GmRange range, boolean copy, Access access) {}

  private final Set<GmCapability> capabilities = EnumSet.noneOf(GmCapability.class);
  private final TreeMap<Long, Integer> granuleBytesOf = new TreeMap<>();
  private final TreeMap<Long, Long> underWay = new TreeMap<>();
  private final List<Call> calls = Collections.synchronizedList(new ArrayList<>());
  private Function<Call, GmStatus> answer = call -> GmStatus.SUCCESS;
  private FakeCompute compute;
  private boolean closed;

  /**
   * Makes one that can replay faults and map for reading only.
   *
   * @param id its identifier
   * @param host whose memory it copies
   */
  public FakeDevice(String id, FakeHost host) {
    super(id, host);
    capabilities.add(GmCapability.REPLAYABLE_FAULTS);
    capabilities.add(GmCapability.READ_ONLY_MAPPING);
  }

  // ---- how it is ----

  /** Takes a capability away. */
  public FakeDevice without(GmCapability capability) {
    capabilities.remove(capability);
    return this;
  }

  /** Adds a capability. */
  public FakeDevice with(GmCapability capability) {
    capabilities.add(capability);
    return this;
  }

  /** Lets it compute; kernels end when the test says so. */
  public FakeCompute computes() {
    capabilities.add(GmCapability.COMPUTE);
    compute = new FakeCompute();
    return compute;
  }

  /** Decides what calls come to, before they do anything; may throw. */
  public FakeDevice answer(Function<Call, GmStatus> decision) {
    answer = decision;
    return this;
  }

  /** What the core asked for so far. */
  public List<Call> calls() {
    synchronized (calls) {
      return List.copyOf(calls);
    }
  }

  /** What the core asked for so far, of one kind. */
  public List<Call> calls(Kind kind) {
    return calls().stream().filter(c -> c.kind() == kind).toList();
  }

  /** Forgets what it has been told of: a device that is broken. */
  public synchronized void forgetAll() {
    granuleBytesOf.clear();
  }

  /** Does nothing any more, and says so when it is asked for something. */
  public void die() {
    synchronized (this) {
      schedule.writes(lifeObject());
      dead = true;
    }
  }

  /** Does nothing any more, and says so. */
  public void dieAloud(Throwable cause) {
    die();
    attachment.faults().deviceLost(this, cause);
  }

  /** Forgets the calls so far. */
  public void clearCalls() {
    calls.clear();
  }

  /** Whether it is attached. */
  public boolean isAttached() {
    return attachment != null;
  }

  /** Whether it is closed. */
  public boolean isClosed() {
    return closed;
  }

  /** First addresses of the allocations it has been told of. */
  public synchronized Set<Long> announced() {
    return Set.copyOf(granuleBytesOf.keySet());
  }

  // ---- GmDevice ----

  @Override
  public String id() {
    return id;
  }

  @Override
  public GmMmu mmu() {
    return this;
  }

  @Override
  public Set<GmCapability> capabilities() {
    return capabilities;
  }

  @Override
  public long memoryBytes() {
    return memoryBytes;
  }

  @Override
  public void attach(GmAttachment to) {
    if (attachment != null) {
      throw new IllegalStateException("attached already");
    }
    attachment = to;
  }

  @Override
  public synchronized void detach() {
    if (!frames.isEmpty() || !granuleBytesOf.isEmpty()) {
      throw new AssertionError("detached with frames=" + frames.keySet() + " of=" + announced());
    }
    attachment = null;
  }

  @Override
  public Optional<GmCompute> compute() {
    return Optional.ofNullable(compute);
  }

  @Override
  public void close() {
    closed = true;
  }

  // ---- GmMmu ----

  @Override
  public GmStatus peerVaAlloc(GmRange range, int granuleBytes) {
    GmStatus status = begin(new Call(Kind.VA_ALLOC, range, false, null));
    if (status == GmStatus.SUCCESS) {
      synchronized (this) {
        if (granuleBytesOf.put(range.address(), granuleBytes) != null) {
          throw new AssertionError(id + " was told twice of " + range);
        }
      }
    }
    return status;
  }

  @Override
  public GmStatus peerVaFree(GmRange range) {
    GmStatus status = begin(new Call(Kind.VA_FREE, range, false, null));
    synchronized (this) {
      if (granuleBytesOf.remove(range.address()) == null) {
        throw new AssertionError(id + " was not told of " + range);
      }
      if (!frames.subMap(range.address(), range.end()).isEmpty()) {
        throw new AssertionError(id + " still maps some of " + range);
      }
    }
    return status;
  }

  @Override
  public CompletionStage<GmStatus> peerMapAsync(GmMapping mapping) {
    return stage(() -> peerMap(mapping));
  }

  @Override
  public CompletionStage<GmStatus> peerUnmapAsync(GmUnmapping unmapping) {
    return stage(() -> peerUnmap(unmapping));
  }

  private CompletionStage<GmStatus> stage(Supplier<GmStatus> call) {
    try {
      return CompletableFuture.completedFuture(call.get());
    } catch (Throwable e) {
      if (failsLate) {
        return CompletableFuture.failedFuture(e);
      }
      throw e;
    }
  }

  @Override
  public GmStatus peerMap(GmMapping mapping) {
    GmRange range = mapping.range();
    GmStatus status = begin(new Call(Kind.MAP, range, mapping.copy(), mapping.access()));
    enter(range);
    try {
      return status == GmStatus.SUCCESS ? map(mapping) : status;
    } finally {
      leave(range);
    }
  }

  private GmStatus map(GmMapping mapping) {
    GmRange range = mapping.range();
    int granuleBytes = attachment.granuleBytes();
    List<byte[]> contents = new ArrayList<>();
    synchronized (this) {
      if (!frames.subMap(range.address(), range.end()).isEmpty()) {
        throw new AssertionError(id + " maps some of " + range + " already");
      }
      if (!fits(range)) {
        return GmStatus.NOMEM;
      }
    }
    for (long at = range.address(); at < range.end(); at += granuleBytes) {
      contents.add(new byte[granuleBytes]);
    }
    if (publishesEarly) {
      publish(range, contents, mapping.access().writes());
      schedule.point(id + " copies in " + Long.toHexString(range.address()));
    }
    fill(mapping, contents);
    if (!publishesEarly) {
      schedule.point(id + " publishes " + Long.toHexString(range.address()));
      publish(range, contents, mapping.access().writes());
    }
    return GmStatus.SUCCESS;
  }

  private void fill(GmMapping mapping, List<byte[]> contents) {
    int granuleBytes = attachment.granuleBytes();
    for (int i = 0; i < contents.size(); i++) {
      long offset = (long) i * granuleBytes;
      if (publishesEarly) {
        schedule.writes(frameObject(mapping.range().address() + offset));
      }
      if (mapping.copy()) {
        touchHost(mapping.range().address() + offset, granuleBytes, false);
        MemorySegment.copy(
            mapping.host(), offset, MemorySegment.ofArray(contents.get(i)), 0, granuleBytes);
      } else if (mapping.access() == Access.OVERWRITE) {
        Arrays.fill(contents.get(i), (byte) 0xEE);
      }
    }
  }

  @Override
  public GmStatus peerMove(GmMove move) {
    if (!moves || !(move.from() instanceof FakeDevice from)) {
      return GmStatus.UNIMPLEMENTED;
    }
    GmRange range = move.range();
    GmStatus status = begin(new Call(Kind.MOVE, range, true, Access.READ_WRITE));
    enter(range);
    from.enter(range);
    try {
      return status == GmStatus.SUCCESS ? FakeCopies.move(this, from, range) : status;
    } finally {
      from.leave(range);
      leave(range);
    }
  }

  @Override
  public GmStatus peerUnmap(GmUnmapping unmapping) {
    GmRange range = unmapping.range();
    GmStatus status = begin(new Call(Kind.UNMAP, range, unmapping.copy(), null));
    enter(range);
    try {
      if (status == GmStatus.SUCCESS) {
        unmap(unmapping);
      }
      return status;
    } finally {
      leave(range);
    }
  }

  private void unmap(GmUnmapping unmapping) {
    GmRange range = unmapping.range();
    int granuleBytes = attachment.granuleBytes();
    List<byte[]> dropped = withdraw(range);
    schedule.point(id + " copies out " + Long.toHexString(range.address()));
    for (int i = 0; i < dropped.size() && unmapping.copy() && !losesCopies; i++) {
      long offset = (long) i * granuleBytes;
      touchHost(range.address() + offset, granuleBytes, true);
      MemorySegment.copy(
          MemorySegment.ofArray(dropped.get(i)), 0, unmapping.host(), offset, granuleBytes);
    }
  }

  @Override
  public GmStatus peerProtect(GmRange range, Access access) {
    GmStatus status = begin(new Call(Kind.PROTECT, range, false, access));
    if (status != GmStatus.SUCCESS || !protects) {
      return status == GmStatus.SUCCESS ? GmStatus.UNIMPLEMENTED : status;
    }
    synchronized (this) {
      int granuleBytes = attachment.granuleBytes();
      for (long at = range.address(); at < range.end(); at += granuleBytes) {
        schedule.writes(frameObject(at));
        frames.put(at, new Frame(frames.get(at).content(), access.writes()));
      }
    }
    return GmStatus.SUCCESS;
  }

  @Override
  public GmStatus copy(GmCopy copy) {
    long address =
        switch (copy) {
          case GmCopy.HostToDevice in -> in.destination();
          case GmCopy.DeviceToHost out -> out.source();
          case GmCopy.DeviceToDevice across -> across.destination();
          case GmCopy.HostToHost ignored -> throw new AssertionError("the core can do that itself");
        };
    GmStatus status = begin(new Call(Kind.COPY, new GmRange(address, copy.bytes()), true, null));
    if (status != GmStatus.SUCCESS || !copies) {
      return status == GmStatus.SUCCESS ? GmStatus.UNIMPLEMENTED : status;
    }
    return FakeCopies.perform(this, copy);
  }

  private GmStatus begin(Call call) {
    if (!schedule.noneHeld()) {
      throw new AssertionError("a device is called under a monitor: " + call);
    }
    if (closed || attachment == null) {
      throw new AssertionError("a device is called that is not attached: " + id + " " + call);
    }
    schedule.point(id + " " + call.kind() + " " + Long.toHexString(call.range().address()));
    calls.add(call);
    synchronized (this) {
      schedule.reads(lifeObject());
      if (dead) {
        return GmStatus.DEVICE_LOST;
      }
    }
    return answer.apply(call);
  }

  private synchronized void enter(GmRange range) {
    int granuleBytes = granuleBytesOf.floorEntry(range.address()).getValue();
    if (range.address() % granuleBytes != 0 || range.bytes() % granuleBytes != 0) {
      throw new AssertionError("not whole granules: " + range);
    }
    underWay.forEach(
        (first, end) -> {
          if (first < range.end() && range.address() < end) {
            throw new AssertionError("two calls at a time overlap: " + range);
          }
        });
    underWay.put(range.address(), range.end());
  }

  private synchronized void leave(GmRange range) {
    underWay.remove(range.address());
  }
}
