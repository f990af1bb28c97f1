package dev.gmem.testkit.scenario;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.FileBackingException;
import dev.gmem.GmemException;
import dev.gmem.PageState;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contents of files reach kernels, and what kernels wrote reaches files. */
public abstract class FileScenarios extends ScenarioContract {
  private Path file;

  /** For subclasses. */
  protected FileScenarios() {}

  @BeforeEach
  final void makeFile() throws IOException {
    file = Files.createTempFile("gmem", ".scenario");
    MemorySegment numbers = number(MemorySegment.ofArray(new int[(int) (BYTES / 4)]), 1);
    Files.write(file, numbers.toArray(ValueLayout.JAVA_BYTE));
  }

  @AfterEach
  final void deleteFile() throws IOException {
    // Null if the device was missing, and the scenario skipped.
    if (file != null) {
      Files.deleteIfExists(file);
    }
  }

  private MemorySegment contents() throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    MemorySegment aligned = MemorySegment.ofArray(new int[bytes.length / Integer.BYTES]);
    return aligned.copyFrom(MemorySegment.ofArray(bytes));
  }

  private MemorySegment map(MapMode mode) {
    return space().map(arena(), file, mode, 0, BYTES);
  }

  @Test
  void fileRead() {
    MemorySegment data = map(MapMode.READ_ONLY);
    assertEquals(BYTES, space().residency(data).bytes(PageState.FILE));
    MemorySegment half = granules(data, 0, GRANULES / 2);
    assertNumberedOn(device(), half, 1);
    long unread = space().residency(data).bytes(PageState.FILE);
    assertTrue(unread <= BYTES / 2, () -> "unread bytes, after half was used: " + unread);
    assertNumbered(data, 1);
    assertNumberedOn(device(), data, 1);
  }

  @Test
  void fileWrite() throws IOException {
    MemorySegment data = map(MapMode.READ_WRITE);
    incrementOn(device(), data);
    assertNumbered(contents(), 1);
    space().flush(data);
    assertNumbered(contents(), 2);
    incrementOn(device(), granules(data, 0, GRANULES / 2));
    MemorySegment rest = granules(data, GRANULES / 2, GRANULES / 2);
    number(rest, ints(rest) + 3);
    arena().close();
    assertNumbered(contents(), 3);
  }

  @Test
  void migrateFilePrivate() throws IOException {
    MemorySegment data = map(MapMode.PRIVATE);
    space().prefetch(data, device()).join();
    assertPresent(device(), data);
    incrementOn(device(), data);
    assertNumbered(data, 2);
    incrementOn(device(), data);
    space().flush(data);
    arena().close();
    assertNumbered(contents(), 1);
  }

  @Test
  void aFileThatIsTruncatedFailsTheLaunchThatMeetsItsEnd() throws IOException {
    MemorySegment data = map(MapMode.READ_WRITE);
    MemorySegment half = granules(data, 0, GRANULES / 2);
    try (FileChannel channel = FileChannel.open(file, WRITE)) {
      channel.truncate(BYTES / 2);
    }
    GmemException failure = assertThrows(GmemException.class, () -> incrementOn(device(), data));
    assertInstanceOf(FileBackingException.class, root(failure));
    assertThrows(
        FileBackingException.class, () -> data.get(ValueLayout.JAVA_INT, BYTES - Integer.BYTES));
    number(half, 5);
    incrementOn(device(), half);
    assertNumbered(half, 6);
    try (FileChannel channel = FileChannel.open(file, WRITE)) {
      channel.write(ByteBuffer.allocate(1), BYTES - 1);
    }
    assertZero(granules(data, GRANULES / 2, GRANULES / 2));
    space().flush(data);
    assertNumbered(contents().asSlice(0, BYTES / 2), 6);
  }

  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null && !(root instanceof FileBackingException)) {
      root = root.getCause();
    }
    return root;
  }

  @Test
  void whatAChannelReadsIntoMemoryReachesKernels() throws IOException {
    MemorySegment data = allocate();
    numberOn(device(), data, 99); // what the channel overwrites is away
    try (FileChannel channel = FileChannel.open(file, READ)) {
      assertEquals(BYTES, channel.read(data.asByteBuffer(), 0));
    }
    assertNumberedOn(device(), data, 1);
    assertNumbered(data, 1);
  }

  @Test
  void whatKernelsWroteReachesAChannel() throws IOException {
    MemorySegment data = allocate();
    numberOn(device(), data, 5);
    try (FileChannel channel = FileChannel.open(file, WRITE)) {
      assertEquals(BYTES, channel.write(data.asByteBuffer(), 0)); // pins, and so brings home
    }
    assertNumbered(contents(), 5);
    incrementOn(device(), data);
    assertNumbered(contents(), 5);
    assertNumbered(data, 6);
  }
}
