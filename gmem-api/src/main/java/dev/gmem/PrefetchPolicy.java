package dev.gmem;

import java.util.List;
import java.util.Optional;

/**
 * Decides what comes along with a fault. Chosen for a space ({@link SpaceOptions#prefetch}) or an
 * arena ({@link ArenaOptions#prefetch}); applies to faults of the CPU and of devices alike.
 *
 * <p>A policy wishes, no more. Of what it names comes what can come without harm: granules whose
 * valid copy is where that of the faulting one is, with the same advice, claimed by nobody, held by
 * no launch, and, on a device, as far as room is free; nothing is evicted for it, and no right of
 * the CPU is taken that the fault alone would not take. A fault never fails because of what comes
 * along.
 *
 * <p>Nobody needs to write one: those below suit. Who does may ask them, too:
 *
 * {@snippet lang=java :
 * PrefetchPolicy onlyDevices =
 *     fault -> fault.device().isPresent() ? PrefetchPolicy.standard().choose(fault) : List.of();
 * try (AddressSpace space = Gmem.open(SpaceOptions.defaults().withPrefetch(onlyDevices))) {
 *   // ...
 * }
 * }
 *
 * <p><b>Threads.</b> {@link #choose} is called by threads that fault, several at a time, with
 * nothing locked. It should be quick: the access waits. It may touch unified memory; it is not
 * asked about the faults that it takes itself. If it throws, or returns nonsense, the fault goes on
 * without it; the first time that a policy does so in a space, a warning is logged ({@code
 * dev.gmem.prefetch}).
 */
@FunctionalInterface
public interface PrefetchPolicy {
  /**
   * How dense a part of a block must be for {@link #density()}: more than this many per cent of it
   * there, as in NVIDIA's UVM.
   */
  int DENSITY_PERCENT = 51;

  /** How large the blocks are whose parts {@link Fault#dense} looks at, in bytes. */
  int BLOCK_BYTES = 2 << 20;

  /**
   * Chooses what comes along.
   *
   * @param fault what is known of the fault, valid for this call
   * @return any ranges, in any order; what lies outside of the allocation, or comes anyway, is left
   *     out. No more than 512.
   */
  List<Span> choose(Fault fault);

  /**
   * Brings the granules that are touched, and nothing else.
   *
   * @return always the same one
   */
  static PrefetchPolicy none() {
    return PrefetchChoice.NONE;
  }

  /**
   * Brings what follows in a sequence of faults, upwards or downwards: ever more of it, while the
   * sequence lasts.
   *
   * @return always the same one
   */
  static PrefetchPolicy sequential() {
    return PrefetchChoice.SEQUENTIAL;
  }

  /**
   * Brings the rest of the largest part of a block that is dense on the faulting node, at the
   * threshold of {@value #DENSITY_PERCENT} per cent: the tree of NVIDIA's UVM.
   *
   * @return always the same one
   */
  static PrefetchPolicy density() {
    return PrefetchChoice.DENSITY;
  }

  /**
   * Brings what follows in a sequence or at a stride, and what is dense. This is the default.
   *
   * @return always the same one
   */
  static PrefetchPolicy standard() {
    return PrefetchChoice.STANDARD;
  }

  /**
   * A range of an allocation.
   *
   * @param from its first byte, counted from the start of the allocation
   * @param to the byte after its last
   */
  record Span(long from, long to) {
    /** Refuses an empty range. */
    public Span {
      if (from >= to) {
        throw new IllegalArgumentException("a span must not be empty: from=" + from + " to=" + to);
      }
    }

    /**
     * Returns the length.
     *
     * @return bytes
     */
    public long bytes() {
      return to - from;
    }
  }

  /** How the latest faults of a node in an allocation are related. */
  enum Pattern {
    /** In no way that is known. */
    NONE,
    /** One granule after the other, upwards or downwards. */
    SEQUENTIAL,
    /** At a constant distance greater than a granule. */
    STRIDED
  }

  /**
   * A fault, as a policy sees it. Bytes are counted from the start of the allocation, in whole
   * granules. A <em>node</em> is the host or a device.
   */
  interface Fault {
    /**
     * Tells who faults.
     *
     * @return the device's identifier; empty for the CPU
     */
    Optional<String> device();

    /**
     * Tells what the access does.
     *
     * @return true if it writes
     */
    boolean writes();

    /**
     * Returns what is brought in any case.
     *
     * @return the granules that the access touches, less those that are there
     */
    Span needed();

    /**
     * Returns the granule of the allocation.
     *
     * @return bytes
     */
    int granuleBytes();

    /**
     * Returns the length of the allocation.
     *
     * @return bytes, in whole granules
     */
    long allocationBytes();

    /**
     * Tells what pattern this fault goes on with. A pattern ends when what its last fault brought
     * has left the node again.
     *
     * @return the pattern
     */
    Pattern pattern();

    /**
     * Returns what the pattern makes expect next: a window in a sequence, places at a stride. Both
     * double with each fault of the pattern, up to 4 MiB, and up to 64 places.
     *
     * @return within the allocation; empty without a pattern
     */
    List<Span> following();

    /**
     * Returns the largest dense range around the fault: of the ranges of 2, 4, 8 ... granules up to
     * {@value PrefetchPolicy#BLOCK_BYTES} bytes, each aligned to its size and clipped to the
     * allocation, the largest of which more than a part is on the node, or comes with the fault.
     *
     * @param percent the part, 1 to 100
     * @return that range; {@link #needed} if none is dense
     */
    Span dense(int percent);

    /**
     * Counts what a range has on the node, as {@link #dense} does: on a device, what this access
     * could use there without a fault; on the host, what has come home from devices and is the
     * host's alone. What no device has ever had, or what a kernel left a copy of, says nothing of
     * what the CPU will touch.
     *
     * @param span any range
     * @return bytes, as of now: others may be moving them
     */
    long bytesHere(Span span);
  }
}
