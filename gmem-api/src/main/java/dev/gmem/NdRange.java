package dev.gmem;

import java.util.Arrays;

/**
 * The work items of a launch: one to three dimensions, the first one fastest.
 *
 * <p>Immutable. Sizes are positive; a local size, where given, has as many dimensions as the global
 * one. Whether a local size must divide the global one is up to the device.
 */
public final class NdRange {
  private static final int DIMENSIONS_MAX = 3;
  private final long[] global;
  private final long[] local;

  private NdRange(long[] global, long[] local) {
    check("global", global);
    if (local != null) {
      check("local", local);
      if (local.length != global.length) {
        throw new IllegalArgumentException(
            "local and global sizes must have as many dimensions: local="
                + Arrays.toString(local)
                + " global="
                + Arrays.toString(global));
      }
    }
    long items = 1;
    for (long size : global) {
      try {
        items = Math.multiplyExact(items, size);
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException(
            "the number of work items overflows: global=" + Arrays.toString(global), e);
      }
    }
    this.global = global;
    this.local = local;
  }

  private static void check(String what, long[] sizes) {
    if (sizes.length < 1 || sizes.length > DIMENSIONS_MAX) {
      throw new IllegalArgumentException(
          what + " range must have 1 to 3 dimensions: dimensions=" + sizes.length);
    }
    for (long size : sizes) {
      if (size <= 0) {
        throw new IllegalArgumentException(
            what + " range must be positive: sizes=" + Arrays.toString(sizes));
      }
    }
  }

  /**
   * Makes a range; the device chooses the local size.
   *
   * @param global number of work items per dimension, one to three of them
   * @return the range
   * @throws IllegalArgumentException if a size is not positive, or their product overflows
   */
  public static NdRange of(long... global) {
    return new NdRange(global.clone(), null);
  }

  /**
   * Returns a copy with a local size.
   *
   * @param sizes number of work items of a group per dimension
   * @return the copy
   * @throws IllegalArgumentException if a size is not positive, or the dimensions differ
   */
  public NdRange local(long... sizes) {
    return new NdRange(global, sizes.clone());
  }

  /**
   * Returns how many dimensions there are.
   *
   * @return one to three
   */
  public int dimensions() {
    return global.length;
  }

  /**
   * Returns the number of work items along a dimension.
   *
   * @param dimension from 0
   * @return the size; 1 for a dimension beyond the last
   */
  public long globalSize(int dimension) {
    return dimension < global.length ? global[dimension] : 1;
  }

  /**
   * Tells whether a local size was given.
   *
   * @return true if it was
   */
  public boolean hasLocal() {
    return local != null;
  }

  /**
   * Returns the number of work items of a group along a dimension.
   *
   * @param dimension from 0
   * @return the size; 1 for a dimension beyond the last, or where none was given
   */
  public long localSize(int dimension) {
    return local != null && dimension < local.length ? local[dimension] : 1;
  }

  /**
   * Returns the number of work items.
   *
   * @return the product of the global sizes
   */
  public long items() {
    return globalSize(0) * globalSize(1) * globalSize(2);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NdRange that
        && Arrays.equals(global, that.global)
        && Arrays.equals(local, that.local);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(global) + Arrays.hashCode(local);
  }

  @Override
  public String toString() {
    return "NdRange[global="
        + Arrays.toString(global)
        + (local == null ? "]" : " local=" + Arrays.toString(local) + "]");
  }
}
