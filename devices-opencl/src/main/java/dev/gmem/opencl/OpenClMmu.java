package dev.gmem.opencl;

import dev.gmem.Access;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmCopyTimes;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmStatusException;
import dev.gmem.spi.GmUnmapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import org.jocl.cl_event;
import org.jocl.cl_mem;

/**
 * Memory of a device while it is attached.
 *
 * <p>It takes nothing over from other devices ({@code peerMove} is not implemented): OpenCL copies
 * between buffers of one context only, each device has a context of its own, and what a context of
 * several does with a buffer (where it lives, when it is copied by way of the host) is the driver's
 * to choose, not ours.
 *
 * <p><b>Guarantees.</b> A run is one transfer, and several transfers are under way at a time. What
 * the driver refuses for lack of memory is {@link GmStatus#NOMEM}, so that the core evicts; any
 * other failure of a transfer is {@link GmStatus#DMA_ERROR} with what the driver said, or {@link
 * GmStatus#DEVICE_LOST} if that is so. Nothing of a run that failed is mapped, and a run that could
 * not be brought home stays mapped.
 *
 * <p><b>Threads.</b> Any, for disjoint runs.
 */
final class OpenClMmu implements GmMmu {
  private final GmDevice device;
  private final Session session;
  private final HostAccess access;
  private final boolean hostAlways;
  private final Room room;
  private final IdleBuffers idle;
  private final CopyClock clock;
  private final ConcurrentSkipListMap<Long, Store> stores = new ConcurrentSkipListMap<>();

  /**
   * Makes one.
   *
   * @param device whose memory it is
   * @param session while it is attached
   * @param access how its kernels reach host memory
   * @param hostAlways true if nothing ever moves
   * @param limitBytes most bytes mapped at a time, in memory of its own
   */
  OpenClMmu(
      GmDevice device, Session session, HostAccess access, boolean hostAlways, long limitBytes) {
    this.device = device;
    this.session = session;
    this.access = access;
    this.hostAlways = hostAlways;
    this.room = new Room(limitBytes);
    this.idle = new IdleBuffers(session.cl(), room);
    this.clock = new CopyClock(session.cl(), session.isProfiled());
  }

  // ---- addresses ----

  @Override
  public GmStatus peerVaAlloc(GmRange range) {
    return peerVaAlloc(range, session.attachment().granuleBytes());
  }

  @Override
  public GmStatus peerVaAlloc(GmRange range, int granuleBytes) {
    Map.Entry<Long, Store> before = stores.lowerEntry(range.end());
    if (before != null && before.getValue().allocation().end() > range.address()) {
      return GmStatus.PAGE_EXIST;
    }
    stores.put(
        range.address(), new Store(session, range, granuleBytes, access, room, idle, hostAlways));
    return GmStatus.SUCCESS;
  }

  @Override
  public GmStatus peerVaFree(GmRange range) {
    Store store = find(range.address());
    if (store == null || !store.allocation().equals(range) || !store.isEmpty()) {
      return GmStatus.FAILURE_UNKNOWN;
    }
    stores.remove(range.address());
    store.close();
    return GmStatus.SUCCESS;
  }

  private Store find(long address) {
    Map.Entry<Long, Store> entry = stores.floorEntry(address);
    return entry == null || entry.getValue().allocation().end() <= address
        ? null
        : entry.getValue();
  }

  /** The store of a range that must be mapped, or null. */
  private Store mapped(long address, long bytes) {
    Store store = find(address);
    return store != null && store.isMapped(address, bytes) ? store : null;
  }

  // ---- mapping ----

  @Override
  public GmStatus peerMap(GmMapping mapping) {
    return join(peerMapAsync(mapping));
  }

  @Override
  public CompletableFuture<GmStatus> peerMapAsync(GmMapping mapping) {
    GmRange run = mapping.range();
    Store store = find(run.address());
    if (store == null || run.end() > store.allocation().end()) {
      throw new GmStatusException(
          GmStatus.FAILURE_UNKNOWN, "the run is not in an allocation: " + run, null);
    }
    GmStatus claimed = store.claim(run);
    if (claimed != GmStatus.SUCCESS) {
      return CompletableFuture.completedFuture(claimed);
    }
    boolean zeros = !mapping.copy() && mapping.access() != Access.OVERWRITE;
    if (store.onHost() && zeros) {
      mapping.host().fill((byte) 0);
    }
    if (store.onHost() || !mapping.copy() && !zeros) {
      return CompletableFuture.completedFuture(GmStatus.SUCCESS);
    }
    long offset = store.offset(run.address());
    boolean blocking = !zeros && blocks(true, run.bytes());
    Pending<GmStatus> result = new Pending<>();
    start(
        result,
        session.toDevice(),
        blocking,
        (queue, events) -> {
          if (zeros) {
            events.add(session.cl().enqueueZeros(queue, store.buffer(), offset, run.bytes()));
          } else {
            Transfers.write(
                session.cl(), queue, events, store.buffer(), blocking, offset, mapping.host());
          }
        },
        (events, failure) -> {
          if (failure != null) {
            store.release(run);
          } else if (mapping.copy()) {
            clock.in(events);
          }
          return () -> settle(result, failure, run, true);
        });
    return result;
  }

