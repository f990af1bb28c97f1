package dev.gmem;

import java.util.Objects;

/**
 * What a program knows about a range, and memory management does not (the RFC's {@code hmadvise}).
 * Given to {@link AddressSpace#advise}.
 *
 * <p>Advice is about granules. All kinds round outwards, but {@link DontNeed}, which rounds
 * inwards: it must not take anything that lies beside the range.
 *
 * <p>Advice about where memory should be never changes what a program reads. It lasts until it is
 * replaced, the memory is freed, or the device that it names is detached.
 */
public sealed interface Advice {
  /**
   * The range is best on a device: {@link WillNeed} brings it there, and the device keeps a copy
   * when others read.
   *
   * @param device a device of the space
   */
  record PreferDevice(Device device) implements Advice {
    /** Needs a device. */
    public PreferDevice {
      Objects.requireNonNull(device, "device");
    }
  }

  /** The range is best on the host. */
  record PreferHost() implements Advice {}

  /** The range is best nowhere in particular, as it was in the beginning. */
  record NoPreference() implements Advice {}

  /**
   * The range is read much more often than written: whoever owns a granule keeps a copy when others
   * read it. A write takes it from all others.
   *
   * @param mostly false to take the advice back
   */
  record ReadMostly(boolean mostly) implements Advice {}

  /**
   * A device uses the range where it is on the host, instead of having it moved.
   *
   * @param device a device of the space
   * @param remotely false to take the advice back
   */
  record AccessedBy(Device device, boolean remotely) implements Advice {
    /** Needs a device. */
    public AccessedBy {
      Objects.requireNonNull(device, "device");
    }
  }

  /**
   * Brings the range to a device and keeps it there: it is not evicted, and whoever would take it
   * away gets a {@link PinnedMemoryException}. Others may read copies, if the device can share.
   *
   * @param device a device of the space
   */
  record PinToDevice(Device device) implements Advice {
    /** Needs a device. */
    public PinToDevice {
      Objects.requireNonNull(device, "device");
    }
  }

  /** Brings the range home and keeps it there: devices may read copies, if they can share. */
  record PinToHost() implements Advice {}

  /** Lets the range move again. */
  record Unpin() implements Advice {}

  /**
   * The contents do not matter any more: they are dropped wherever they are, without a copy, and
   * the next read finds zeros. Makes memory usable again whose contents were lost.
   */
  record DontNeed() implements Advice {}

  /** The range will be used soon: brings it to where it is preferred, else to the host. */
  record WillNeed() implements Advice {}

  /**
   * Makes {@link PreferDevice}.
   *
   * @param device a device of the space
   * @return the advice
   */
  static Advice prefer(Device device) {
    return new PreferDevice(device);
  }

  /**
   * Makes {@link PreferHost}.
   *
   * @return the advice
   */
  static Advice preferHost() {
    return new PreferHost();
  }

  /**
   * Makes {@link NoPreference}.
   *
   * @return the advice
   */
  static Advice noPreference() {
    return new NoPreference();
  }

  /**
   * Makes {@link ReadMostly}.
   *
   * @return the advice
   */
  static Advice readMostly() {
    return new ReadMostly(true);
  }

  /**
   * Takes {@link #readMostly()} back.
   *
   * @return the advice
   */
  static Advice notReadMostly() {
    return new ReadMostly(false);
  }

  /**
   * Makes {@link AccessedBy}.
   *
   * @param device a device of the space
   * @return the advice
   */
  static Advice accessedBy(Device device) {
    return new AccessedBy(device, true);
  }

  /**
   * Takes {@link #accessedBy} back.
   *
   * @param device a device of the space
   * @return the advice
   */
  static Advice notAccessedBy(Device device) {
    return new AccessedBy(device, false);
  }

  /**
   * Makes {@link PinToDevice}.
   *
   * @param device a device of the space
   * @return the advice
   */
  static Advice pin(Device device) {
    return new PinToDevice(device);
  }

  /**
   * Makes {@link PinToHost}.
   *
   * @return the advice
   */
  static Advice pinToHost() {
    return new PinToHost();
  }

  /**
   * Makes {@link Unpin}.
   *
   * @return the advice
   */
  static Advice unpin() {
    return new Unpin();
  }

  /**
   * Makes {@link DontNeed}.
   *
   * @return the advice
   */
  static Advice dontNeed() {
    return new DontNeed();
  }

  /**
   * Makes {@link WillNeed}.
   *
   * @return the advice
   */
  static Advice willNeed() {
    return new WillNeed();
  }
}
