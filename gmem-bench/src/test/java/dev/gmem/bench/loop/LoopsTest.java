package dev.gmem.bench.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoopsTest {
  private static final int COUNT = 1024;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment = arena.allocate(ValueLayout.JAVA_INT, COUNT);

  @AfterEach
  void close() {
    arena.close();
  }

  @Test
  void fillWritesAscendingInts() {
    Loops.fill(segment, 7);
    assertThat(segment.toArray(ValueLayout.JAVA_INT))
        .isEqualTo(IntStream.range(7, 7 + COUNT).toArray());
  }

  @Test
  void sumsOfSegmentAndBufferAreThoseOfTheArray() {
    Loops.fill(segment, Integer.MAX_VALUE - COUNT / 2);
    int sum = IntStream.of(segment.toArray(ValueLayout.JAVA_INT)).sum();
    assertThat(Loops.sum(segment)).isEqualTo(sum);
    assertThat(Loops.sum(segment.asByteBuffer().order(ByteOrder.nativeOrder()))).isEqualTo(sum);
  }

  @Test
  void saxpyAddsAMultiple() {
    MemorySegment y = arena.allocate(ValueLayout.JAVA_FLOAT, COUNT);
    for (int i = 0; i < COUNT; i++) {
      segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
      y.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1);
    }
    Loops.saxpy(0.5f, segment, y);
    for (int i = 0; i < COUNT; i++) {
      assertThat(y.getAtIndex(ValueLayout.JAVA_FLOAT, i)).isEqualTo(0.5f * i + 1);
    }
  }

  @Test
  void randomReadsStayInsideAndReachBothHalvesOfAnySize() {
    for (long ints = 2; ints <= 1 << 16; ints *= 2) {
      MemorySegment memory = arena.allocate(ValueLayout.JAVA_INT, ints);
      memory.asSlice(0, memory.byteSize() / 2).fill((byte) 0);
      for (long i = ints / 2; i < ints; i++) {
        memory.setAtIndex(ValueLayout.JAVA_INT, i, 1);
      }
      int upper = Loops.randomReads(memory, 1);
      assertThat(upper)
          .as("reads of the upper half, of %d", ints)
          .isBetween(Loops.RANDOM_READS / 4, Loops.RANDOM_READS * 3 / 4);
    }
  }

  @Test
  void plainMemoryIsAlignedAndZero() {
    LoopMemory memory = LoopMemory.open(LoopMemory.Kind.RAW, LoopMemory.History.PLAIN);
    MemorySegment allocated = memory.allocate(1 << 16);
    assertThat(allocated.address() % LoopMemory.ALIGNMENT_BYTES).isZero();
    assertThat(Loops.sum(allocated)).isZero();
    memory.makeHistory();
    memory.verify();
    memory.close();
    assertThat(allocated.scope().isAlive()).isFalse();
  }
}