  private boolean blocks(boolean write, long bytes) {
    return Transfers.block(session.facts().hostUnified(), write, bytes);
  }

  /** Enqueues commands whose end completes a result, and makes all of them if they block. */
  private static void start(
      Pending<GmStatus> result, Lane lane, boolean blocking, Lane.Commands commands, Lane.End end) {
    if (blocking) {
      lane.run(commands, end);
    } else {
      result.on(lane, lane.submit(commands, end));
    }
  }

  @Override
  public GmStatus peerUnmap(GmUnmapping unmapping) {
    return join(peerUnmapAsync(unmapping));
  }

  @Override
  public CompletableFuture<GmStatus> peerUnmapAsync(GmUnmapping unmapping) {
    GmRange run = unmapping.range();
    Store store = mapped(run.address(), run.bytes());
    if (store == null) {
      throw new GmStatusException(
          GmStatus.FAILURE_UNKNOWN, "not all of the run is mapped: " + run, null);
    }
    if (store.onHost() || !unmapping.copy()) {
      store.release(run);
      return CompletableFuture.completedFuture(GmStatus.SUCCESS);
    }
    cl_mem buffer = store.buffer();
    long offset = store.offset(run.address());
    boolean blocking = blocks(false, run.bytes());
    Pending<GmStatus> result = new Pending<>();
    start(
        result,
        session.toHost(),
        blocking,
        (queue, events) ->
            Transfers.read(session.cl(), queue, events, buffer, blocking, offset, unmapping.host()),
        (events, failure) -> {
          if (failure == null) {
            clock.out(events);
            store.release(run);
          }
          return () -> settle(result, failure, run, false);
        });
    return result;
  }

  private void settle(
      CompletableFuture<GmStatus> result, ClException failure, GmRange run, boolean toDevice) {
    if (failure == null) {
      result.complete(GmStatus.SUCCESS);
    } else if (toDevice && failure.isNoRoom()) {
      idle.releaseAll();
      result.complete(GmStatus.NOMEM);
    } else {
      result.completeExceptionally(
          new GmStatusException(
              failure.status(),
              "a transfer "
                  + (toDevice ? "to" : "from")
                  + " the device failed: device="
                  + device.id()
                  + " run="
                  + run
                  + " cause="
                  + failure.getMessage(),
              failure));
    }
  }

