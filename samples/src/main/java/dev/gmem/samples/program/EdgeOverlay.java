package dev.gmem.samples.program;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.gmem.samples.data.Picture;
import java.lang.foreign.MemorySegment;

/**
 * Paints edges over a picture. What counts as an edge depends on the picture: from the gradient 93
 * % of the pixels stay below, faintly, to that which 97 % stay below, fully.
 */
final class EdgeOverlay {
  private static final int TINT = 0xFF4D_FF5A;
  private static final double FAINT_SHARE = 0.90;
  private static final double FULL_SHARE = 0.97;

  /** Least difference of brightness worth a line, so that an even picture has none. */
  private static final float FAINT_MIN = 8;

  /** How much of the tint the flanks of an edge get. */
  private static final float HALO = 0.35f;

  private static final int BINS = 4096;
  private static final float GRADIENT_MAX = 1200;

  private final float faint;
  private final float full;
  private long painted;

  private EdgeOverlay(float faint, float full) {
    this.faint = faint;
    this.full = full;
  }

  static EdgeOverlay of(MemorySegment gradients) {
    long count = gradients.byteSize() / Float.BYTES;
    long[] bins = new long[BINS];
    for (long i = 0; i < count; i++) {
      float gradient = gradients.getAtIndex(JAVA_FLOAT, i);
      bins[(int) Math.clamp(gradient / GRADIENT_MAX * BINS, 0, BINS - 1)]++;
    }
    float faint = Math.max(FAINT_MIN, quantile(bins, count, FAINT_SHARE));
    return new EdgeOverlay(faint, Math.max(2 * faint, quantile(bins, count, FULL_SHARE)));
  }

  private static float quantile(long[] bins, long count, double share) {
    long below = 0;
    int bin = 0;
    while (bin < BINS - 1 && below + bins[bin] < share * count) {
      below += bins[bin++];
    }
    return bin * GRADIENT_MAX / BINS;
  }

  Picture paint(int width, int height, MemorySegment pixels, MemorySegment gradients) {
    int[] argb = new int[width * height];
    painted = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int i = y * width + x;
        float weight = weight(gradients.getAtIndex(JAVA_FLOAT, i));
        boolean ridge = weight > 0 && ridge(gradients, width, height, x, y);
        int pixel = pixels.getAtIndex(JAVA_INT, i);
        argb[i] = weight == 0 ? pixel : Picture.mix(pixel, TINT, ridge ? weight : HALO * weight);
        painted += ridge ? 1 : 0;
      }
    }
    return new Picture(width, height, argb);
  }

  /** Tells whether the gradient is highest here across some direction: the middle of an edge. */
  private static boolean ridge(MemorySegment gradients, int width, int height, int x, int y) {
    float here = gradients.getAtIndex(JAVA_FLOAT, (long) y * width + x);
    int left = Math.max(x - 1, 0);
    int right = Math.min(x + 1, width - 1);
    int above = Math.max(y - 1, 0);
    int below = Math.min(y + 1, height - 1);
    float west = gradients.getAtIndex(JAVA_FLOAT, (long) y * width + left);
    float east = gradients.getAtIndex(JAVA_FLOAT, (long) y * width + right);
    float north = gradients.getAtIndex(JAVA_FLOAT, (long) above * width + x);
    float south = gradients.getAtIndex(JAVA_FLOAT, (long) below * width + x);
    return here > west && here >= east || here > north && here >= south;
  }

  /** A smooth step from faint to full. */
  float weight(float gradient) {
    float t = Math.clamp((gradient - faint) / (full - faint), 0f, 1f);
    return t * t * (3 - 2 * t);
  }

  long paintedPixels() {
    return painted;
  }
}
