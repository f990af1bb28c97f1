package dev.gmem;

import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;

/**
 * One address space for the CPU and for every device attached to it (the RFC's {@code gm_as}).
 *
 * <p><b>Guarantees.</b> A read, by the CPU or by a device, returns the value of the latest write to
 * that location in the order in which the memory model of the reader allows; no access ever sees a
 * copy that another node has since replaced. An access that cannot be served throws; it never
 * returns zeros or old data instead.
 *
 * <p><b>Covered accesses.</b> Everything that goes through {@code MemorySegment}, {@code
 * VarHandle}s of layouts, {@code ByteBuffer}s made of segments, the Vector API, channels, and
 * downcalls that are given a segment. <b>Not covered:</b> raw addresses kept by native code or
 * {@code sun.misc.Unsafe}, and segments {@linkplain MemorySegment#reinterpret(Arena,
 * java.util.function.Consumer) reinterpreted} into another arena.
 *
 * <p><b>Threads.</b> All methods may be called from any thread, virtual threads included.
 *
 * <p><b>Closing</b> waits for running launches, takes memory away from the devices, detaches them,
 * and closes every arena that is still open. Afterwards segments behave as those of any closed
 * arena.
 */
public interface AddressSpace extends AutoCloseable {
  /**
   * Opens an arena whose segments are unified memory.
   *
   * <p>It behaves as {@link Arena#ofShared()}: segments are zero when fresh, may be used by any
   * thread, and every access after {@link Arena#close()} throws {@code IllegalStateException:
   * Already closed}. Closing it while a kernel uses one of its segments waits for that kernel.
   * Requests of at least a granule are aligned to a granule and have residency of their own;
   * smaller ones share granules within the arena.
   *
   * <p>Its {@code allocate} throws {@link IllegalArgumentException} on a size that is not positive
   * (zero included, unlike the JDK's arenas) or an alignment that is not a power of two, {@link
   * IllegalStateException} once closed, and {@link AddressSpaceExhaustedException} if no room is
   * left.
   *
   * @return a new arena, to be closed by the caller or with the space
   * @throws IllegalStateException if the space is closed
   */
  Arena arena();

  /**
   * Opens an arena with a layout of its own. It is like one of {@link #arena()} otherwise.
   *
   * @param options its layout
   * @return a new arena, to be closed by the caller or with the space
   * @throws IllegalStateException if the space is closed
   */
  Arena arena(ArenaOptions options);

  /**
   * Returns where the addresses begin that the space has reserved. There are {@link
   * SpaceOptions#reservedBytes} of them; all its memory lies there.
   *
   * @return the first address, a multiple of the largest granule
   */
  long reservedAddress();

  /**
   * Allocates at a given address (the RFC's {@code peer_va_alloc_fixed}): every device agrees to
   * the place, or none keeps it. A device that says that it is busy is asked again for a while.
   *
   * @param arena an arena of this space, which the memory belongs to
   * @param address first byte, a multiple of the arena's granule, in the {@linkplain
   *     #reservedAddress reserved addresses}
   * @param byteSize its length, positive; what remains of the last granule is taken, too
   * @return a segment at that address, zero
   * @throws IllegalArgumentException if the arena is not of this space, or the range is not as it
   *     must be
   * @throws IllegalStateException if the arena is closed
   * @throws AddressSpaceExhaustedException if some of the range is taken, or the limit on host
   *     memory is reached
   * @throws DeviceException if a device refuses: with its identifier and status, of which {@code
   *     PAGE_EXIST} means that it cannot use these addresses. {@link
   *     DeviceMemoryExhaustedException} if it cannot take an allocation of this size. Nothing is
   *     left behind
   */
  MemorySegment allocateAt(Arena arena, long address, long byteSize);

