package dev.gmem.aparapi;

import dev.gmem.AddressSpace;
import dev.gmem.Launch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Arrays on the Java heap that a kernel only reads, in unified memory. Each launch compares, and
 * writes what has changed, once the launches that read the old values have ended.
 *
 * <p>Threads: one at a time.
 */
final class Tables implements AutoCloseable {
  private record Table(MemorySegment segment, List<Launch> readers) {}

  private final AddressSpace space;
  private final Map<String, Table> tables = new HashMap<>();
  private final List<Table> used = new ArrayList<>();
  private Arena arena;

  Tables(AddressSpace space) {
    this.space = space;
  }

  /** The unified copy of an array, for the launch that is being made. */
  MemorySegment copyOf(String field, Object array) {
    MemorySegment heap = segment(array);
    if (arena == null) {
      arena = space.arena();
    }
    Table table = tables.get(field);
    if (table == null || table.segment.byteSize() != heap.byteSize()) {
      table = new Table(arena.allocate(heap.byteSize(), Long.BYTES), new ArrayList<>());
      table.segment.copyFrom(heap);
      tables.put(field, table);
    } else if (table.segment.mismatch(heap) >= 0) {
      for (Launch reader : table.readers) {
        reader.completion().handle((result, failure) -> null).toCompletableFuture().join();
      }
      table.segment.copyFrom(heap);
    }
    used.add(table);
    return table.segment;
  }

  /** The launch that asked for tables is on its way; null if it failed. */
  void launched(Launch launch) {
    for (Table table : used) {
      table.readers.removeIf(Launch::isDone);
      if (launch != null) {
        table.readers.add(launch);
      }
    }
    used.clear();
  }

  private static MemorySegment segment(Object array) {
    return switch (array) {
      case byte[] a -> MemorySegment.ofArray(a);
      case short[] a -> MemorySegment.ofArray(a);
      case char[] a -> MemorySegment.ofArray(a);
      case int[] a -> MemorySegment.ofArray(a);
      case long[] a -> MemorySegment.ofArray(a);
      case float[] a -> MemorySegment.ofArray(a);
      case double[] a -> MemorySegment.ofArray(a);
      case boolean[] a -> {
        MemorySegment bytes = MemorySegment.ofArray(new byte[a.length]);
        for (int i = 0; i < a.length; i++) {
          bytes.set(ValueLayout.JAVA_BOOLEAN, i, a[i]);
        }
        yield bytes;
      }
      default ->
          throw new IllegalArgumentException(
              "only arrays of one dimension can be passed from the heap; bind a segment: class="
                  + array.getClass().getTypeName());
    };
  }

  @Override
  public void close() {
    tables.clear();
    if (arena != null && arena.scope().isAlive()) {
      arena.close();
    }
    arena = null;
  }
}
