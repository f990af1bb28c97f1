package dev.gmem.opencl;

import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmStatusException;
import java.util.BitSet;
import org.jocl.cl_mem;

/**
 * One allocation as the device sees it: which of its granules are mapped, and what holds their
 * bytes.
 *
 * <table>
 *   <caption>What holds the bytes</caption>
 *   <tr><th>state</th><th>buffer</th><th>mapping</th></tr>
 *   <tr><td>nothing mapped</td><td>none; own memory is {@linkplain IdleBuffers idle}</td>
 *       <td></td></tr>
 *   <tr><td>own memory</td><td>a {@code cl_mem} of the whole allocation, from the first granule to
 *       the last</td><td>transfers</td></tr>
 *   <tr><td>host frames</td><td>none if kernels take addresses; else one over the frames, made when
 *       a kernel needs it</td><td>transfers nothing</td></tr>
 * </table>
 *
 * <p>Which of the two it is gets decided when the first granule comes, and holds until the last one
 * has left. Threads: any; its monitor is held during calls that make or release buffers, never
 * during a transfer.
 */
final class Store {
  private final Cl cl;
  private final Session session;
  private final GmRange allocation;
  private final HostAccess access;
  private final Room room;
  private final IdleBuffers idle;
  private final boolean hostAlways;
  private final int granuleBytes;
  private final BitSet mapped = new BitSet();
  private long mappedBytes;
  private boolean hostWanted;
  private boolean host;
  private cl_mem buffer;

  /**
   * Makes one with nothing mapped.
   *
   * @param session the device
   * @param allocation its addresses
   * @param granuleBytes what its runs are multiples of
   * @param access how kernels reach host memory
   * @param room what bounds own memory
   * @param idle where own memory is kept meanwhile
   * @param hostAlways true if it never has memory of its own
   */
  Store(
      Session session,
      GmRange allocation,
      int granuleBytes,
      HostAccess access,
      Room room,
      IdleBuffers idle,
      boolean hostAlways) {
    this.cl = session.cl();
    this.session = session;
    this.allocation = allocation;
    this.access = access;
    this.room = room;
    this.idle = idle;
    this.hostAlways = hostAlways;
    this.host = hostAlways;
    this.granuleBytes = granuleBytes;
  }

  GmRange allocation() {
    return allocation;
  }

  /** Whether kernels can work on the host frames. */
  boolean canUseHost() {
    return access.addresses() || access.buffers() && fitsBuffer();
  }

  private boolean fitsBuffer() {
    return allocation.bytes() <= session.facts().bufferBytesMax();
  }

  /** Whether the bytes are the host frames themselves, as far as decided. */
  synchronized boolean onHost() {
    return host;
  }

  /** Whether it has memory of its own, or will have. */
  synchronized boolean takesMemory() {
    return mappedBytes > 0 ? !host : !hostNext();
  }

  synchronized boolean isEmpty() {
    return mappedBytes == 0;
  }

  /** Has the host frames hold the bytes from when the next first granule comes until all leave. */
  synchronized void preferHost() {
    hostWanted = canUseHost();
  }

  private boolean hostNext() {
    return hostAlways || hostWanted || !fitsBuffer() && canUseHost();
  }

  private int granule(long address) {
    return Math.toIntExact((address - allocation.address()) / granuleBytes);
  }

  /** Whether every granule that a range touches is mapped. */
  synchronized boolean isMapped(long address, long bytes) {
    if (address < allocation.address() || address + bytes > allocation.end()) {
      return false;
    }
    int end = granule(address + bytes - 1) + 1;
    return mapped.nextClearBit(granule(address)) >= end;
  }

  /**
   * Marks a run as mapped, and makes what holds its bytes.
   *
   * @return {@link GmStatus#SUCCESS}; {@link GmStatus#PAGE_EXIST} or {@link GmStatus#NOMEM}, and
   *     nothing has changed
   * @throws GmStatusException if the device can never map it
   */
  synchronized GmStatus claim(GmRange run) {
    int first = granule(run.address());
    int end = granule(run.end() - 1) + 1;
    int next = mapped.nextSetBit(first);
    if (next >= 0 && next < end) {
      return GmStatus.PAGE_EXIST;
    }
    if (mappedBytes == 0) {
      host = hostNext();
    }
    if (!host && !takeMemory(run)) {
      return GmStatus.NOMEM;
    }
    mapped.set(first, end);
    mappedBytes += run.bytes();
    return GmStatus.SUCCESS;
  }

  private boolean takeMemory(GmRange run) {
    if (!fitsBuffer()) {
      throw new GmStatusException(GmStatus.FAILURE_UNKNOWN, tooLarge(), null);
    }
    if (!room.take(run.bytes())) {
      return false;
    }
    if (buffer == null) {
      buffer = idle.take(this);
    }
    idle.trim();
    if (buffer != null) {
      return true;
    }
    try {
      buffer = create();
      return true;
    } catch (ClException e) {
      room.give(run.bytes());
      if (e.isNoRoom()) {
        return false;
      }
      throw new GmStatusException(
          e.isLost() ? e.status() : GmStatus.FAILURE_UNKNOWN,
          "no buffer could be made: bytes=" + allocation.bytes(),
          e);
    }
  }

  private cl_mem create() {
    try {
      return cl.createBuffer(session.context(), allocation.bytes());
    } catch (ClException e) {
      if (e.isNoRoom() && idle.releaseAll()) {
        return cl.createBuffer(session.context(), allocation.bytes());
      }
      throw e;
    }
  }

  String tooLarge() {
    return "the allocation is larger than the device's largest buffer, and the device cannot work"
        + " on host memory; make the allocation smaller: neededBytes="
        + allocation.bytes()
        + " bufferBytesMax="
        + session.facts().bufferBytesMax();
  }

  /** Undoes {@link #claim}; no transfer of the run is under way. */
  synchronized void release(GmRange run) {
    mapped.clear(granule(run.address()), granule(run.end() - 1) + 1);
    mappedBytes -= run.bytes();
    if (!host) {
      room.give(run.bytes());
    }
    if (mappedBytes > 0 || hostAlways) {
      return;
    }
    hostWanted = false;
    if (host) {
      releaseBuffer();
    } else {
      cl_mem emptied = buffer;
      buffer = null;
      idle.keep(this, emptied, allocation.bytes());
    }
  }

  /** The buffer of own memory; something is mapped. */
  synchronized cl_mem buffer() {
    return buffer;
  }

  long offset(long address) {
    return address - allocation.address();
  }

  /**
   * Tells where a kernel finds an address.
   *
   * @throws ClException if a buffer over the host frames cannot be made
   */
  synchronized Place place(long address) {
    if (host && access.addresses()) {
      return Place.BY_ADDRESS;
    }
    if (host && buffer == null) {
      buffer =
          cl.createHostBuffer(
              session.context(), HostPointers.of(allocation.address()), allocation.bytes());
    }
    if (buffer == null) {
      throw new IllegalStateException(
          "an argument of a launch is not mapped: address=0x" + Long.toHexString(address));
    }
    return new Place(buffer, offset(address));
  }

  /** Lets everything go. */
  synchronized void close() {
    releaseBuffer();
    idle.release(this);
  }

  private void releaseBuffer() {
    if (buffer != null) {
      cl_mem gone = buffer;
      buffer = null;
      try (Releases releases = new Releases()) {
        releases.add(() -> cl.releaseBuffer(gone));
      }
    }
  }
}
