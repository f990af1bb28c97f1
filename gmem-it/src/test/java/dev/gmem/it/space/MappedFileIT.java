package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.AddressSpace;
import dev.gmem.FileBackingException;
import dev.gmem.Gmem;
import dev.gmem.GmemException;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files in unified memory, with the real agent and simulated devices. */
@Timeout(120)
class MappedFileIT {
  static final int GRANULE_BYTES = 1 << 16;
  private static final int OFFSET = 1000;
  private static final int LONGS = 100_003;

  @TempDir private Path folder;
  private Path file;
  private AddressSpace space;
  private Arena arena;
  private Kernel add;

  @BeforeEach
  void open() throws IOException {
    byte[] content = new byte[OFFSET + LONGS * 8];
    MemorySegment memory = MemorySegment.ofArray(content);
    for (long i = 0; i < LONGS; i++) {
      memory.set(JAVA_LONG_UNALIGNED, OFFSET + 8 * i, i);
    }
    file = Files.write(folder.resolve("data"), content);
    space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES));
    arena = space.arena();
    add =
        space
            .attach(Sim.builder("sim0").build())
            .load(
                KernelSource.java(
                    "add",
                    (item, memory2, arguments) -> {
                      long at = arguments.address(0) + 8 * item.globalId(0);
                      long more = arguments.getLong(1);
                      long value = memory2.getLong(at);
                      if (more != 0) {
                        memory2.putLong(at, value + more);
                      } else if (value != item.globalId(0)) {
                        throw new AssertionError("read " + value + " at " + item.globalId(0));
                      }
                    },
                    Parameter.READ_WRITE,
                    Parameter.SCALAR))
            .kernel("add");
  }

  @AfterEach
  void close() {
    space.close();
  }

  private MemorySegment map(MapMode mode) {
    return space.map(arena, file, mode, OFFSET, LONGS * 8L);
  }

  private void onDevice(MemorySegment segment, long first, long end, long more) {
    add.launch(NdRange.of(end - first), segment.asSlice(8 * first, 8 * (end - first)), more).join();
  }

  private long inFile(long index) throws IOException {
    return MemorySegment.ofArray(Files.readAllBytes(file))
        .get(JAVA_LONG_UNALIGNED, OFFSET + 8 * index);
  }

  private void truncate(long length) throws IOException {
    try (RandomAccessFile other = new RandomAccessFile(file.toFile(), "rw")) {
      other.setLength(length);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void fileRead(boolean shared) {
    MemorySegment data = map(shared ? MapMode.READ_WRITE : MapMode.PRIVATE);
    assertEquals(data.byteSize(), space.residency(data).bytes(PageState.FILE));
    onDevice(data, 0, LONGS / 2, 0);
    assertTrue(space.residency(data).bytes(PageState.FILE) > data.byteSize() / 3);
    for (int i = 0; i < LONGS; i++) {
      assertEquals(i, data.getAtIndex(JAVA_LONG_UNALIGNED, i));
    }
    onDevice(data, 0, LONGS, 0);
    MemorySegment readOnly = map(MapMode.READ_ONLY);
    assertEquals(LONGS - 1, readOnly.getAtIndex(JAVA_LONG_UNALIGNED, LONGS - 1));
    assertThrows(
        IllegalArgumentException.class, () -> add.launch(NdRange.of(1), readOnly, 1L).join());
  }

  @Test
  void fileWrite() throws IOException {
    MemorySegment data = map(MapMode.READ_WRITE);
    onDevice(data, 0, LONGS / 2, 1_000_000);
    for (int i = LONGS / 2; i < LONGS; i++) {
      data.setAtIndex(JAVA_LONG_UNALIGNED, i, i + 1_000_000L);
    }
    assertEquals(5, inFile(5));
    space.flush(data);
    for (int i : new int[] {0, 5, LONGS / 2 - 1, LONGS / 2, LONGS - 1}) {
      assertEquals(i + 1_000_000L, inFile(i));
    }
    onDevice(data, 0, 10, 1);
    data.setAtIndex(JAVA_LONG_UNALIGNED, LONGS - 1, -1);
    arena.close();
    assertEquals(1_000_006, inFile(5));
    assertEquals(1_000_010, inFile(10));
    assertEquals(-1, inFile(LONGS - 1));
    assertEquals(OFFSET + LONGS * 8L, Files.size(file));
  }

  @Test
  void migrateFilePrivate() throws IOException {
    byte[] before = Files.readAllBytes(file);
    MemorySegment data = map(MapMode.PRIVATE);
    onDevice(data, 0, LONGS, 7);
    for (int i = 0; i < LONGS; i++) {
      assertEquals(i + 7L, data.getAtIndex(JAVA_LONG_UNALIGNED, i));
      data.setAtIndex(JAVA_LONG_UNALIGNED, i, i);
    }
    onDevice(data, 0, LONGS, 0);
    space.flush(data);
    assertArrayEquals(before, Files.readAllBytes(file));
    arena.close();
    assertArrayEquals(before, Files.readAllBytes(file));
  }

  @Test
  void aFileThatIsTruncatedIsAnErrorOfWhoeverMeetsIt() throws IOException {
    MemorySegment data = map(MapMode.READ_WRITE);
    assertEquals(0, data.getAtIndex(JAVA_LONG_UNALIGNED, 0));
    truncate(OFFSET + 4L * GRANULE_BYTES);
    long last = LONGS - 1;
    FileBackingException read =
        assertThrows(FileBackingException.class, () -> data.getAtIndex(JAVA_LONG_UNALIGNED, last));
    assertTrue(read.getMessage().contains("truncated"), read.getMessage());
    assertThrows(FileBackingException.class, () -> data.fill((byte) 1));
    GmemException kernel =
        assertThrows(GmemException.class, () -> onDevice(data, LONGS - 100, LONGS, 1));
    Throwable root = kernel;
    while (root.getCause() != null && !(root instanceof FileBackingException)) {
      root = root.getCause();
    }
    assertTrue(root instanceof FileBackingException, kernel.toString());
    data.setAtIndex(JAVA_LONG_UNALIGNED, 7, 77);
    onDevice(data, 7, 8, 1);
    assertEquals(78, data.getAtIndex(JAVA_LONG_UNALIGNED, 7));
    truncate(OFFSET + LONGS * 8L);
    assertEquals(0, data.getAtIndex(JAVA_LONG_UNALIGNED, last));
    assertThrows(
        FileBackingException.class,
        () -> space.map(arena, file, MapMode.PRIVATE, OFFSET, LONGS * 8L + 1));
  }

  /** A process that may not write files larger than half of this one. */
  @Test
  void aFullDiskIsAnErrorOfTheFlush() throws Exception {
    long bytes = 16L * GRANULE_BYTES;
    Files.write(file, new byte[(int) bytes]);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:-UsePerfData");
    command.add("-javaagent:" + System.getProperty("gmem.agent.jar"));
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(FullDisk.class.getName());
    command.add(file.toString());
    ProcessBuilder builder =
        new ProcessBuilder(
            "bash", "-c", "ulimit -S -f " + bytes / 2 / 1024 + "; exec \"$0\" \"$@\"");
    builder.command().addAll(command);
    Process process = builder.redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), out);
    assertTrue(out.contains("flush: FileBackingException"), out);
    assertTrue(out.contains("close: FileBackingException"), out);
    byte[] content = Files.readAllBytes(file);
    assertEquals(7, content[(int) bytes / 2 - 1]);
    assertEquals(0, content[(int) bytes / 2]);
  }

  /** The process. */
  static final class FullDisk {
    private FullDisk() {}

    /** Writes all of the file that it is given. */
    public static void main(String[] arguments) throws IOException {
      Path path = Path.of(arguments[0]);
      try (AddressSpace space =
          Gmem.open(SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES))) {
        Arena arena = space.arena();
        MemorySegment data = space.map(arena, path, MapMode.READ_WRITE, 0, Files.size(path));
        data.fill((byte) 7);
        for (int i = 0; i < 2; i++) {
          try {
            space.flush(data);
          } catch (FileBackingException e) {
            System.out.println("flush: FileBackingException " + e.getMessage());
          }
        }
        for (long at = 0; at < data.byteSize(); at += 1000) {
          if (data.get(JAVA_BYTE, at) != 7) {
            throw new AssertionError("lost at " + at);
          }
        }
        try {
          arena.close();
        } catch (FileBackingException e) {
          System.out.println("close: FileBackingException " + e.getMessage());
        }
        if (space.statistics().allocatedBytes() != 0) {
          throw new AssertionError("leaked");
        }
      }
    }
  }

  /** Writers whose look at the gate has been hoisted must still be seen by the next flush. */
  @Test
  @Tag("modes")
  void whatIsWrittenDuringFlushesReachesTheFile() throws Exception {
    MemorySegment data = map(MapMode.READ_WRITE);
    AtomicBoolean stop = new AtomicBoolean();
    List<Thread> writers = new ArrayList<>();
    for (int w = 0; w < 2; w++) {
      int mine = w;
      writers.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (long round = 1; !stop.get(); round++) {
                      for (int i = mine; i < LONGS; i += 2) {
                        data.setAtIndex(JAVA_LONG_UNALIGNED, i, round * LONGS + i);
                      }
                    }
                  }));
    }
    for (int i = 0; i < 30; i++) {
      space.flush(data);
      Thread.sleep(3);
    }
    stop.set(true);
    for (Thread writer : writers) {
      writer.join();
    }
    space.flush(data);
    MemorySegment content = MemorySegment.ofArray(Files.readAllBytes(file));
    assertEquals(-1, data.mismatch(content.asSlice(OFFSET)));
    assertTrue(data.getAtIndex(JAVA_LONG_UNALIGNED, 1) > LONGS);
  }

  @Test
  void aDeviceThatLeavesWritesNothingByItself() throws IOException {
    MemorySegment data = map(MapMode.READ_WRITE);
    onDevice(data, 0, LONGS, 1);
    space.detach(space.device("sim0"));
    assertEquals(5, inFile(5));
    space.flush(data);
    assertEquals(6, inFile(5));
  }
}
