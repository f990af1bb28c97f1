package dev.gmem;

/** A kernel that can be launched. Immutable; may be used from any thread. */
public interface Kernel {
  /**
   * Returns the kernel's name.
   *
   * @return as in its source
   */
  String name();

  /**
   * Returns the device it was compiled for.
   *
   * @return the device
   */
  Device device();

  /**
   * Launches the kernel and returns at once.
   *
   * <p>Launches are ordered by their data: one that touches granules which an earlier, unfinished
   * one writes, or writes granules which that one touches, starts after it. Others may overlap.
   * Host code needs no ordering: an access that comes after the launch, in the same thread or in
   * one that has synchronised with it, waits for the kernel, or takes the page from under it where
   * the device can fault. An access in no order with the launch is a data race, as between threads.
   *
   * @param range the work items
   * @param arguments in the order of the kernel's parameters: unified segments (or slices), {@link
   *     Argument}s, or boxed scalars ({@code Byte} to {@code Double}, {@code Character}, {@code
   *     Boolean}); after these, what is {@linkplain Argument#reached reached by stored addresses}
   * @return the launch, running or waiting to run
   * @throws IllegalArgumentException if the number or a type of an argument is wrong, a segment is
   *     not unified, belongs to another space, or the range does not fit the device
   * @throws IllegalStateException if a segment's arena or the space is closed
   * @throws UnsupportedOperationException if something is reached by stored addresses, and the
   *     device cannot follow them
   */
  Launch launch(NdRange range, Object... arguments);
}
