package dev.gmem;

import dev.gmem.spi.GmCapability;
import java.util.Set;

/** A device attached to an {@link AddressSpace}. May be used from any thread. */
public interface Device {
  /**
   * Returns the identifier, unique in the space.
   *
   * @return for instance {@code "sim0"}
   */
  String id();

  /**
   * Describes the device for people.
   *
   * @return one line
   */
  String description();

  /**
   * Returns the node of the device's memory (the RFC's hNUMA node). The host is node 0.
   *
   * @return a positive number, unique in the space while the device is attached
   */
  int node();

  /**
   * Returns what the device can do.
   *
   * @return an immutable set
   */
  Set<GmCapability> capabilities();

  /**
   * Tells whether the device is lost: it has said so, or the program has abandoned it. It does
   * nothing any more, and only {@link AddressSpace#detach} and {@link AddressSpace#abandon} still
   * take it.
   *
   * @return true once it is, for good
   */
  default boolean isLost() {
    return false;
  }

  /**
   * Returns how much memory the device offers to this space.
   *
   * @return bytes
   */
  long memoryBytes();

  /**
   * Returns how much of it this space may use, as {@link AddressSpace#quota} has set it.
   *
   * @return bytes; at first {@link #memoryBytes}. {@link Long#MAX_VALUE} where there is no bound,
   *     because the device maps in the host's memory what does not fit its own ({@link
   *     GmCapability#REMOTE_MAPPING})
   */
  long quotaBytes();

  /**
   * Returns how much of it holds data of this space now.
   *
   * @return bytes, a multiple of the granule; more than {@link #quotaBytes} only while {@link
   *     AddressSpace#quota} makes that smaller
   */
  long residentBytes();

  /**
   * Compiles kernels for this device. The result is cached: loading the same source again is cheap.
   *
   * @param source kernels in a form that the device understands
   * @return the program
   * @throws KernelCompilationException if it does not compile; the message holds the build log
   * @throws UnsupportedOperationException if the device does not compute, or not this form
   */
  Program load(KernelSource source);
}
