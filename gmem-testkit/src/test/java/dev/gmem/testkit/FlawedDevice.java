package dev.gmem.testkit;

import dev.gmem.Access;
import dev.gmem.spi.GmAttachMode;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmCopy;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmMove;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A memory without kernels that does one thing wrong, to show that the contract notices. */
final class FlawedDevice implements GmDevice, GmMmu {
  /** What can be wrong. */
  enum Flaw {
    NONE,
    BLANK_NAME,
    NEW_MMU_EACH_TIME,
    COMPUTE_WITHOUT_KERNELS,
    WRONG_ATTACH_MODE,
    STAYS_ATTACHED,
    REFUSES_RETURNED_ADDRESSES,
    CLOSES_ONCE,
    MAPS_WITHOUT_BYTES,
    SPOILS_HOST_ON_MAPPING,
    SHOWS_OLD_BYTES,
    COPIES_THOUGH_TOLD_NOT_TO,
    DOES_NOT_COPY_OUT,
    COPIES_FIRST_GRANULE_ONLY,
    UNMAPS_MORE_THAN_ASKED,
    UNMAPS_WHOLE_MAPPINGS_ONLY,
    TAKES_ONE_GRANULE_FOR_ALL,
    REPLICAS_STAY,
    MAPS_TWICE,
    REFUSES_TOO_LATE,
    UNMAPS_WHAT_IS_NOT_THERE,
    MIXES_ALLOCATIONS,
    ASYNC_FORGETS_BYTES,
    ASYNC_NEVER_ENDS,
    ASYNC_MISTAKES_REFUSAL,
    HALF_THE_MEMORY,
    NO_LIMIT_STATUS,
    LEAKS_ROOM,
    ZEROS_ARE_FREE,
    NOMEM_TOO_LATE,
    COPY_IN_ROUNDS,
    COPY_OUT_ROUNDS,
    COPY_IN_OF_PART,
    COPY_ACROSS_FROM_SELF,
    COPY_HOST_BACKWARDS,
    MOVE_BRINGS_OTHER_BYTES,
    MOVE_STAYS,
    MOVE_OF_PART,
    MOVE_TAKES_NO_ROOM,
    PROTECT_CLEARS,
    PROTECT_ALLOWS_ANYTHING
  }

  private record OtherMmu(GmMmu mmu) implements GmMmu {
    @Override
    public GmStatus peerMap(GmMapping mapping) {
      return mmu.peerMap(mapping);
    }

    @Override
    public GmStatus peerUnmap(GmUnmapping unmapping) {
      return mmu.peerUnmap(unmapping);
    }
  }

  private static final long MEMORY_BYTES = 64 * DeviceFixture.GRANULE_BYTES;

  private final Flaw flaw;
  private final TreeMap<Long, MemorySegment> pages = new TreeMap<>();
  private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();
  private long usedBytes;
  private long lastMapped;
  private int granuleBytes;
  private int attachments;
  private boolean closed;

  FlawedDevice(Flaw flaw) {
    this.flaw = flaw;
  }

  /** How many granules are mapped. */
  synchronized int mapped() {
    return pages.size();
  }

  private boolean has(Flaw candidate) {
    return flaw == candidate;
  }

  @Override
  public String id() {
    return has(Flaw.BLANK_NAME) ? " " : "flawed0";
  }

  @Override
  public String description() {
    return "a device whose flaw is " + flaw;
  }

  @Override
  public GmMmu mmu() {
    return has(Flaw.NEW_MMU_EACH_TIME) ? new OtherMmu(this) : this;
  }

  @Override
  public long memoryBytes() {
    return MEMORY_BYTES;
  }

  @Override
  public Set<GmCapability> capabilities() {
    return has(Flaw.COMPUTE_WITHOUT_KERNELS)
        ? EnumSet.of(GmCapability.COMPUTE)
        : EnumSet.of(GmCapability.PEER_COPY);
  }

  @Override
  public GmAttachMode attachMode() {
    return has(Flaw.WRONG_ATTACH_MODE) ? GmAttachMode.SHARE : GmAttachMode.COHERENT_EXCLUSIVE;
  }

  @Override
  public void attach(GmAttachment attachment) {
    if (has(Flaw.STAYS_ATTACHED) && attachments++ > 0) {
      throw new IllegalStateException("attached already");
    }
    granuleBytes = attachment.granuleBytes();
    free.clear();
  }

  @Override
  public void close() {
    if (has(Flaw.CLOSES_ONCE) && closed) {
      throw new IllegalStateException("closed already");
    }
    closed = true;
  }

