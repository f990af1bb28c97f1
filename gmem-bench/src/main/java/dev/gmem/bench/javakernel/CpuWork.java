package dev.gmem.bench.javakernel;

import dev.gmem.bench.javakernel.SampleKernels.Touch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What the CPU does between launches: the same loops over arrays and over segments. */
final class CpuWork {
  private static final int PERIOD = 97;

  private CpuWork() {}

  static void write(Touch touch, int turn) {
    if (touch.floats()) {
      writeFloats(touch.segment(), touch.count(), turn);
    } else {
      writeInts(touch.segment(), touch.count(), turn);
    }
  }

  static void write(Touch touch, Object array, int turn) {
    if (touch.floats()) {
      write((float[]) array, touch.count(), turn);
    } else {
      write((int[]) array, touch.count(), turn);
    }
  }

  static double read(Touch touch) {
    return touch.floats()
        ? readFloats(touch.segment(), touch.count())
        : readInts(touch.segment(), touch.count());
  }

  static double read(Touch touch, Object array) {
    return touch.floats()
        ? read((float[]) array, touch.count())
        : read((int[]) array, touch.count());
  }

  private static void writeFloats(MemorySegment segment, int count, int turn) {
    for (int i = 0; i < count; i++) {
      segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, (i + turn) % PERIOD * 0.01f);
    }
  }

  private static void write(float[] array, int count, int turn) {
    for (int i = 0; i < count; i++) {
      array[i] = (i + turn) % PERIOD * 0.01f;
    }
  }

  private static void writeInts(MemorySegment segment, int count, int turn) {
    for (int i = 0; i < count; i++) {
      segment.setAtIndex(ValueLayout.JAVA_INT, i, i * PERIOD + turn);
    }
  }

  private static void write(int[] array, int count, int turn) {
    for (int i = 0; i < count; i++) {
      array[i] = i * PERIOD + turn;
    }
  }

  private static float readFloats(MemorySegment segment, int count) {
    float greatest = 0;
    for (int i = 0; i < count; i++) {
      greatest = Math.max(greatest, segment.getAtIndex(ValueLayout.JAVA_FLOAT, i));
    }
    return greatest;
  }

  private static float read(float[] array, int count) {
    float greatest = 0;
    for (int i = 0; i < count; i++) {
      greatest = Math.max(greatest, array[i]);
    }
    return greatest;
  }

  private static int readInts(MemorySegment segment, int count) {
    int sum = 0;
    for (int i = 0; i < count; i++) {
      sum += segment.getAtIndex(ValueLayout.JAVA_INT, i);
    }
    return sum;
  }

  private static int read(int[] array, int count) {
    int sum = 0;
    for (int i = 0; i < count; i++) {
      sum += array[i];
    }
    return sum;
  }
}
