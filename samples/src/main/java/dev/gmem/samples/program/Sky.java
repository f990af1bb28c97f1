package dev.gmem.samples.program;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.gmem.samples.data.Picture;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Draws bodies as they are seen from far above the sun, straight from unified memory. */
final class Sky {
  private static final double WIDTH_AU = 11.2;
  private static final int NIGHT = 0xFF08_0C18;
  private static final int ROCK = 0xFFA8_B4C2;
  private static final int[] COLOURS = {
    0xFFFFF176,
    0xFFB0A090,
    0xFFFFCC80,
    0xFF4FC3F7,
    0xFFFF7043,
    0xFFD7B98E,
    0xFFE6D690,
    0xFF80DEEA,
    0xFF5C8BFF
  };

  private final Picture picture;

  /** Makes an empty one of so many pixels, each way. */
  Sky(int pixels) {
    picture = Picture.filled(pixels, pixels, NIGHT);
  }

  /** All colours there can be. */
  static int[] palette() {
    return IntStream.concat(IntStream.of(NIGHT, ROCK), Arrays.stream(COLOURS)).toArray();
  }

  Picture picture() {
    return picture;
  }

  void clear() {
    Arrays.fill(picture.argb(), NIGHT);
  }

  /**
   * Draws some bodies over what is there, the first one last.
   *
   * @param bodies four floats each: x, y, z, and something
   * @param first the first of them
   * @param end one beyond the last
   */
  void draw(MemorySegment bodies, int first, int end) {
    for (int body = end - 1; body >= first; body--) {
      float right = bodies.getAtIndex(JAVA_FLOAT, (long) body * NBody.FLOATS_PER_BODY);
      float up = bodies.getAtIndex(JAVA_FLOAT, (long) body * NBody.FLOATS_PER_BODY + 1);
      dot(right, up, body);
    }
  }

  private void dot(float right, float up, int body) {
    int pixels = picture.width();
    double scale = pixels / WIDTH_AU;
    int colour = body < COLOURS.length ? COLOURS[body] : ROCK;
    int thickness = body == 0 ? 3 : body < COLOURS.length ? 1 : 0;
    long x = Math.round(pixels / 2.0 + right * scale);
    long y = Math.round(pixels / 2.0 - up * scale);
    for (long row = Math.max(0, y - thickness); row <= y + thickness; row++) {
      for (long column = Math.max(0, x - thickness); column <= x + thickness; column++) {
        if (row < pixels && column < pixels) {
          picture.argb()[(int) (row * pixels + column)] = colour;
        }
      }
    }
  }
}
