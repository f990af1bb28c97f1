package dev.gmem.samples.data;

import java.util.Objects;

/**
 * A picture in memory.
 *
 * @param width pixels of a row
 * @param height rows
 * @param argb the pixels, row by row: alpha, red, green, blue from the highest byte down
 */
public record Picture(int width, int height, int[] argb) {
  /** Checks the sizes. The array is not copied. */
  public Picture {
    Objects.requireNonNull(argb, "argb");
    if (width <= 0 || height <= 0 || argb.length != (long) width * height) {
      throw new IllegalArgumentException(
          "a picture needs width x height pixels: width="
              + width
              + " height="
              + height
              + " pixels="
              + argb.length);
    }
  }

  /**
   * Makes a picture of one colour.
   *
   * @param width pixels of a row
   * @param height rows
   * @param colour of all pixels
   * @return the picture
   */
  public static Picture filled(int width, int height, int colour) {
    int[] argb = new int[Math.multiplyExact(width, height)];
    java.util.Arrays.fill(argb, colour);
    return new Picture(width, height, argb);
  }

  /**
   * Mixes two opaque colours.
   *
   * @param under the colour for weight 0; the result has its alpha
   * @param over the colour for weight 1
   * @param weight from 0 to 1
   * @return the mixture
   */
  public static int mix(int under, int over, float weight) {
    int mixed = under & 0xFF00_0000;
    for (int shift = 0; shift <= 16; shift += 8) {
      int low = under >>> shift & 0xFF;
      int high = over >>> shift & 0xFF;
      mixed |= Math.round(low + (high - low) * weight) << shift;
    }
    return mixed;
  }
}