  @Override
  public GmStatus peerVaFree(GmRange range) {
    lastMapped = -1;
    return GmStatus.SUCCESS;
  }

  @Override
  public GmStatus peerVaAlloc(GmRange range) {
    return has(Flaw.REFUSES_RETURNED_ADDRESSES) && lastMapped == -1
        ? GmStatus.PAGE_EXIST
        : GmStatus.SUCCESS;
  }

  @Override
  public GmStatus peerVaAlloc(GmRange range, int unitBytes) {
    if (has(Flaw.TAKES_ONE_GRANULE_FOR_ALL)) {
      granuleBytes = unitBytes;
    }
    return peerVaAlloc(range);
  }

  @Override
  public synchronized GmStatus peerMap(GmMapping mapping) {
    GmRange run = mapping.range();
    List<Long> granules = granules(run);
    if (!has(Flaw.MAPS_TWICE) && pages.keySet().stream().anyMatch(granules::contains)) {
      if (has(Flaw.REFUSES_TOO_LATE)) {
        granules.stream().filter(a -> !pages.containsKey(a)).limit(1).forEach(a -> put(mapping, a));
      }
      return GmStatus.PAGE_EXIST;
    }
    long limit = has(Flaw.HALF_THE_MEMORY) ? MEMORY_BYTES / 2 : MEMORY_BYTES;
    boolean counts = !has(Flaw.ZEROS_ARE_FREE) || mapping.copy();
    if (counts && usedBytes + run.bytes() > limit) {
      if (has(Flaw.NOMEM_TOO_LATE)) {
        put(mapping, granules.getFirst());
      }
      return has(Flaw.NO_LIMIT_STATUS) ? GmStatus.FAILURE_UNKNOWN : GmStatus.NOMEM;
    }
    usedBytes += counts ? run.bytes() : 0;
    granules.forEach(a -> put(mapping, a));
    lastMapped = run.address();
    if (has(Flaw.SPOILS_HOST_ON_MAPPING)) {
      mapping.host().fill((byte) 1);
    }
    return GmStatus.SUCCESS;
  }

  private void put(GmMapping mapping, long address) {
    MemorySegment page = free.isEmpty() ? newPage() : free.pop();
    MemorySegment frame = frame(mapping.host(), mapping.range(), address);
    if (mapping.copy() && !has(Flaw.MAPS_WITHOUT_BYTES)) {
      page.copyFrom(frame);
    } else if (!has(Flaw.SHOWS_OLD_BYTES)) {
      page.fill((byte) 0);
    }
    pages.put(address, page);
    if (has(Flaw.MIXES_ALLOCATIONS) && address == mapping.range().address() && pages.size() > 1) {
      pages.put(address, pages.firstEntry().getValue());
    }
  }

  private MemorySegment newPage() {
    return MemorySegment.ofArray(new byte[granuleBytes]);
  }

  @Override
  public synchronized GmStatus peerUnmap(GmUnmapping unmapping) {
    GmRange run = unmapping.range();
    List<Long> granules = granules(run);
    if (has(Flaw.UNMAPS_WHAT_IS_NOT_THERE)) {
      granules.forEach(a -> pages.computeIfAbsent(a, address -> newPage()));
    }
    if (!pages.keySet().containsAll(granules)
        || has(Flaw.UNMAPS_WHOLE_MAPPINGS_ONLY) && run.address() != lastMapped) {
      return GmStatus.FAILURE_UNKNOWN;
    }
    if (has(Flaw.REPLICAS_STAY) && !unmapping.copy()) {
      return GmStatus.SUCCESS;
    }
    if (has(Flaw.UNMAPS_MORE_THAN_ASKED)) {
      pages.remove(run.end());
    }
    if (!has(Flaw.LEAKS_ROOM)) {
      usedBytes -= run.bytes();
    }
    boolean copy = unmapping.copy() ^ has(Flaw.COPIES_THOUGH_TOLD_NOT_TO);
    for (long address : granules) {
      MemorySegment page = pages.remove(address);
      boolean first = address == run.address();
      if (copy && !has(Flaw.DOES_NOT_COPY_OUT) && (first || !has(Flaw.COPIES_FIRST_GRANULE_ONLY))) {
        frame(unmapping.host(), run, address).copyFrom(page);
      }
      free.push(page);
    }
    return GmStatus.SUCCESS;
  }

