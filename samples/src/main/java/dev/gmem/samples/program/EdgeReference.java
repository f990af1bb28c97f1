package dev.gmem.samples.program;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.gmem.samples.data.Picture;
import java.lang.foreign.MemorySegment;

/**
 * The edges of a picture in plain Java: double precision, on the heap, the blur done along rows and
 * then along columns. Shares no code with the kernels.
 */
final class EdgeReference {
  private static final double[] WEIGHTS = {1 / 16.0, 4 / 16.0, 6 / 16.0, 4 / 16.0, 1 / 16.0};

  private final Picture picture;
  private final int width;
  private final int height;

  /** Rows blurred along the row, and rows blurred both ways; only a few of each at a time. */
  private final double[][] lines;

  private final double[][] smooth;

  EdgeReference(Picture picture) {
    this.picture = picture;
    width = picture.width();
    height = picture.height();
    lines = new double[height][];
    smooth = new double[height][];
  }

  /** Returns a row of the blurred picture; rows are asked for in ascending order. */
  private double[] smoothRow(int y) {
    if (smooth[y] == null) {
      smooth[y] = new double[width];
      for (int k = 0; k < WEIGHTS.length; k++) {
        int near = Math.clamp(y + k - 2, 0, height - 1);
        if (lines[near] == null) {
          lines[near] = blurredRow(picture, near);
        }
        for (int x = 0; x < width; x++) {
          smooth[y][x] += WEIGHTS[k] * lines[near][x];
        }
      }
      if (y >= 3) {
        lines[y - 3] = null;
        smooth[y - 3] = null;
      }
    }
    return smooth[y];
  }

  private static double[] blurredRow(Picture picture, int y) {
    int width = picture.width();
    double[] luma = new double[width];
    for (int x = 0; x < width; x++) {
      int p = picture.argb()[y * width + x];
      luma[x] = 0.299 * (p >>> 16 & 0xFF) + 0.587 * (p >>> 8 & 0xFF) + 0.114 * (p & 0xFF);
    }
    double[] blurred = new double[width];
    for (int x = 0; x < width; x++) {
      for (int k = 0; k < WEIGHTS.length; k++) {
        blurred[x] += WEIGHTS[k] * luma[Math.clamp(x + k - 2, 0, width - 1)];
      }
    }
    return blurred;
  }

  double gradient(int x, int y) {
    double[] above = smoothRow(Math.max(y - 1, 0));
    double[] here = smoothRow(y);
    double[] below = smoothRow(Math.min(y + 1, height - 1));
    int left = Math.max(x - 1, 0);
    int right = Math.min(x + 1, width - 1);
    double east = above[right] + 2 * here[right] + below[right];
    double west = above[left] + 2 * here[left] + below[left];
    double south = below[left] + 2 * below[x] + below[right];
    double north = above[left] + 2 * above[x] + above[right];
    return Math.hypot(east - west, south - north);
  }

  /** Compares gradients, row by row, with what plain Java makes of the picture. */
  static double distanceMax(Picture picture, MemorySegment gradients) {
    EdgeReference reference = new EdgeReference(picture);
    double distance = 0;
    for (int y = 0; y < reference.height; y++) {
      for (int x = 0; x < reference.width; x++) {
        long index = (long) y * reference.width + x;
        double found = gradients.getAtIndex(JAVA_FLOAT, index);
        distance = Distance.max(distance, found - reference.gradient(x, y));
      }
    }
    return distance;
  }
}