  /**
   * Maps a part of a file into unified memory: the CPU and devices read it, and write it, as any
   * other. A granule is read when it is first touched, wherever from, and written back by {@link
   * #flush} and when the arena is closed, if it may have changed. Closing throws a {@link
   * FileBackingException} if that fails, and what could not be written is lost then: flush before
   * to be able to try again.
   *
   * <p>With {@link java.nio.channels.FileChannel.MapMode#PRIVATE PRIVATE} what is written never
   * reaches the file. With {@code READ_ONLY} the segment is read-only. With {@code READ_WRITE} two
   * mappings of a file, or a mapping and other programs, see each other's changes only by way of
   * the file: what has been read here once is not read again.
   *
   * <p>The file is not mapped by the operating system. One that is truncated later, or a full disk,
   * is a {@link FileBackingException} of the access, kernel or flush that meets it; what can be had
   * is still there. Native calls and I/O pin, so they read all of it first, and with {@code
   * READ_WRITE} all of it counts as changed.
   *
   * @param arena an arena of this space, which the memory belongs to
   * @param file an ordinary file that is there, and at least {@code position + byteSize} long
   * @param mode one of {@code READ_ONLY}, {@code READ_WRITE} and {@code PRIVATE}
   * @param position first byte, any
   * @param byteSize how many, positive
   * @return a segment of that size
   * @throws IllegalArgumentException if the arena is not of this space, or a number is not as it
   *     must be
   * @throws IllegalStateException if the arena is closed
   * @throws FileBackingException if the file cannot be opened in that mode, or is too short
   * @throws AddressSpaceExhaustedException if no room is left
   */
  MemorySegment map(Arena arena, Path file, FileChannel.MapMode mode, long position, long byteSize);

  /**
   * Writes to its file what has been written to a range since the file was read or written last,
   * and has it survive a failure of power. It has its place in the order of launches, as one that
   * reads the range, and returns when it has come about. For memory that is mapped PRIVATE or
   * READ_ONLY it does nothing.
   *
   * @param segment memory that is mapped from a file; rounded outwards to granules
   * @throws IllegalArgumentException if the segment is not mapped from a file by this space
   * @throws IllegalStateException if its arena is closed
   * @throws FileBackingException if the disk is full, or the file has been truncated: what it has
   *     not got is written by the next flush
   * @throws DeviceException if a device does not give back what it has written
   */
  void flush(MemorySegment segment);

  /**
   * Returns the first device attached, attaching the most preferred one that the providers offer if
   * there is none yet.
   *
   * @return the default device of this space
   * @throws IllegalArgumentException if no provider offers a device; the message lists why
   * @throws IllegalStateException if the space is closed
   */
  Device device();

  /**
   * Returns a device by its identifier, attaching it if it is not yet.
   *
   * @param id a device's identifier ({@code "sim0"}) or a provider's name ({@code "sim"}: its first
   *     device)
   * @return that device, and never another
   * @throws IllegalArgumentException if there is no such device; the message lists those there are
   * @throws IllegalStateException if the space is closed
   */
  Device device(String id);

  /**
   * Returns the devices attached now.
   *
   * @return a snapshot, in the order of attachment
   */
  List<Device> devices();

  /**
   * Attaches a device made by the caller. It is closed with the space.
   *
   * @param device a device that is attached to no space
   * @return the device as this space's users see it
   * @throws IllegalArgumentException if a device of that identifier is attached
   * @throws IllegalStateException if the space is closed, or has as many devices as it can
   */
  Device attach(GmDevice device);

  /**
   * Brings home what a device holds and lets it go. Waits for its launches. A device that is lost
   * is just let go.
   *
   * @param device a device of this space
   * @throws IllegalArgumentException if it is not attached to this space
   * @throws DeviceException if its data cannot be brought home; it stays attached
   * @throws DeviceLostException if it was lost meanwhile with data that only it had; it stays
   *     listed, and detaching it again lets it go
   */
  void detach(Device device);

  /**
   * Gives a device up that does not answer any more: lets it go without asking it for anything.
   * What only it had is lost ({@link PoisonedMemoryException}); all else is as it was. Its launches
   * fail with {@link DeviceLostException}. Returns at once; the device is closed when what it has
   * begun has ended. A call of it, or a kernel on the host's frames, that never ends keeps the
   * granules that it concerns: their memory could still be written.
   *
   * @param device a device of this space
   * @throws IllegalArgumentException if it is not attached to this space
   */
  void abandon(Device device);

