package dev.gmem.samples.program;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/** The game of life in plain Java: living cells tell their neighbours, on a torus. */
final class LifeReference {
  private final int size;
  private BitSet alive;

  LifeReference(int size) {
    this.size = size;
    this.alive = new BitSet(size * size);
  }

  int size() {
    return size;
  }

  int alive() {
    return alive.cardinality();
  }

  void bring(int x, int y) {
    alive.set(y * size + x);
  }

  void step() {
    byte[] near = new byte[size * size];
    for (int cell = alive.nextSetBit(0); cell >= 0; cell = alive.nextSetBit(cell + 1)) {
      for (int dy = -1; dy <= 1; dy++) {
        int row = Math.floorMod(cell / size + dy, size) * size;
        for (int dx = -1; dx <= 1; dx++) {
          near[row + Math.floorMod(cell % size + dx, size)]++;
        }
      }
    }
    // A living cell has counted itself.
    BitSet next = new BitSet(size * size);
    for (int cell = 0; cell < near.length; cell++) {
      next.set(cell, near[cell] == 3 || near[cell] == 4 && alive.get(cell));
    }
    alive = next;
  }

  long differences(MemorySegment grid) {
    long differences = 0;
    for (int cell = 0; cell < size * size; cell++) {
      if (grid.get(JAVA_BYTE, cell) != (alive.get(cell) ? 1 : 0)) {
        differences++;
      }
    }
    return differences;
  }
}