  private static GmStatus join(CompletableFuture<GmStatus> result) {
    try {
      return result.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof GmStatusException known) {
        throw known;
      }
      throw e;
    }
  }

  /**
   * Kernels never write what a launch declares as read, so a replica and an owner look the same.
   */
  @Override
  public GmStatus peerProtect(GmRange range, Access wanted) {
    return mapped(range.address(), range.bytes()) == null
        ? GmStatus.FAILURE_UNKNOWN
        : GmStatus.SUCCESS;
  }

  // ---- copies ----

  @Override
  public GmStatus copy(GmCopy copy) {
    return switch (copy) {
      case GmCopy.HostToDevice(MemorySegment source, long destination) ->
          toDevice(source, destination);
      case GmCopy.DeviceToHost(long source, MemorySegment destination) ->
          toHost(source, destination);
      case GmCopy.DeviceToDevice(GmDevice from, long source, long destination, long bytes) ->
          from == device ? within(source, destination, bytes) : GmStatus.UNIMPLEMENTED;
      case GmCopy.HostToHost(MemorySegment source, MemorySegment destination) -> {
        destination.copyFrom(source);
        yield GmStatus.SUCCESS;
      }
    };
  }

  private GmStatus toDevice(MemorySegment source, long destination) {
    Store store = mapped(destination, source.byteSize());
    if (store == null) {
      return GmStatus.FAILURE_UNKNOWN;
    }
    if (store.onHost()) {
      frames(destination, source.byteSize()).copyFrom(source);
      return GmStatus.SUCCESS;
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment bytes = source;
      if (!source.isNative()) {
        bytes = arena.allocate(source.byteSize()).copyFrom(source);
      }
      return write(store, destination, bytes);
    }
  }

  private GmStatus write(Store store, long destination, MemorySegment source) {
    boolean blocking = blocks(true, source.byteSize());
    long offset = store.offset(destination);
    return transfer(
        session.toDevice(),
        blocking,
        destination,
        clock::in,
        (queue, events) ->
            Transfers.write(session.cl(), queue, events, store.buffer(), blocking, offset, source));
  }

  private GmStatus toHost(long source, MemorySegment destination) {
    Store store = mapped(source, destination.byteSize());
    if (store == null) {
      return GmStatus.FAILURE_UNKNOWN;
    }
    if (store.onHost()) {
      destination.copyFrom(frames(source, destination.byteSize()));
      return GmStatus.SUCCESS;
    }
    if (destination.isNative()) {
      return read(store, source, destination);
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment bytes = arena.allocate(destination.byteSize());
      GmStatus status = read(store, source, bytes);
      destination.copyFrom(bytes);
      return status;
    }
  }

  private GmStatus read(Store store, long source, MemorySegment destination) {
    boolean blocking = blocks(false, destination.byteSize());
    long offset = store.offset(source);
    return transfer(
        session.toHost(),
        blocking,
        source,
        clock::out,
        (queue, events) ->
            Transfers.read(
                session.cl(), queue, events, store.buffer(), blocking, offset, destination));
  }

  private GmStatus within(long source, long destination, long bytes) {
    Store from = mapped(source, bytes);
    Store to = mapped(destination, bytes);
    if (from == null || to == null) {
      return GmStatus.FAILURE_UNKNOWN;
    }
    if (from.onHost()) {
      return toDevice(frames(source, bytes), destination);
    }
    if (to.onHost()) {
      return toHost(source, frames(destination, bytes));
    }
    return transfer(
        session.toDevice(),
        false,
        destination,
        within -> {},
        (queue, events) ->
            events.add(
                session
                    .cl()
                    .enqueueCopy(
                        queue,
                        from.buffer(),
                        from.offset(source),
                        to.buffer(),
                        to.offset(destination),
                        bytes)));
  }

  private GmStatus transfer(
      Lane lane,
      boolean blocking,
      long address,
      Consumer<List<cl_event>> timed,
      Lane.Commands commands) {
    Pending<GmStatus> result = new Pending<>();
    start(
        result,
        lane,
        blocking,
        commands,
        (events, failure) -> {
          if (failure == null) {
            timed.accept(events);
          }
          return () -> settle(result, failure, address);
        });
    return join(result);
  }

  private void settle(CompletableFuture<GmStatus> result, ClException failure, long address) {
    if (failure == null) {
      result.complete(GmStatus.SUCCESS);
      return;
    }
    result.completeExceptionally(
        new GmStatusException(
            failure.status(),
            "a copy failed: device="
                + device.id()
                + " address=0x"
                + Long.toHexString(address)
                + " cause="
                + failure.getMessage(),
            failure));
  }

  @Override
  public Optional<GmCopyTimes> copyTimes() {
    return clock.times();
  }

  private static MemorySegment frames(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  // ---- kernels ----

  /**
   * Decides, before the arguments of a launch move, which of them stay on the host because they do
   * not all fit the device: the largest of those that are not there yet. Such a choice is in force
   * until the argument has been used: other launches may be planned before this one moves anything.
   *
   * @throws DeviceMemoryExhaustedException if an argument can never be mapped
   */
  void plan(List<GmArgument.Buffer> buffers) {
    Set<Store> used = new LinkedHashSet<>();
    for (GmArgument.Buffer buffer : buffers) {
      Store store = find(buffer.address());
      if (store != null) {
        used.add(store);
      }
    }
    long needed = 0;
    List<Store> free = new ArrayList<>();
    for (Store store : used) {
      checkSize(store);
      if (store.takesMemory()) {
        needed += store.allocation().bytes();
        if (store.isEmpty() && store.canUseHost()) {
          free.add(store);
        }
      }
    }
    free.sort(Comparator.comparingLong((Store s) -> s.allocation().bytes()).reversed());
    for (Store store : free) {
      if (needed <= room.limitBytes()) {
        return;
      }
      store.preferHost();
      needed -= store.allocation().bytes();
    }
  }

  private void checkSize(Store store) {
    if (store.allocation().bytes() > session.facts().bufferBytesMax() && !store.canUseHost()) {
      GmRange all = store.allocation();
      throw new DeviceMemoryExhaustedException(
          store.tooLarge(), device.id(), GmStatus.NOMEM, all.address(), all.bytes(), null, null);
    }
  }

  /**
   * Tells where a kernel finds an argument.
   *
   * @throws ClException if a buffer over the host frames cannot be made
   */
  Place place(GmArgument.Buffer buffer) {
    Store store = find(buffer.address());
    if (store == null) {
      throw new IllegalStateException("an argument is not in an allocation: " + buffer);
    }
    return store.place(buffer.address());
  }

  /** Whether all of an argument is mapped. */
  boolean isMapped(GmArgument.Buffer buffer) {
    return mapped(buffer.address(), buffer.bytes()) != null;
  }

  /** Whether nothing is mapped. */
  boolean isEmpty() {
    return stores.values().stream().allMatch(Store::isEmpty);
  }

  /** Lets everything go. */
  void close() {
    stores.values().forEach(Store::close);
    stores.clear();
  }
}