  /**
   * Changes how much of a device's memory this space may use (the RFC's {@code
   * registerPhysicalMemory}, and back), at any time. A larger quota lets those go on who wait for
   * room. A smaller one is in force at once; what is beyond it is evicted, least recently used
   * first, before this returns, and launches whose arguments are there are waited for. Launches
   * that have not yet taken room for their arguments, and need more than the quota, fail. Calls for
   * one device come about one at a time.
   *
   * @param device a device of this space
   * @param bytes at least a granule of this space, at most {@link Device#memoryBytes}; not rounded:
   *     a rest of less than a granule is not used
   * @throws IllegalArgumentException if the device is not attached to this space, or the number is
   *     not as it must be
   * @throws IllegalStateException if the space is closed, or the device is being detached
   * @throws UnsupportedOperationException if the device maps in the host's memory what does not fit
   *     its own ({@link GmCapability#REMOTE_MAPPING}), so that nothing bounds what it uses
   * @throws PinnedMemoryException if more than that is pinned to it; the quota is as before
   * @throws DeviceException if it does not give back what it holds; the quota is as before
   */
  void quota(Device device, long bytes);

  /**
   * Tells whether a segment lies in memory of this space.
   *
   * @param segment any segment
   * @return true if every byte of it is unified memory of this space; its arena may be closed
   */
  boolean contains(MemorySegment segment);

  /**
   * Begins to move a range to a device before it is needed there, coalesced, and returns at once.
   * Equivalent to a launch on the device that reads the range, and never required.
   *
   * @param segment unified memory; rounded outwards to granules
   * @param device where to
   * @return the move, in the order of launches
   * @throws IllegalArgumentException if the segment is not of this space, or the device is not
   *     attached to it
   * @throws IllegalStateException if its arena is closed, or the device is being detached
   */
  Transfer prefetch(MemorySegment segment, Device device);

  /**
   * Begins to move a range to the host before it is needed there, coalesced, and returns at once.
   *
   * @param segment unified memory; rounded outwards to granules
   * @return the move, in the order of launches
   * @throws IllegalArgumentException if the segment is not of this space
   * @throws IllegalStateException if its arena is closed
   */
  Transfer prefetchToHost(MemorySegment segment);

  /**
   * Copies bytes where they live (the RFC's {@code hmemcpy}): nothing is moved for it, as far as
   * the devices can copy. It has its place in the order of launches, as one that reads the source
   * and writes the destination, and waits for its turn. Ranges may overlap: the destination gets
   * what the source held before. What a failed copy has written by then stays.
   *
   * <p>One of the two may be any other memory: it must not be closed meanwhile. What was lost with
   * a device is valid again where a copy has written all of a granule ({@link
   * PoisonedMemoryException}).
   *
   * @param destination where to, not read-only
   * @param source where from, of the same length
   * @throws IllegalArgumentException if neither is of this space, their lengths differ, or the
   *     destination is read-only
   * @throws IllegalStateException if the arena of one is closed
   * @throws PinnedMemoryException if the destination is pinned to a device that does not copy
   * @throws DeviceException if a device fails
   */
  void copy(MemorySegment destination, MemorySegment source);

  /**
   * As {@link #copy}, returning at once.
   *
   * @param destination where to, not read-only
   * @param source where from, of the same length; like the destination, it must be accessible to
   *     every thread
   * @return the copy, in the order of launches
   * @throws IllegalArgumentException as above, or if one of them is confined to a thread
   * @throws IllegalStateException if the arena of one is closed
   */
  Transfer copyAsync(MemorySegment destination, MemorySegment source);

