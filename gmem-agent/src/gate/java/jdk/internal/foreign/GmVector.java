package jdk.internal.foreign;

import jdk.internal.vm.annotation.ForceInline;
import jdk.internal.vm.annotation.Hidden;
import jdk.internal.vm.vector.VectorSupport;

/**
 * Vector accesses to unified memory. The methods have the names and the parameters of the wrappers
 * in {@code ScopedMemoryAccess} that call them.
 *
 * <p>A vector that the gate lets pass is loaded or stored at once, on the thread's own {@linkplain
 * GmSeat seat}. Any other, and any on a thread without a seat, goes lane by lane through the
 * segment, as it does in the JDK on processors without vectors: each lane is an access to one
 * value, which may fault.
 *
 * <p>Where the compiler does not know vectors, or does not run, the JDK itself goes lane by lane
 * below the call that is made here on the seat. That is no access on two seats: each lane takes the
 * seat anew and leaves it, and so it is free when one faults. A virtual thread that has faulted may
 * go on with another carrier, and then the seat is not its own any more.
 *
 * <p>Any thread may call any method.
 */
public final class GmVector {
  private GmVector() {}

  /**
   * Takes the seat for a vector.
   *
   * @return null if the vector must not be touched as a whole
   */
  @ForceInline
  private static GmSeat sit(
      AbstractMemorySegmentImpl segment, long offset, Class<?> element, int lanes, boolean write) {
    GmSeat seat = GmSeat.mine();
    if (seat == null) {
      return null;
    }
    long address = segment.unsafeGetOffset() + offset;
    long bytes = (long) lanes * bytes(element);
    seat.sit();
    boolean admitted =
        write
            ? seat.admitsWrite(segment.sessionImpl(), address, bytes)
            : seat.admitsRead(segment.sessionImpl(), address, bytes);
    if (admitted) {
      return seat;
    }
    seat.leave();
    return null;
  }

  @ForceInline
  private static int bytes(Class<?> element) {
    if (element == byte.class) {
      return Byte.BYTES;
    }
    if (element == short.class) {
      return Short.BYTES;
    }
    return element == int.class || element == float.class ? Integer.BYTES : Long.BYTES;
  }

  /**
   * Loads a vector.
   *
   * @param <V> the vector
   * @param <E> the element
   * @param <S> the species
   * @param vectorClass for the compiler
   * @param element the primitive type
   * @param lanes how many
   * @param segment unified memory
   * @param offset of the first byte
   * @param species for the lanes
   * @param lanewise what processors without vectors do
   * @return the vector
   */
  @ForceInline
  @Hidden
  public static <V extends VectorSupport.Vector<E>, E, S extends VectorSupport.VectorSpecies<E>>
      V loadFromMemorySegment(
          Class<? extends V> vectorClass,
          Class<E> element,
          int lanes,
          AbstractMemorySegmentImpl segment,
          long offset,
          S species,
          VectorSupport.LoadOperation<AbstractMemorySegmentImpl, V, S> lanewise) {
    GmSeat seat = sit(segment, offset, element, lanes, false);
    if (seat == null) {
      return lanewise.load(segment, offset, species);
    }
    try {
      return VectorSupport.load(
          vectorClass,
          element,
          lanes,
          segment.unsafeGetBase(),
          segment.unsafeGetOffset() + offset,
          true,
          segment,
          offset,
          species,
          lanewise);
    } finally {
      seat.leaveIfMine();
    }
  }

