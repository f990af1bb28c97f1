package dev.gmem.it.coverage;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.Adler32;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Byte buffers, and everything that takes them or segments to native code. */
@Tag("modes")
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BufferIT {
  private Away away;

  @BeforeAll
  void open() {
    away = new Away();
  }

  @AfterAll
  void close() {
    away.close();
  }

  private static Object[] view(String name, Function<ByteBuffer, Object> read) {
    return new Object[] {name, read};
  }

  static Stream<Object[]> reads() {
    return Stream.of(
        view("byte", b -> b.get(4099)),
        view("short", b -> b.getShort(4099)),
        view("char", b -> b.getChar(4099)),
        view("int", b -> b.getInt(4093)),
        view("long", b -> b.getLong(4090)),
        view("float", b -> b.getFloat(4099)),
        view("double", b -> b.getDouble(4099)),
        view("shorts", b -> b.asShortBuffer().get(77)),
        view("chars", b -> b.asCharBuffer().get(77)),
        view("ints", b -> b.asIntBuffer().get(77)),
        view("longs", b -> b.asLongBuffer().get(77)),
        view("floats", b -> b.asFloatBuffer().get(77)),
        view("doubles", b -> b.asDoubleBuffer().get(77)),
        view("relative", b -> b.position(5000).getInt()),
        view("slice", b -> b.slice(5000, 100).getInt(3)),
        view("duplicate", b -> b.duplicate().get(9)),
        view("read only", b -> b.asReadOnlyBuffer().get(9)),
        view("mismatch", b -> b.mismatch(ByteBuffer.allocate(Away.BYTES))),
        view("hash", ByteBuffer::hashCode),
        view("compact", b -> b.position(4).compact().get(0)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("reads")
  void readsInBothByteOrders(String name, Function<ByteBuffer, Object> read) {
    for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
      ByteBuffer buffer = away.segment().asByteBuffer().order(order);
      ByteBuffer twin = away.expected().asByteBuffer().order(order);
      assertEquals(read.apply(twin), read.apply(buffer));
      away.faulted();
    }
  }

  static Stream<Object[]> writes() {
    return Stream.of(
        view("byte", b -> b.put(4099, (byte) 7)),
        view("short", b -> b.putShort(4095, (short) 777)),
        view("char", b -> b.putChar(4095, 'x')),
        view("int", b -> b.putInt(4093, 77777)),
        view("long", b -> b.putLong(4090, 7777777L)),
        view("float", b -> b.putFloat(4093, 7.5f)),
        view("double", b -> b.putDouble(4090, 7.5)),
        view("ints", b -> b.asIntBuffer().put(77, 99)),
        view("longs", b -> b.asLongBuffer().put(77, 99)),
        view("doubles", b -> b.asDoubleBuffer().put(77, 99)),
        view("array", b -> b.put(4000, new byte[300])),
        view("int array", b -> b.asIntBuffer().put(1000, new int[300])),
        view("buffer", b -> b.position(100).put(ByteBuffer.wrap(new byte[5000]))),
        view("direct buffer", b -> b.position(100).put(ByteBuffer.allocateDirect(5000))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("writes")
  void writesInBothByteOrders(String name, Function<ByteBuffer, Object> write) {
    for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
      write.apply(away.segment().asByteBuffer().order(order));
      away.faulted();
      MemorySegment twin = away.expected();
      write.apply(twin.asByteBuffer().order(order));
      away.sameOnDevice(twin);
    }
  }

  @Test
  void bulkGets() {
    byte[] bytes = new byte[9000];
    away.segment().asByteBuffer().get(1000, bytes);
    away.faulted();
    assertArrayEquals(away.expected().asSlice(1000, 9000).toArray(JAVA_BYTE), bytes);
    long[] longs = new long[500];
    away.segment().asByteBuffer().order(ByteOrder.nativeOrder()).asLongBuffer().get(10, longs);
    away.faulted();
    assertEquals(away.expected().get(JAVA_LONG.withByteAlignment(1), 80 + 8 * 499), longs[499]);
  }

  @Test
  void fileChannels(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("file");
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      assertEquals(Away.BYTES, channel.write(away.segment().asByteBuffer()));
      away.faulted();
      assertArrayEquals(away.expected().toArray(JAVA_BYTE), Files.readAllBytes(file));
      MemorySegment written = away.expected();
      MemorySegment segment = away.segment();
      assertEquals(Away.BYTES, channel.read(segment.asByteBuffer(), 0));
      away.faulted();
      assertEquals(-1, segment.mismatch(written));
      away.sameOnDevice(written);
    }
  }

  @Test
  void pipes() throws Exception {
    Pipe pipe = Pipe.open();
    try (var sink = pipe.sink();
        var source = pipe.source()) {
      sink.write(away.segment().asSlice(0, 4000).asByteBuffer());
      away.faulted();
      MemorySegment sent = away.expected();
      ByteBuffer received = away.segment().asSlice(8192, 4000).asByteBuffer();
      while (received.hasRemaining()) {
        source.read(received);
      }
      away.faulted();
      assertEquals(-1, sent.asSlice(0, 4000).asByteBuffer().mismatch(received.flip()));
    }
  }

  @Test
  void downcalls() throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle strlen =
        linker.downcallHandle(
            linker.defaultLookup().find("strlen").orElseThrow(),
            FunctionDescriptor.of(JAVA_LONG, ADDRESS));
    MemorySegment segment = away.segment();
    segment.set(JAVA_BYTE, 9000, (byte) 0);
    assertEquals(8000, (long) strlen.invoke(segment.asSlice(1000)));
    MethodHandle memset =
        linker.downcallHandle(
            linker.defaultLookup().find("memset").orElseThrow(),
            FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT, JAVA_LONG));
    segment = away.segment();
    MemorySegment ignored = (MemorySegment) memset.invoke(segment.asSlice(100, 5000), 3, 5000L);
    away.faulted();
    MemorySegment wanted = away.expected();
    wanted.asSlice(100, 5000).fill((byte) 3);
    away.sameOnDevice(wanted);
    assertTrue(ignored.address() != 0);
  }

  @Test
  void checksums() {
    for (Checksum checksum : new Checksum[] {new CRC32(), new CRC32C(), new Adler32()}) {
      checksum.update(away.segment().asByteBuffer());
      away.faulted();
      long here = checksum.getValue();
      checksum.reset();
      checksum.update(away.expected().toArray(JAVA_BYTE), 0, Away.BYTES);
      assertEquals(checksum.getValue(), here, checksum.getClass().getName());
    }
  }

  @Test
  void deflating() throws Exception {
    Deflater deflater = new Deflater();
    deflater.setInput(away.segment().asByteBuffer());
    deflater.finish();
    ByteBuffer packed = ByteBuffer.allocate(2 * Away.BYTES);
    while (!deflater.finished()) {
      deflater.deflate(packed);
    }
    deflater.end();
    away.faulted();
    final MemorySegment wanted = away.expected();
    Inflater inflater = new Inflater();
    inflater.setInput(packed.flip());
    MemorySegment segment = away.segment();
    assertEquals(Away.BYTES, inflater.inflate(segment.asByteBuffer()));
    inflater.end();
    away.faulted();
    assertEquals(-1, segment.mismatch(wanted));
    away.sameOnDevice(wanted);
  }
}
