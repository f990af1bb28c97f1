package dev.gmem.testkit;

import dev.gmem.spi.GmRange;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Linked lists for {@link ContractKernel#CHASE}. */
final class TestLists {
  private static final long NODE_BYTES = 2 * Long.BYTES;

  private TestLists() {}

  /** Builds a list whose nodes alternate between two allocations, and returns the sum of it. */
  static long zigzag(TestSpace space, GmRange head, GmRange rest, int nodes) {
    long sum = 0;
    for (int i = 0; i < nodes; i++) {
      MemorySegment frames = space.host(i % 2 == 0 ? head : rest);
      long next = i + 1 < nodes ? address(head, rest, i + 1, nodes) : 0;
      long offset = address(head, rest, i, nodes) - frames.address();
      frames.set(ValueLayout.JAVA_LONG, offset, next);
      frames.set(ValueLayout.JAVA_LONG, offset + Long.BYTES, 1L << i % 40);
      sum += 1L << i % 40;
    }
    return sum;
  }

  private static long address(GmRange head, GmRange rest, int i, int nodes) {
    GmRange range = i % 2 == 0 ? head : rest;
    long stride = range.bytes() / nodes / NODE_BYTES * NODE_BYTES;
    return range.address() + i * stride;
  }
}
