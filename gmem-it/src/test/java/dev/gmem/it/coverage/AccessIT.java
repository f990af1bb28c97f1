package dev.gmem.it.coverage;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.lang.invoke.VarHandle.AccessMode;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way a segment can be accessed, while its memory lives on a device. */
@Tag("modes")
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AccessIT {
  private static final List<ValueLayout> TYPES =
      List.of(
          ValueLayout.JAVA_BYTE,
          ValueLayout.JAVA_SHORT,
          ValueLayout.JAVA_CHAR,
          ValueLayout.JAVA_INT,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_FLOAT,
          ValueLayout.JAVA_DOUBLE,
          ValueLayout.ADDRESS);

  private Away away;

  @BeforeAll
  void open() {
    away = new Away();
  }

  @AfterAll
  void close() {
    away.close();
  }

  static Stream<ValueLayout> layouts() {
    return TYPES.stream()
        .flatMap(t -> Stream.of(t, t.withOrder(ByteOrder.BIG_ENDIAN)))
        .flatMap(t -> Stream.of(t, t.withByteAlignment(1)));
  }

  private static Object get(VarHandle handle, MemorySegment segment, long offset) throws Throwable {
    return handle.toMethodHandle(AccessMode.GET).invoke(segment, offset);
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void plainReadsAndWritesOfAllTypes(ValueLayout layout) throws Throwable {
    VarHandle handle = layout.varHandle();
    long offset = layout.byteAlignment() == 1 ? 4091 : 8; // the unaligned one crosses granules
    MemorySegment segment = away.segment();
    assertEquals(get(handle, away.expected(), offset), get(handle, segment, offset));
    away.faulted();
    segment = away.segment();
    Object value = get(handle, away.expected(), offset + layout.byteSize());
    MethodHandle set = handle.toMethodHandle(AccessMode.SET);
    set.invoke(segment, offset, value);
    away.faulted();
    MemorySegment wanted = away.expected();
    set.invoke(wanted, offset, value);
    away.sameOnDevice(wanted);
    assertEquals(-1, segment.mismatch(wanted));
  }

  static Stream<Object[]> accessModes() {
    List<Object[]> all = new ArrayList<>();
    for (ValueLayout type : TYPES) {
      if (type.equals(ValueLayout.ADDRESS)) {
        continue;
      }
      for (AccessMode mode : AccessMode.values()) {
        if (type.varHandle().isAccessModeSupported(mode)) {
          all.add(new Object[] {type, mode});
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("accessModes")
  void varHandlesInEveryAccessMode(ValueLayout layout, AccessMode mode) throws Throwable {
    VarHandle handle = layout.varHandle();
    MemorySegment segment = away.segment();
    MemorySegment twin = away.expected();
    List<Object> values = new ArrayList<>();
    int operands = handle.accessModeType(mode).parameterCount() - 2;
    for (int i = 0; i < operands; i++) {
      values.add(get(handle, twin, 512 - i * 64L)); // an expected value is the right one
    }
    if (operands == 2) {
      values = List.of(values.get(0), values.get(1));
    }
    MethodHandle access = handle.toMethodHandle(mode);
    Object here = access.invokeWithArguments(arguments(segment, 512, values));
    away.faulted();
    Object there = access.invokeWithArguments(arguments(twin, 512, values));
    if (!mode.name().startsWith("WEAK")) {
      assertEquals(there, here);
      away.sameOnDevice(twin);
      assertEquals(-1, segment.mismatch(twin));
    }
  }

  private static List<Object> arguments(MemorySegment segment, long offset, List<Object> operands) {
    List<Object> all = new ArrayList<>(List.of(segment, offset));
    all.addAll(operands);
    return all;
  }

  @Test
  void indexedAccess() {
    MemorySegment segment = away.segment();
    assertEquals(away.expected().getAtIndex(JAVA_BYTE, 77), segment.getAtIndex(JAVA_BYTE, 77));
    away.faulted();
    segment = away.segment();
    segment.setAtIndex(JAVA_INT, 3, 42);
    away.faulted();
    assertEquals(42, (int) (away.onDevice(8) >> 32));
  }

  @Test
  void slicesAndLayoutPaths() {
    MemorySegment slice = away.segment().asSlice(4100, 200).asSlice(28, 8);
    assertEquals(away.expected(4128), slice.get(JAVA_BYTE, 0));
    away.faulted();
    VarHandle nested =
        MemoryLayout.sequenceLayout(
                100, MemoryLayout.structLayout(JAVA_INT, JAVA_INT.withName("b")))
            .varHandle(
                MemoryLayout.PathElement.sequenceElement(),
                MemoryLayout.PathElement.groupElement("b"));
    MemorySegment segment = away.segment();
    assertEquals(
        away.expected().get(JAVA_INT.withByteAlignment(1), 36), (int) nested.get(segment, 0L, 4L));
    away.faulted();
  }

  @Test
  void strings() {
    String text = "the quick brown fox, déjà vu";
    away.segment().setString(100, text);
    away.faulted();
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    MemorySegment wanted = away.expected();
    MemorySegment.copy(bytes, 0, wanted, JAVA_BYTE, 100, bytes.length);
    wanted.set(JAVA_BYTE, 100 + bytes.length, (byte) 0);
    away.sameOnDevice(wanted);
    MemorySegment segment = away.segment();
    segment.set(JAVA_BYTE, Away.BYTES - 1, (byte) 0);
    String all = segment.getString(Away.BYTES - 300, StandardCharsets.ISO_8859_1);
    assertEquals(299, all.length());
    assertEquals((char) away.expected(Away.BYTES - 300), all.charAt(0));
  }

  @Test
  void fill() {
    for (int length : new int[] {3, 64, 9000}) {
      away.segment().asSlice(1000, length).fill((byte) 9);
      away.faulted();
      MemorySegment wanted = away.expected();
      wanted.asSlice(1000, length).fill((byte) 9);
      away.sameOnDevice(wanted);
    }
  }

  @Test
  void copiesFromAndToTheHeap() {
    for (int length : new int[] {5, 100, 10_000}) {
      byte[] bytes = new byte[length];
      MemorySegment.copy(away.segment(), JAVA_BYTE, 3000, bytes, 0, length);
      away.faulted();
      assertArrayEquals(
          away.expected().asSlice(3000, length).toArray(JAVA_BYTE), bytes, "length " + length);
      byte[] other = new byte[length];
      Arrays.fill(other, (byte) 5);
      MemorySegment segment = away.segment();
      MemorySegment.copy(other, 0, segment, JAVA_BYTE, 3000, length);
      away.faulted();
      MemorySegment wanted = away.expected();
      MemorySegment.copy(other, 0, wanted, JAVA_BYTE, 3000, length);
      away.sameOnDevice(wanted);
    }
  }

  @Test
  void copiesWithinItOverlapping() {
    for (int distance : new int[] {1, 64, 5000, -1, -64, -5000}) {
      MemorySegment segment = away.segment();
      MemorySegment wanted = away.expected();
      long from = distance > 0 ? 0 : -distance;
      long to = distance > 0 ? distance : 0;
      long length = Away.BYTES - Math.abs(distance);
      MemorySegment.copy(segment, from, segment, to, length);
      away.faulted();
      MemorySegment.copy(wanted, from, wanted, to, length);
      assertEquals(-1, segment.mismatch(wanted), "distance " + distance);
    }
  }

  @Test
  void copiesThatSwapBytes() {
    MemorySegment segment = away.segment();
    int[] ints = new int[500];
    ValueLayout.OfInt swapped = JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);
    MemorySegment.copy(segment, swapped, 4, ints, 0, ints.length);
    away.faulted();
    assertEquals(away.expected().get(swapped.withByteAlignment(1), 4 + 4 * 499), ints[499]);
    segment = away.segment();
    MemorySegment.copy(ints, 0, segment, swapped, 4, ints.length);
    away.faulted();
    assertEquals(ints[10], segment.get(swapped, 44));
  }

  @Test
  void mismatch() {
    MemorySegment segment = away.segment();
    MemorySegment twin = away.expected();
    twin.set(JAVA_BYTE, 9001, (byte) 0);
    assertEquals(9001, segment.mismatch(twin));
    away.faulted();
  }

  @Test
  void streamsAndSpliterators() {
    long wanted = 0;
    MemorySegment segment = away.segment();
    for (long i = 0; i < Away.BYTES; i++) {
      wanted += away.expected(i);
    }
    long sum = segment.elements(JAVA_BYTE).parallel().mapToLong(s -> s.get(JAVA_BYTE, 0)).sum();
    away.faulted();
    assertEquals(wanted, sum);
  }

  @Test
  void virtualThreads() throws InterruptedException {
    MemorySegment segment = away.segment();
    long[] seen = new long[64];
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < seen.length; i++) {
      int index = i;
      threads.add(
          Thread.ofVirtual().start(() -> seen[index] = segment.get(JAVA_BYTE, index * 256L)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    away.faulted();
    for (int i = 0; i < seen.length; i++) {
      assertEquals(away.expected(i * 256L), seen[i]);
    }
  }
}