  @Override
  public CompletionStage<GmStatus> peerMapAsync(GmMapping mapping) {
    if (has(Flaw.ASYNC_NEVER_ENDS)) {
      return new CompletableFuture<>();
    }
    boolean copy = mapping.copy() && !has(Flaw.ASYNC_FORGETS_BYTES);
    GmStatus status =
        peerMap(new GmMapping(mapping.range(), mapping.host(), copy, mapping.access()));
    return CompletableFuture.completedFuture(
        has(Flaw.ASYNC_MISTAKES_REFUSAL) ? GmStatus.SUCCESS : status);
  }

  @Override
  public synchronized GmStatus peerMove(GmMove move) {
    FlawedDevice from = (FlawedDevice) move.from();
    GmRange run = move.range();
    List<Long> granules = granules(run);
    if (!has(Flaw.MOVE_OF_PART) && !from.pages.keySet().containsAll(granules)) {
      return GmStatus.FAILURE_UNKNOWN;
    }
    if (!has(Flaw.MOVE_TAKES_NO_ROOM) && usedBytes + run.bytes() > MEMORY_BYTES) {
      return GmStatus.NOMEM;
    }
    usedBytes += run.bytes();
    for (long address : granules) {
      MemorySegment page = from.pages.get(address);
      pages.put(
          address,
          page == null || has(Flaw.MOVE_BRINGS_OTHER_BYTES) ? newPage().fill((byte) 1) : page);
    }
    if (!has(Flaw.MOVE_STAYS)) {
      from.pages.keySet().removeAll(granules);
      from.usedBytes -= run.bytes();
    }
    return GmStatus.SUCCESS;
  }

  @Override
  public synchronized GmStatus peerProtect(GmRange range, Access access) {
    List<Long> granules = granules(range);
    if (!has(Flaw.PROTECT_ALLOWS_ANYTHING) && !pages.keySet().containsAll(granules)) {
      return GmStatus.FAILURE_UNKNOWN;
    }
    if (has(Flaw.PROTECT_CLEARS)) {
      granules.forEach(a -> pages.get(a).fill((byte) 1));
    }
    return GmStatus.SUCCESS;
  }

  @Override
  public synchronized GmStatus copy(GmCopy copy) {
    return switch (copy) {
      case GmCopy.HostToDevice in -> {
        long to = has(Flaw.COPY_IN_ROUNDS) ? in.destination() & -8 : in.destination();
        yield move(in.source(), to, false);
      }
      case GmCopy.DeviceToHost out -> {
        long from = has(Flaw.COPY_OUT_ROUNDS) ? out.source() & -8 : out.source();
        yield move(out.destination(), from, true);
      }
      case GmCopy.DeviceToDevice across -> {
        MemorySegment bounce = MemorySegment.ofArray(new byte[(int) across.bytes()]);
        GmMmu from = has(Flaw.COPY_ACROSS_FROM_SELF) ? this : across.from().mmu();
        GmStatus read = from.copy(new GmCopy.DeviceToHost(across.source(), bounce));
        yield read == GmStatus.SUCCESS ? move(bounce, across.destination(), false) : read;
      }
      case GmCopy.HostToHost host -> {
        if (has(Flaw.COPY_HOST_BACKWARDS)) {
          host.source().copyFrom(host.destination());
        } else {
          host.destination().copyFrom(host.source());
        }
        yield GmStatus.SUCCESS;
      }
    };
  }

  private GmStatus move(MemorySegment host, long address, boolean out) {
    for (long done = 0; done < host.byteSize(); ) {
      long at = address + done;
      MemorySegment page = pages.get(at & -granuleBytes);
      if (page == null || !has(Flaw.COPY_IN_OF_PART) && !allMapped(address, host.byteSize())) {
        return GmStatus.DMA_ERROR;
      }
      long offset = at & granuleBytes - 1;
      long piece = Math.min(host.byteSize() - done, granuleBytes - offset);
      if (out) {
        MemorySegment.copy(page, offset, host, done, piece);
      } else {
        MemorySegment.copy(host, done, page, offset, piece);
      }
      done += piece;
    }
    return GmStatus.SUCCESS;
  }

  private boolean allMapped(long address, long bytes) {
    long first = address & -granuleBytes;
    long end = address + bytes + granuleBytes - 1 & -granuleBytes;
    return pages.keySet().containsAll(granules(new GmRange(first, end - first)));
  }

  private MemorySegment frame(MemorySegment host, GmRange run, long address) {
    return host.asSlice(address - run.address(), granuleBytes);
  }

  private List<Long> granules(GmRange run) {
    List<Long> granules = new ArrayList<>();
    for (long address = run.address(); address < run.end(); address += granuleBytes) {
      granules.add(address);
    }
    return granules;
  }
}