  /**
   * Gives a part of an allocation back before its arena is closed (a partial {@code munmap}): its
   * contents are dropped wherever they are, devices let go of it, and its frames go back to the
   * operating system. It has its place in the order of launches, as one that overwrites the range,
   * and returns when it has come about; it waits for kernels that use the range, and for native
   * calls that pin the allocation. What has gone already is left alone. The rest of the allocation
   * is as it was; the addresses are used again only once the arena is closed.
   *
   * <p>From then on an access by the CPU to the part throws {@link UnmappedMemoryException}, one by
   * a kernel fails with {@link IllegalDeviceAccessException}, and so does whatever else is asked
   * for there, {@link #residency} excepted. Native calls and I/O, which pin whole allocations, are
   * refused for an allocation with such a part; so is a closed gate its normal state, and accesses
   * cost what they cost while memory is taken away.
   *
   * @param segment unified memory: whole granules, from a multiple of the granule to another one,
   *     or to the end of the allocation
   * @throws IllegalArgumentException if the segment is not of this space, or not of whole granules
   * @throws IllegalStateException if its arena is closed
   * @throws PinnedMemoryException if the allocation stays pinned by a native call; nothing has
   *     changed
   * @throws DeviceException if a device does not let go of some of it; that part is as it was
   */
  void unmap(MemorySegment segment);

  /**
   * Moves contents to another range without a copy by the program (as {@code mremap} does): the
   * target holds what the source held, wherever that was, and the source is given back as by {@link
   * #unmap}. The contents come home, and their frames become those of the target. It has its place
   * in the order of launches, as one that writes both ranges, and returns when it has come about.
   * What has been advised about a range stays with the addresses.
   *
   * @param target where to, not read-only; what it held is lost. Whole granules, as in {@link
   *     #unmap}
   * @param source where from: whole granules of the same size, as many; must not overlap the target
   * @throws IllegalArgumentException if one of them is not of this space, not of whole granules, or
   *     the two do not fit each other
   * @throws IllegalStateException if the arena of one is closed
   * @throws UnmappedMemoryException if a part of one has been given back; nothing has changed
   * @throws PinnedMemoryException if a part of one is pinned by advice, or by a native call that
   *     does not end
   * @throws DeviceException if a device does not give back what it holds; the source is as it was
   */
  void remap(MemorySegment target, MemorySegment source);

  /**
   * Advises memory management about a range (the RFC's {@code hmadvise}). What changes no contents
   * and moves nothing is in force when this returns. {@link Advice.DontNeed}, {@link
   * Advice.WillNeed} and pins come about in the order of launches, and return at once.
   *
   * @param segment unified memory; rounded outwards to granules, by {@link Advice.DontNeed} inwards
   * @param advice what to know about it
   * @return when it has come about. Its {@link Transfer#join()} throws {@link
   *     PinnedMemoryException} if the memory is pinned elsewhere, and {@link
   *     DeviceMemoryExhaustedException} if a device has no room for what is to be pinned to it;
   *     then nothing is pinned
   * @throws IllegalArgumentException if the segment is not of this space, or the device is not
   *     attached to it
   * @throws IllegalStateException if its arena is closed, or the device is being detached
   * @throws UnsupportedOperationException if the device cannot do what it is to do; the message
   *     says what it lacks
   */
  Transfer advise(MemorySegment segment, Advice advice);

  /**
   * Tells where a range lives, without touching it.
   *
   * @param segment unified memory
   * @return its extents, in address order, clipped to the segment
   * @throws IllegalArgumentException if the segment is not of this space
   * @throws IllegalStateException if its arena is closed
   */
  Residency residency(MemorySegment segment);

  /**
   * Returns what has happened in this space so far.
   *
   * @return a snapshot; counters are exact once the space is quiet
   */
  SpaceStatistics statistics();

  /**
   * Returns what has happened to one allocation so far.
   *
   * @param segment unified memory, or a slice of it
   * @return a snapshot for the allocation that the segment belongs to
   * @throws IllegalArgumentException if the segment is not of this space
   * @throws IllegalStateException if its arena is closed
   */
  AllocationStatistics statistics(MemorySegment segment);

  /**
   * Returns the layout of this space.
   *
   * @return the options it was opened with
   */
  SpaceOptions options();

  /**
   * Closes the space; a second call does nothing.
   *
   * @throws IllegalStateException if an arena cannot be closed because it is pinned (a native call
   *     or an I/O operation is using it); the space stays open
   */
  @Override
  void close();
}