  /**
   * Loads those lanes of a vector that a mask names.
   *
   * @param <V> the vector
   * @param <E> the element
   * @param <S> the species
   * @param <M> the mask
   * @param vectorClass for the compiler
   * @param maskClass for the compiler
   * @param element the primitive type
   * @param lanes how many
   * @param segment unified memory
   * @param offset of the first byte
   * @param mask the lanes
   * @param species for the lanes
   * @param offsetInRange for the compiler
   * @param lanewise what processors without vectors do
   * @return the vector, zero in the other lanes
   */
  @ForceInline
  @Hidden
  public static <
          V extends VectorSupport.Vector<E>,
          E,
          S extends VectorSupport.VectorSpecies<E>,
          M extends VectorSupport.VectorMask<E>>
      V loadFromMemorySegmentMasked(
          Class<? extends V> vectorClass,
          Class<M> maskClass,
          Class<E> element,
          int lanes,
          AbstractMemorySegmentImpl segment,
          long offset,
          M mask,
          S species,
          int offsetInRange,
          VectorSupport.LoadVectorMaskedOperation<AbstractMemorySegmentImpl, V, S, M> lanewise) {
    GmSeat seat = sit(segment, offset, element, lanes, false);
    if (seat == null) {
      return lanewise.load(segment, offset, species, mask);
    }
    try {
      return VectorSupport.loadMasked(
          vectorClass,
          maskClass,
          element,
          lanes,
          segment.unsafeGetBase(),
          segment.unsafeGetOffset() + offset,
          true,
          mask,
          offsetInRange,
          segment,
          offset,
          species,
          lanewise);
    } finally {
      seat.leaveIfMine();
    }
  }

  /**
   * Stores a vector.
   *
   * @param <V> the vector
   * @param <E> the element
   * @param vectorClass for the compiler
   * @param element the primitive type
   * @param lanes how many
   * @param vector what to store
   * @param segment unified memory
   * @param offset of the first byte
   * @param lanewise what processors without vectors do
   */
  @ForceInline
  @Hidden
  public static <V extends VectorSupport.Vector<E>, E> void storeIntoMemorySegment(
      Class<? extends V> vectorClass,
      Class<E> element,
      int lanes,
      V vector,
      AbstractMemorySegmentImpl segment,
      long offset,
      VectorSupport.StoreVectorOperation<AbstractMemorySegmentImpl, V> lanewise) {
    GmSeat seat = sit(segment, offset, element, lanes, true);
    if (seat == null) {
      lanewise.store(segment, offset, vector);
      return;
    }
    try {
      VectorSupport.store(
          vectorClass,
          element,
          lanes,
          segment.unsafeGetBase(),
          segment.unsafeGetOffset() + offset,
          true,
          vector,
          segment,
          offset,
          lanewise);
    } finally {
      seat.leaveIfMine();
    }
  }

  /**
   * Stores those lanes of a vector that a mask names.
   *
   * @param <V> the vector
   * @param <E> the element
   * @param <M> the mask
   * @param vectorClass for the compiler
   * @param maskClass for the compiler
   * @param element the primitive type
   * @param lanes how many
   * @param vector what to store
   * @param mask the lanes
   * @param segment unified memory
   * @param offset of the first byte
   * @param lanewise what processors without vectors do
   */
  @ForceInline
  @Hidden
  public static <V extends VectorSupport.Vector<E>, E, M extends VectorSupport.VectorMask<E>>
      void storeIntoMemorySegmentMasked(
          Class<? extends V> vectorClass,
          Class<M> maskClass,
          Class<E> element,
          int lanes,
          V vector,
          M mask,
          AbstractMemorySegmentImpl segment,
          long offset,
          VectorSupport.StoreVectorMaskedOperation<AbstractMemorySegmentImpl, V, M> lanewise) {
    GmSeat seat = sit(segment, offset, element, lanes, true);
    if (seat == null) {
      lanewise.store(segment, offset, vector, mask);
      return;
    }
    try {
      VectorSupport.storeMasked(
          vectorClass,
          maskClass,
          element,
          lanes,
          segment.unsafeGetBase(),
          segment.unsafeGetOffset() + offset,
          true,
          vector,
          mask,
          segment,
          offset,
          lanewise);
    } finally {
      seat.leaveIfMine();
    }
  }
}
