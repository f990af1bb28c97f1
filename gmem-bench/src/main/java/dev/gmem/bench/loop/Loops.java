package dev.gmem.bench.loop;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.openjdk.jmh.annotations.CompilerControl;

/**
 * The loops that are measured, written as anybody would. Each stays a compilation of its own, as it
 * would be in a program that does more than loop.
 */
public final class Loops {
  /** How many reads {@link #randomReads} makes. */
  public static final int RANDOM_READS = 1 << 16;

  private static final int MULTIPLIER = 0x0019_660D;
  private static final int INCREMENT = 0x3C6E_F35F;

  private Loops() {}

  /**
   * Adds up all ints.
   *
   * @param segment whole ints
   * @return their sum
   */
  @CompilerControl(CompilerControl.Mode.DONT_INLINE)
  public static int sum(MemorySegment segment) {
    int sum = 0;
    long count = segment.byteSize() / Integer.BYTES;
    for (long i = 0; i < count; i++) {
      sum += segment.getAtIndex(ValueLayout.JAVA_INT, i);
    }
    return sum;
  }

  /**
   * Writes ascending ints.
   *
   * @param segment whole ints
   * @param first what the first one becomes
   */
  @CompilerControl(CompilerControl.Mode.DONT_INLINE)
  public static void fill(MemorySegment segment, int first) {
    long count = segment.byteSize() / Integer.BYTES;
    for (long i = 0; i < count; i++) {
      segment.setAtIndex(ValueLayout.JAVA_INT, i, first + (int) i);
    }
  }

  /**
   * Adds a multiple of one vector of floats to another.
   *
   * @param factor the multiple
   * @param x what is multiplied
   * @param y what it is added to; as long as {@code x}
   */
  @CompilerControl(CompilerControl.Mode.DONT_INLINE)
  public static void saxpy(float factor, MemorySegment x, MemorySegment y) {
    long count = x.byteSize() / Float.BYTES;
    for (long i = 0; i < count; i++) {
      float product = factor * x.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      y.setAtIndex(ValueLayout.JAVA_FLOAT, i, product + y.getAtIndex(ValueLayout.JAVA_FLOAT, i));
    }
  }

  /**
   * Adds up ints from places that follow no pattern.
   *
   * @param segment a power of two of ints
   * @param seed decides on the places
   * @return the sum of {@link #RANDOM_READS} ints
   */
  @CompilerControl(CompilerControl.Mode.DONT_INLINE)
  public static int randomReads(MemorySegment segment, int seed) {
    int shift = Long.numberOfLeadingZeros(segment.byteSize() / Integer.BYTES) - Integer.SIZE + 1;
    int sum = 0;
    int place = seed;
    for (int i = 0; i < RANDOM_READS; i++) {
      place = place * MULTIPLIER + INCREMENT;
      sum += segment.getAtIndex(ValueLayout.JAVA_INT, place >>> shift);
    }
    return sum;
  }

  /**
   * Adds up all ints of a buffer.
   *
   * @param buffer whole ints
   * @return their sum
   */
  @CompilerControl(CompilerControl.Mode.DONT_INLINE)
  public static int sum(ByteBuffer buffer) {
    int sum = 0;
    for (int i = 0; i < buffer.limit(); i += Integer.BYTES) {
      sum += buffer.getInt(i);
    }
    return sum;
  }
}
